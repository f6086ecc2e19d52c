//! A fake of X: posts and direct messages by the v2 API under OAuth 1.0a, rate limits, and signed account activity.
//!
//! From the documentation of the v2 endpoints, of OAuth 1.0a, of rate limits and of the Account Activity API.

pub mod activity;
mod oauth;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use civicdesk_contract::{
    Clock, SystemClock,
    testkit::{Answered, Asked, FakeHttp},
};
use serde_json::{Value, json};

use crate::Troubles;

/// Our account's number.
pub const ME: &str = "2244994945";
pub const CONSUMER_KEY: &str = "x-consumer-key";
pub const CONSUMER_SECRET: &str = "x-consumer-secret-4711";
pub const TOKEN: &str = "2244994945-x-access-token";
pub const TOKEN_SECRET: &str = "x-access-token-secret";
/// When a refusal for too many requests says that requests are taken again.
pub const RESET_SECONDS: i64 = 90;

/// A post or a direct message that was given to X.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    /// Whom a direct message is to.
    pub to: Option<String>,
    /// The post that a post answers.
    pub answers: Option<String>,
    pub text: String,
}

/// One application, with one account.
pub struct X {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    account: Mutex<Account>,
}

#[derive(Default)]
struct Account {
    taken: Vec<Taken>,
    nonces: BTreeSet<String>,
    /// Who takes no direct messages from us.
    closed: BTreeSet<String>,
    last: u64,
    own: String,
}

impl X {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let answers = Arc::clone(&state);
        let http = FakeHttp::start(move |asked| {
            answers.troubles.around(&asked, general, |asked| answers.account().answer(asked))
        });
        let http = http.await.expect("a port on the loopback");
        state.account().own = http.url();
        Self { http, state }
    }

    /// What stands in for `https://api.x.com`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    /// What was given to it, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.account().taken.clone()
    }

    /// This person takes no direct messages from us.
    pub fn close(&self, person: &str) {
        self.state.account().closed.insert(person.to_owned());
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
        let address = format!("{}{path}", self.own);
        let nonce = oauth::verified(asked.header("authorization"), &asked.method, &address, query);
        // A header that was used once is a replay.
        if !nonce.is_some_and(|nonce| self.nonces.insert(nonce)) {
            return general(401);
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        match (asked.method.as_str(), path) {
            ("GET", "/2/users/me") => Answered::json(
                200,
                &json!({ "data": { "id": ME, "name": "City of Riverton", "username": "riverton" } }),
            ),
            ("POST", "/2/tweets") => self.post(&body),
            ("POST", path) => {
                let person = path.strip_prefix("/2/dm_conversations/with/");
                let person = person.and_then(|rest| rest.strip_suffix("/messages"));
                person.map_or_else(|| general(404), |person| self.direct(person, &body))
            }
            _ => general(404),
        }
    }

    fn post(&mut self, body: &Value) -> Answered {
        let text = body["text"].as_str().unwrap_or_default();
        let answers = body["reply"]["in_reply_to_tweet_id"].as_str();
        let number = |id: &str| id.bytes().all(|b| b.is_ascii_digit());
        if text.is_empty() || weight(text) > 280 || !answers.is_none_or(number) {
            return invalid("Your Tweet text is too long, or a parameter is invalid.");
        }
        if self.taken.iter().any(|taken| taken.to.is_none() && taken.text == text) {
            return forbidden("You are not allowed to create a Tweet with duplicate content.");
        }
        let id = self.next();
        let answers = answers.map(str::to_owned);
        self.taken.push(Taken { id: id.clone(), to: None, answers, text: text.to_owned() });
        Answered::json(201, &json!({ "data": { "id": id, "text": text } }))
    }

    fn direct(&mut self, person: &str, body: &Value) -> Answered {
        let text = body["text"].as_str().unwrap_or_default();
        if text.is_empty() || text.chars().count() > 10_000 || !person.bytes().all(|b| b.is_ascii_digit()) {
            return invalid("One or more parameters to your request was invalid.");
        }
        if self.closed.contains(person) {
            return forbidden("You do not have permission to DM one or more participants.");
        }
        let id = self.next();
        self.taken.push(Taken { id: id.clone(), to: Some(person.to_owned()), answers: None, text: text.to_owned() });
        Answered::json(201, &json!({ "data": { "dm_conversation_id": format!("{ME}-{person}"), "dm_event_id": id } }))
    }

    fn next(&mut self) -> String {
        self.last += 1;
        format!("19{:014}", self.last)
    }
}

/// Latin letters and a few signs count one, all else two, a link 23.
fn weight(text: &str) -> usize {
    let letter = |c: char| match u32::from(c) {
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 1,
        _ => 2,
    };
    let word = |word: &str| if word.starts_with("http") { 23 } else { word.chars().map(letter).sum() };
    text.split(char::is_whitespace).map(word).sum::<usize>() + text.chars().filter(|c| c.is_whitespace()).count()
}

fn problem(status: u16, kind: &str, title: &str, detail: &str) -> Answered {
    let kind = format!("https://api.twitter.com/2/problems/{kind}");
    Answered::json(status, &json!({ "type": kind, "title": title, "detail": detail, "status": status }))
}

fn invalid(detail: &str) -> Answered {
    problem(400, "invalid-request", "Invalid Request", detail)
}

fn forbidden(detail: &str) -> Answered {
    Answered::json(403, &json!({ "type": "about:blank", "title": "Forbidden", "detail": detail, "status": 403 }))
}

fn general(status: u16) -> Answered {
    match status {
        401 => Answered::json(
            401,
            &json!({ "type": "about:blank", "title": "Unauthorized", "detail": "Unauthorized", "status": 401 }),
        ),
        403 => problem(
            403,
            "oauth1-permissions",
            "Forbidden",
            "Your client app is not configured with the appropriate oauth1 app permissions",
        ),
        429 => {
            let reset = SystemClock.now().as_second() + RESET_SECONDS;
            let limited = problem(429, "about:blank", "Too Many Requests", "Too Many Requests");
            limited.with_header("x-rate-limit-remaining", "0").with_header("x-rate-limit-reset", reset.to_string())
        }
        _ => problem(status, "about:blank", "Service Unavailable", "Service Unavailable"),
    }
}
