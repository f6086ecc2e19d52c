//! A fake of Meta's Graph API for Messenger, Instagram and WhatsApp: tokens with proof, error codes, and signed calls.
//!
//! From the documentation of the Graph API's errors and rate limits, of the Send API, of the Cloud API and of webhooks.

pub mod calls;
mod page;
mod whatsapp;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use civicdesk_contract::{
    OutboundAttachment,
    testkit::{Answered, Asked, FakeHttp},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Troubles, form};

pub const TOKEN: &str = "EAAG-meta-token-4711";
pub const APP_SECRET: &str = "app-secret-for-tests";
pub const VERIFY_TOKEN: &str = "meatyhamhock";
/// How many minutes a refusal for too many calls says that it takes.
pub const REGAIN_MINUTES: u64 = 19;

/// Which of Meta's networks the account is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Messenger,
    Instagram,
    Whatsapp,
}

impl Kind {
    /// The number of our account there.
    pub fn account(self) -> &'static str {
        match self {
            Self::Messenger => "1001",
            Self::Instagram => "17841400000000001",
            Self::Whatsapp => "106660000000001",
        }
    }
}

/// A message that was given to Meta.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    pub to: String,
    pub text: String,
    /// The tag, or the name of the template.
    pub by: Option<String>,
    pub answers: Option<String>,
    pub files: Vec<OutboundAttachment>,
}

/// One application with one account.
pub struct Meta {
    pub http: FakeHttp,
    kind: Kind,
    state: Arc<State>,
}

struct State {
    troubles: Troubles,
    account: Mutex<Account>,
}

struct Account {
    kind: Kind,
    taken: Vec<Taken>,
    files: BTreeMap<String, OutboundAttachment>,
    /// Who has not written for 24 hours.
    silent: BTreeSet<String>,
    last: u64,
    own: String,
}

impl Meta {
    pub async fn start(kind: Kind) -> Self {
        let account = Account {
            kind,
            taken: Vec::new(),
            files: BTreeMap::new(),
            silent: BTreeSet::new(),
            last: 0,
            own: String::new(),
        };
        let state = Arc::new(State { troubles: Troubles::default(), account: Mutex::new(account) });
        let answers = Arc::clone(&state);
        let http = FakeHttp::start(move |asked| {
            answers.troubles.around(&asked, general, |asked| answers.account().answer(asked))
        });
        let http = http.await.expect("a port on the loopback");
        state.account().own = http.url();
        Self { http, kind, state }
    }

    /// What stands in for `https://graph.facebook.com/v23.0`.
    pub fn url(&self) -> String {
        format!("{}/v23.0", self.http.url())
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    /// What was given to it to deliver, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.account().taken.clone()
    }

    /// This person has not written for 24 hours.
    pub fn silence(&self, person: &str) {
        self.state.account().silent.insert(person.to_owned());
    }

    /// A file that a person sent; gives its id.
    pub fn keep(&self, name: &str, content_type: &str, bytes: &[u8]) -> String {
        let file =
            OutboundAttachment { name: name.to_owned(), content_type: content_type.to_owned(), bytes: bytes.to_vec() };
        self.state.account().keep(file)
    }
}

impl State {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn answer(&mut self, asked: &Asked) -> Answered {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let given = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if given != TOKEN {
            return refusal(401, 190, None, &format!("Malformed access token {given}"));
        }
        if let Some(id) = path.strip_prefix("/files/") {
            let file = self.files.get(id);
            return file.map_or_else(
                || general(404),
                |file| Answered::new(200, "application/octet-stream", file.bytes.clone()),
            );
        }
        let query = form::read(query.as_bytes());
        let field = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        if field("appsecret_proof") != Some(&hex(&hmac(TOKEN.as_bytes()))) {
            return refusal(400, 100, None, "Invalid appsecret_proof provided in the API argument");
        }
        let Some(path) = path.strip_prefix("/v23.0/") else { return general(404) };
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let account = self.kind.account();
        match (asked.method.as_str(), path.split_once('/'), self.kind) {
            ("GET", None, _) if path == account => self.about(field("fields").unwrap_or_default()),
            ("POST", Some(("me", "messages")), Kind::Messenger | Kind::Instagram) => self.page_message(&body),
            ("POST", Some((number, "messages")), Kind::Whatsapp) if number == account => self.number_message(&body),
            ("POST", Some((number, "media")), Kind::Whatsapp) if number == account => self.media(asked),
            ("GET", None, Kind::Whatsapp) if field("phone_number_id") == Some(account) => self.media_address(path),
            _ => general(404),
        }
    }

    fn about(&self, fields: &str) -> Answered {
        let all = json!({
            "name": "City of Riverton", "username": "cityofriverton", "display_phone_number": "+1 500-555-0100",
            "verified_name": "City of Riverton", "quality_rating": "GREEN",
        });
        let mut told = json!({ "id": self.kind.account() });
        for field in fields.split(',') {
            if all[field].is_null() {
                return refusal(400, 100, None, &format!("Tried accessing nonexisting field ({field})"));
            }
            told[field] = all[field].clone();
        }
        Answered::json(200, &told)
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn keep(&mut self, file: OutboundAttachment) -> String {
        let id = format!("8000{}", self.next());
        self.files.insert(id.clone(), file);
        id
    }
}

fn hmac(message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refusal(status: u16, code: u32, subcode: Option<u32>, message: &str) -> Answered {
    let mut error = json!({ "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2" });
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    Answered::json(status, &json!({ "error": error }))
}

fn general(status: u16) -> Answered {
    match status {
        401 => refusal(401, 190, Some(463), "Error validating access token: Session has expired"),
        404 => refusal(400, 100, Some(33), "Unsupported request. Object does not exist"),
        429 => {
            let usage = json!({ "1": [{ "type": "messenger", "call_count": 100, "estimated_time_to_regain_access": REGAIN_MINUTES }] });
            refusal(400, 80_007, None, "Rate limit issues").with_header("x-business-use-case-usage", usage.to_string())
        }
        _ => refusal(status, 2, None, "An unexpected error has occurred. Please retry your request later."),
    }
}
