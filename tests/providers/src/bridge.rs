//! A fake of a bridge: a program of somebody's own that speaks signed HTTP with us, by Standard Webhooks 1.0.
//!
//! From the specification of Standard Webhooks and from `connectors/bridge/README.md`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::{
    HookCall,
    testkit::{Answered, Asked, FakeHttp},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{ProviderClock, Troubles};

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const NETWORK: &str = "pager";
/// The longest text that it takes, in characters.
pub const LONGEST: usize = 500;

/// An answer that was given to the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    pub to: String,
    pub text: String,
    /// How often it was given, under the same key.
    pub times: usize,
}

/// One bridge, with one network behind it.
pub struct Bridge {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    clock: ProviderClock,
    taken: Mutex<Vec<Taken>>,
    /// Which answer a key is.
    keys: Mutex<BTreeMap<String, usize>>,
    calls: Mutex<u64>,
}

impl Bridge {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let answers = Arc::clone(&state);
        let http =
            FakeHttp::start(move |asked| answers.troubles.around(&asked, general, |asked| answers.answer(asked)));
        Self { http: http.await.expect("a port on the loopback"), state }
    }

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
        held(&self.state.taken).clone()
    }

    /// A message of this person; of nobody where the name is empty.
    pub fn text(&self, address: &str, from: &str, text: &str) -> HookCall {
        let mut calls = held(&self.state.calls);
        *calls += 1;
        let id = format!("page-{}", *calls);
        let from = (!from.is_empty()).then(|| json!({ "kind": "account", "address": from, "name": null }));
        let message = json!({ "id": id, "from": from, "text": text });
        self.call(address, &json!({ "type": "messages", "items": [{ "id": id, "message": message }] }))
    }

    /// Any body, signed now.
    pub fn call(&self, address: &str, told: &Value) -> HookCall {
        let (body, seconds) = (told.to_string().into_bytes(), self.state.clock.seconds().to_string());
        let id = format!("msg_{}", BASE64_STANDARD.encode(mac(&body)));
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-signature", sign(&id, &seconds, &body)),
            ("webhook-id", id),
            ("webhook-timestamp", seconds),
        ];
        HookCall {
            method: "POST".to_owned(),
            public_url: address.to_owned(),
            query: String::new(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body,
        }
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Answered {
        let header = |name: &str| asked.header(name).unwrap_or_default();
        let (id, seconds) = (header("webhook-id"), header("webhook-timestamp"));
        let fresh = seconds.parse::<i64>().is_ok_and(|at| self.clock.seconds().abs_diff(at) <= 300);
        if !fresh || header("webhook-signature") != sign(id, seconds, &asked.body) {
            return general(401);
        }
        let question: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        match question["type"].as_str() {
            Some("check") => Answered::json(200, &json!({ "address": NETWORK, "can": ["push", "send"] })),
            Some("send") => self.take(&question["message"]),
            _ => general(501),
        }
    }

    /// One key is one answer.
    fn take(&self, message: &Value) -> Answered {
        let text = message["text"].as_str().unwrap_or_default();
        let (Some(key), Some(to)) = (message["key"].as_str(), message["to"][0]["address"].as_str()) else {
            return general(400);
        };
        if text.is_empty() || text.chars().count() > LONGEST {
            return general(422);
        }
        let (mut keys, mut taken) = (held(&self.keys), held(&self.taken));
        let at = *keys.entry(key.to_owned()).or_insert(taken.len());
        if at == taken.len() {
            let id = format!("out-{}", at + 1);
            taken.push(Taken { id, to: to.to_owned(), text: text.to_owned(), times: 0 });
        }
        taken[at].times += 1;
        Answered::json(200, &json!({ "id": taken[at].id, "detail": "paged" }))
    }
}

fn held<T>(all: &Mutex<T>) -> MutexGuard<'_, T> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sign(id: &str, seconds: &str, body: &[u8]) -> String {
    let covered = [format!("{id}.{seconds}.").as_bytes(), body].concat();
    format!("v1,{}", BASE64_STANDARD.encode(mac(&covered)))
}

fn mac(covered: &[u8]) -> Vec<u8> {
    let key = BASE64_STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("a secret in base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes any key");
    mac.update(covered);
    mac.finalize().into_bytes().to_vec()
}

fn general(status: u16) -> Answered {
    Answered::json(status, &json!({ "detail": format!("the bridge says {status}") }))
}
