//! A fake of Twilio: the Messages API, its error codes, its signed calls, and its telephone lines with their recordings.
//!
//! From the documentation of the Message and Recording resources, of error codes, of webhook security, of status callbacks
//! and of Advanced Opt-Out; that of calls is named in `voice`.

pub mod calls;
mod messages;
pub mod twiml;
pub mod voice;
mod xml;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::testkit::{Answered, Asked, FakeHttp};
use serde_json::json;

use crate::Troubles;
pub use messages::Taken;

pub const ACCOUNT: &str = "AC00000000000000000000000000004711";
pub const TOKEN: &str = "twilio-auth-token-4711";
pub const NUMBER: &str = "+15005550100";
/// The bytes of every file that came with a text.
pub const PHOTO: &[u8] = b"\xff\xd8\xff\xe0 a photo of a lamp \xff\xd9";
const MEDIA: &str = "/Media/ME00000000000000000000000000000001";

/// One account with one number.
pub struct Twilio {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    taken: Mutex<Vec<Taken>>,
    /// Who wrote STOP; sending to them is error 21610.
    stopped: Mutex<BTreeSet<String>>,
    calls: Mutex<u64>,
    recordings: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Recordings do not lie ready yet.
    late: AtomicBool,
    suspended: AtomicBool,
}

impl Twilio {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let answers = Arc::clone(&state);
        let http = FakeHttp::start(move |asked| {
            answers.troubles.around(&asked, |status| refusal(status, &general(status)), |asked| answers.answer(asked))
        });
        Self { http: http.await.expect("a port on the loopback"), state }
    }

    /// What stands in for `https://api.twilio.com`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    /// The address of the file, as `MediaUrl0` names it.
    pub fn media_url(&self) -> String {
        let account = format!("{}/2010-04-01/Accounts/{ACCOUNT}", self.url());
        format!("{account}/Messages/MM00000000000000000000000000000001{MEDIA}")
    }

    /// What was given to it to deliver, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The account has not paid.
    pub fn suspend(&self) {
        self.state.suspended.store(true, Ordering::Relaxed);
    }

    /// Whether recordings are named before they can be fetched.
    pub fn keep_back(&self, late: bool) {
        self.state.late.store(late, Ordering::Relaxed);
    }

    /// This number wrote STOP some time ago.
    pub fn stop(&self, number: &str) {
        self.state.stopped.lock().unwrap_or_else(PoisonError::into_inner).insert(number.to_owned());
    }
}

impl State {
    fn standing(&self) -> &'static str {
        if self.suspended.load(Ordering::Relaxed) { "suspended" } else { "active" }
    }

    fn recording(&self, path: &str) -> Answered {
        let sid = path.strip_prefix("/Recordings/").and_then(|name| name.strip_suffix(".mp3")).unwrap_or_default();
        let kept = self.recordings.lock().unwrap_or_else(PoisonError::into_inner).get(sid).cloned();
        match kept.filter(|_| !self.late.load(Ordering::Relaxed)) {
            Some(sound) => Answered::new(200, "audio/mpeg", sound),
            None => refusal(404, &Refusal(20404, "The requested resource was not found")),
        }
    }

    fn answer(&self, asked: &Asked) -> Answered {
        if asked.path == "/media-store/photo" {
            return match asked.header("authorization") {
                None => Answered::new(200, "image/jpeg", PHOTO),
                Some(_) => Answered::new(400, "application/xml", "<Code>InvalidArgument</Code>"),
            };
        }
        let right = format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
        if asked.header("authorization") != Some(&right) {
            return refusal(401, &Refusal(20003, "Authenticate"));
        }
        let account = format!("/2010-04-01/Accounts/{ACCOUNT}");
        match (asked.method.as_str(), asked.path.strip_prefix(&account)) {
            ("GET", Some(".json")) => Answered::json(
                200,
                &json!({ "sid": ACCOUNT, "friendly_name": "City of Riverton", "status": self.standing(), "type": "Full" }),
            ),
            ("POST", Some("/Messages.json")) => self.take(asked),
            // Files lie elsewhere, where no token is asked for.
            ("GET", Some(path)) if path.ends_with(MEDIA) => {
                Answered::new(307, "application/xml", "").with_header("location", "/media-store/photo")
            }
            ("GET", Some(path)) if path.starts_with("/Recordings/") => self.recording(path),
            _ => refusal(404, &Refusal(20404, "The requested resource was not found")),
        }
    }
}

/// Twilio's own code, and its words.
struct Refusal(u32, &'static str);

fn general(status: u16) -> Refusal {
    match status {
        401 => Refusal(20003, "Authenticate"),
        429 => Refusal(20429, "Too Many Requests"),
        503 => Refusal(20503, "Service unavailable"),
        _ => Refusal(20500, "Internal server error"),
    }
}

fn refusal(status: u16, Refusal(code, message): &Refusal) -> Answered {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Answered::json(status, &json!({ "code": code, "message": message, "more_info": more, "status": status }))
}
