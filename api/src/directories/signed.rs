//! Accounts behind a program of the agency's own, which answers JSON over HTTP signed by Standard Webhooks, both ways.
//!
//! `README.md` beside this file says it for those who write one. An answer carries the id of its question with `-answer`
//! behind it: so neither an old answer nor our own question can be played back as one.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{Clock, HookCall, IdentityKind, Secret, Tools, webhooks::Key};
use reqwest::Response;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Address, Directory, Down, Entry, NOBODY, SetFailed, settings::SignedSettings, told};
use crate::{fail::Fail, ids::Ids, people::addresses};

/// No answer is longer.
const LONGEST: usize = 64 * 1024;
/// Characters of a subject.
const LONGEST_SUBJECT: usize = 200;

pub struct Signed {
    settings: SignedSettings,
    key: Key,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    ids: Ids,
}

/// Why there is no answer to go by.
enum Lost {
    /// The program certainly did nothing.
    Before(String),
    /// It may have done what it was asked.
    After(String),
}

impl From<Lost> for Down {
    fn from(lost: Lost) -> Self {
        let (Lost::Before(why) | Lost::After(why)) = lost;
        Self(why)
    }
}

impl Signed {
    pub fn new(settings: SignedSettings, tools: &Tools, ids: &Ids) -> Result<Self, Fail> {
        let key = Key::read(&settings.secret).ok_or_else(|| Fail::field("/secret", "is no key"))?;
        Ok(Self { settings, key, http: tools.http.clone(), clock: tools.clock.clone(), ids: ids.clone() })
    }

    /// One question, and its answer if it is one.
    async fn ask<T: DeserializeOwned>(&self, question: &Value) -> Result<T, Lost> {
        let id = format!("dir_{}", self.ids.next().simple());
        let silent = || Lost::After("it did not answer in time".to_owned());
        timeout(self.settings.patience(), self.exchange(&id, question)).await.unwrap_or_else(|_| Err(silent()))
    }

    async fn exchange<T: DeserializeOwned>(&self, id: &str, question: &Value) -> Result<T, Lost> {
        let (seconds, body) = (self.clock.now().as_second(), question.to_string().into_bytes());
        let request = self.http.post(&self.settings.url).header("content-type", "application/json");
        let request = request.header("webhook-id", id).header("webhook-timestamp", seconds.to_string());
        let request = request.header("webhook-signature", self.key.sign(id, seconds, &body)).body(body);
        let answer = request.send().await.map_err(|e| match e.is_connect() || e.is_builder() {
            true => Lost::Before("no connection".to_owned()),
            false => Lost::After("it broke off before its answer".to_owned()),
        })?;
        match answer.status().as_u16() {
            200 => self.believed(id, answer).await,
            // Said before anything is taken.
            status @ (401 | 503) => Err(Lost::Before(format!("it answered {status}"))),
            status => Err(Lost::After(format!("it answered {status}"))),
        }
    }

    /// Reads an answer, if it is signed, and an answer to this question.
    async fn believed<T: DeserializeOwned>(&self, id: &str, mut answer: Response) -> Result<T, Lost> {
        let lost = |why: &str| Lost::After(why.to_owned());
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers: Vec<_> = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| lost("it broke off within its answer"))? {
            if body.len() + chunk.len() > LONGEST {
                return Err(lost("its answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        let call = HookCall { headers, body, ..HookCall::default() };
        if call.header("webhook-id") != Some(&format!("{id}-answer")) {
            return Err(lost("its answer does not name the question"));
        }
        self.key.verify(&call, self.clock.now()).map_err(|e| Lost::After(format!("its answer: {}", e.detail)))?;
        serde_json::from_slice(&call.body).map_err(|_| lost("its answer has not the form that it must have"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    // Null says that there is nobody; saying nothing is no answer.
    #[serde(deserialize_with = "said")]
    found: Option<FoundEntry>,
}

fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FoundEntry>, D::Error> {
    Option::deserialize(deserializer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundEntry {
    subject: String,
    addresses: Vec<FoundAddress>,
    active: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundAddress {
    kind: IdentityKind,
    address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    right: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    set: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Healthy {
    healthy: bool,
    detail: Option<String>,
}

impl FoundEntry {
    fn entry(self) -> Result<Entry, Down> {
        let odd = self.subject.chars().any(char::is_control) || self.subject.chars().count() > LONGEST_SUBJECT;
        if odd || self.subject.is_empty() || self.subject == NOBODY {
            return Err(Down("it named an account as none may be named".to_owned()));
        }
        let addresses = self.addresses.into_iter().map(|a| Address { kind: a.kind, value: a.address });
        Ok(Entry { subject: self.subject, addresses: addresses.collect(), active: self.active })
    }
}

#[async_trait]
impl Directory for Signed {
    async fn find(&self, kind: IdentityKind, address: &str) -> Result<Option<Entry>, Down> {
        let Some(normal) = addresses::normal(kind, address) else { return Ok(None) };
        let question = json!({ "type": "find", "kind": kind, "address": normal });
        let answer: Found = self.ask(&question).await?;
        let entry = answer.found.map(FoundEntry::entry).transpose()?;
        Ok(entry.filter(|entry| entry.address(kind, &normal).is_some()))
    }

    async fn check(&self, subject: &str, password: &Secret) -> Result<bool, Down> {
        let question = json!({ "type": "check", "subject": subject, "password": password.expose() });
        let answer: Checked = self.ask(&question).await?;
        Ok(answer.right && !password.expose().is_empty() && subject != NOBODY)
    }

    async fn set(&self, subject: &str, password: &Secret) -> Result<(), SetFailed> {
        let question = json!({ "type": "set", "subject": subject, "password": password.expose() });
        match self.ask::<Set>(&question).await {
            Ok(Set { set: true, .. }) => Ok(()),
            Ok(Set { reason, .. }) => Err(SetFailed::Refused(told(&reason.unwrap_or_default(), password))),
            Err(Lost::Before(why)) => Err(SetFailed::Down(Down(why))),
            Err(Lost::After(why)) => Err(SetFailed::Unsure(why)),
        }
    }

    async fn health(&self) -> Result<String, Down> {
        let answer: Healthy = self.ask(&json!({ "type": "health" })).await?;
        let detail = told(&answer.detail.unwrap_or_default(), &self.settings.secret);
        if answer.healthy {
            Ok(format!("it answers, signed. {detail}"))
        } else {
            Err(Down(format!("it says: {detail}")))
        }
    }
}
