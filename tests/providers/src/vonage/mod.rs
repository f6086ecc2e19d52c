//! A fake of Vonage: the Messages API and the SMS API, their errors, and their signed calls.
//!
//! From the documentation of the Messages API, of the SMS API and its status codes, of signed webhooks, of signing
//! messages and of authentication by JWT.

pub mod calls;
mod messages;
mod sms;

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::testkit::{Answered, Asked, FakeHttp};
use serde_json::json;

use crate::{ProviderClock, Troubles};

pub const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
/// The application's key, made for these tests alone.
pub const PRIVATE_KEY: &str = include_str!("key.pem");
/// A key that Vonage does not know.
pub const ANOTHER_KEY: &str = include_str!("other.pem");
const PUBLIC_KEY: &str = include_str!("public.pem");
pub const API_KEY: &str = "abcd1234";
pub const API_SECRET: &str = "vonage-api-secret";
pub const SIGNATURE_SECRET: &str = "vonage-signature-secret-of-32-byte";
pub const NUMBER: &str = "15005550100";

/// A text that was given to Vonage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    pub to: String,
    pub from: String,
    pub text: String,
    pub client_ref: Option<String>,
}

/// One account with one application and one number.
pub struct Vonage {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    clock: ProviderClock,
    taken: Mutex<Vec<Taken>>,
    used_tokens: Mutex<Vec<String>>,
    calls: Mutex<u64>,
}

impl Vonage {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let answers = Arc::clone(&state);
        let http =
            FakeHttp::start(move |asked| answers.troubles.around(&asked, general, |asked| answers.answer(asked)));
        Self { http: http.await.expect("a port on the loopback"), state }
    }

    /// What stands in for `https://api.nexmo.com` and `https://rest.nexmo.com`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    pub fn clock(&self) -> &ProviderClock {
        &self.state.clock
    }

    /// What was given to it to deliver, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Answered {
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/v1/messages") => self.take_message(asked),
            ("POST", "/sms/json") => self.take_sms(asked),
            ("GET", "/account/get-balance") => {
                let right = format!("Basic {}", BASE64_STANDARD.encode(format!("{API_KEY}:{API_SECRET}")));
                if asked.header("authorization") != Some(&right) {
                    return Answered::json(
                        401,
                        &json!({ "error-code": "401", "error-code-label": "authentication failed" }),
                    );
                }
                Answered::json(200, &json!({ "value": 10.28, "autoReload": false }))
            }
            _ => problem(404, "https://developer.vonage.com/api-errors#not-found", "Not found"),
        }
    }

    fn keep(&self, taken: Taken) -> String {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("aaaaaaaa-bbbb-4ccc-8ddd-{:012x}", all.len() + 1);
        all.push(Taken { id: id.clone(), ..taken });
        id
    }
}

fn general(status: u16) -> Answered {
    match status {
        401 => problem(401, "https://developer.vonage.com/api-errors#unauthorized", "Unauthorized"),
        402 => problem(402, "https://developer.vonage.com/api-errors#low-balance", "Low balance"),
        429 => problem(429, "https://developer.vonage.com/api-errors/messages#1000", "Throttled"),
        _ => problem(status, "https://developer.vonage.com/api-errors/messages#1030", "Internal error"),
    }
}

fn problem(status: u16, kind: &str, title: &str) -> Answered {
    let body = json!({ "type": kind, "title": title, "detail": title, "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf" });
    Answered { content_type: "application/problem+json", ..Answered::json(status, &body) }
}

fn is_number(to: &str) -> bool {
    (7..=15).contains(&to.len()) && !to.starts_with('0') && to.bytes().all(|byte| byte.is_ascii_digit())
}
