//! A fake of an agency's own account system: people, their passwords, and answers signed by Standard Webhooks.
//!
//! From the specification of Standard Webhooks and from `api/src/directories/README.md`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::testkit::{Answered, Asked, FakeHttp};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{ProviderClock, Troubles};

pub const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// The fewest characters that its rules let a password have.
pub const LEAST: usize = 18;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub subject: String,
    pub email: String,
    pub phone: String,
    pub password: String,
    pub active: bool,
}

/// How its next answers are wrong, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrong {
    #[default]
    Nothing,
    Signature,
    /// Signed, but for another question.
    Question,
    /// Signed too long ago.
    Time,
    /// Not signed at all.
    Unsigned,
    /// Signed, and far too long.
    Length,
    /// Leads elsewhere.
    Redirect,
}

/// One account system.
pub struct Directory {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    clock: ProviderClock,
    people: Mutex<Vec<Person>>,
    wrong: Mutex<Wrong>,
    ids: Mutex<Vec<String>>,
}

impl Directory {
    pub async fn start(people: Vec<Person>) -> Self {
        let state = Arc::new(State { people: Mutex::new(people), ..State::default() });
        let answers = Arc::clone(&state);
        let refusal = |status| Answered::json(status, &json!({}));
        let http =
            FakeHttp::start(move |asked| answers.troubles.around(&asked, refusal, |asked| answers.answer(asked)));
        Self { http: http.await.expect("a port on the loopback"), state }
    }

    pub fn url(&self) -> String {
        format!("{}/accounts", self.http.url())
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    pub fn clock(&self) -> &ProviderClock {
        &self.state.clock
    }

    /// Answers wrongly from now on.
    pub fn goes(&self, wrong: Wrong) {
        *held(&self.state.wrong) = wrong;
    }

    pub fn people(&self) -> Vec<Person> {
        held(&self.state.people).clone()
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Answered {
        let header = |name: &str| asked.header(name).unwrap_or_default();
        let (id, seconds) = (header("webhook-id"), header("webhook-timestamp"));
        let now = self.clock.seconds();
        let fresh = seconds.parse::<i64>().is_ok_and(|at| now.abs_diff(at) <= 300);
        let seen = held(&self.ids).iter().any(|old| old == id);
        let json = header("content-type") == "application/json" && asked.method == "POST" && asked.path == "/accounts";
        if !fresh || !json || id.is_empty() || seen || header("webhook-signature") != sign(id, seconds, &asked.body) {
            return Answered::json(401, &json!({}));
        }
        held(&self.ids).push(id.to_owned());
        let question: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let Some(answer) = self.judge(&question) else { return Answered::json(400, &json!({})) };
        self.signed(id, now, &answer)
    }

    fn judge(&self, question: &Value) -> Option<Value> {
        let word = |name: &str| question[name].as_str();
        match word("type")? {
            "health" if fields(question) == ["type"] => {
                Some(json!({ "healthy": true, "detail": "Riverton accounts 2.1" }))
            }
            "find" if fields(question) == ["address", "kind", "type"] => {
                let (kind, address) = (word("kind")?, word("address")?);
                let people = held(&self.people);
                let mut meant = people.iter().filter(|person| match kind {
                    "email" => person.email.eq_ignore_ascii_case(address),
                    "phone" => person.phone == address,
                    _ => false,
                });
                let found = meant.next().filter(|_| meant.next().is_none());
                Some(json!({ "found": found.map(shown) }))
            }
            "check" if fields(question) == ["password", "subject", "type"] => {
                let (subject, password) = (word("subject")?, word("password")?);
                let people = held(&self.people);
                let right = people.iter().any(|p| p.subject == subject && p.active && p.password == password);
                Some(json!({ "right": right }))
            }
            "set" if fields(question) == ["password", "subject", "type"] => {
                let (subject, password) = (word("subject")?, word("password")?);
                let mut people = held(&self.people);
                let Some(person) = people.iter_mut().find(|p| p.subject == subject && p.active) else {
                    return Some(json!({ "set": false, "reason": "there is no such account, or it is closed" }));
                };
                if password.chars().count() < LEAST {
                    let reason = format!("it must have {LEAST} characters at least");
                    return Some(json!({ "set": false, "reason": reason }));
                }
                person.password = password.to_owned();
                Some(json!({ "set": true }))
            }
            _ => None,
        }
    }

    fn signed(&self, id: &str, now: i64, answer: &Value) -> Answered {
        let wrong = *held(&self.wrong);
        let id = if wrong == Wrong::Question { "dir_another-answer".to_owned() } else { format!("{id}-answer") };
        let seconds = if wrong == Wrong::Time { now - 301 } else { now }.to_string();
        let mut body = answer.to_string().into_bytes();
        if wrong == Wrong::Length {
            body.resize(1 << 20, b' ');
        }
        let mut signature = sign(&id, &seconds, &body);
        if wrong == Wrong::Signature {
            signature = sign(&id, &seconds, b"{}");
        }
        if wrong == Wrong::Redirect {
            return Answered::new(302, "text/plain", "").with_header("location", "http://169.254.169.254/");
        }
        let answered = Answered::new(200, "application/json", body);
        if wrong == Wrong::Unsigned {
            return answered;
        }
        let answered = answered.with_header("webhook-id", id).with_header("webhook-timestamp", seconds);
        answered.with_header("webhook-signature", signature)
    }
}

fn shown(person: &Person) -> Value {
    let addresses = [("email", &person.email), ("phone", &person.phone)];
    let kept = addresses.iter().filter(|(_, address)| !address.is_empty());
    let addresses: Vec<Value> = kept.map(|(kind, address)| json!({ "kind": kind, "address": address })).collect();
    json!({ "subject": person.subject, "addresses": addresses, "active": person.active })
}

/// The names of a question's fields, sorted.
fn fields(question: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = question.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

fn held<T>(all: &Mutex<T>) -> MutexGuard<'_, T> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sign(id: &str, seconds: &str, body: &[u8]) -> String {
    let key = BASE64_STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("a secret in base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes any key");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}
