//! One account on Heron at work.

use std::time::Duration;

use async_trait::async_trait;
use civicdesk_contract::{
    Batch, Channel, Cursor, Envelope, Error, ExternalId, HookCall, Identity, Kind, Outbound, RawItem, Received, Result,
    Retry, Sent,
};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::{HeronSettings, MAX_TEXT};

pub struct HeronChannel {
    pub settings: HeronSettings,
    pub http: reqwest::Client,
}

#[async_trait]
impl Channel for HeronChannel {
    async fn check(&self) -> Result<Identity> {
        let account = self.call("check", self.http.get(self.at("/account"))).await?;
        let account: Value = account.json().await.map_err(|_| broke_off("check"))?;
        let address = account["name"].as_str().unwrap_or("unknown").to_owned();
        Ok(Identity { address, detail: "the token was accepted".to_owned() })
    }

    async fn receive(&self, _call: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let above: u64 = match cursor {
            Some(Cursor(text)) => text.parse().map_err(|_| Error::malformed("poll", "a cursor of another form"))?,
            None => 0,
        };
        let page = format!("/notes?above={above}&most={}", limit.saturating_add(1));
        let notes = self.call("poll", self.http.get(self.at(&page))).await?;
        let notes: Vec<Value> = notes.json().await.map_err(|_| broke_off("poll"))?;
        let (mut items, mut last) = (Vec::new(), above);
        for note in notes.iter().take(limit) {
            let (Some(id), Some(number)) = (note["id"].as_str(), note["number"].as_u64()) else {
                return Err(Error::unreachable("poll", "a note without its number"));
            };
            last = number;
            let (id, raw) = (ExternalId(id.to_owned()), note.to_string().into_bytes());
            items.push(RawItem { id, place: None, envelope: Envelope::default(), raw });
        }
        Ok(Batch { items, cursor: Cursor(last.to_string()), more: notes.len() > limit })
    }

    async fn wait(&self, _cursor: Option<&Cursor>) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(self.settings.every_seconds.into())).await;
        Ok(())
    }

    async fn committed(&self, _items: &[ExternalId]) -> Result<()> {
        Ok(())
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        if !message.attachments.is_empty() {
            return Err(Error::unsupported("attachments"));
        }
        if message.text.chars().count() > MAX_TEXT {
            return Err(Error::new(Kind::Refused, Retry::Never, "send", "a note has at most 1000 letters"));
        }
        let to: Vec<&str> = message.to.iter().map(|party| party.address.as_str()).collect();
        let note = json!({ "nonce": message.key, "to": to, "words": message.text, "answers": message.in_reply_to });
        let taken = self.call("send", self.http.post(self.at("/notes")).json(&note)).await?;
        // Heron has said yes: whatever is lost from here on, the note is there.
        let taken: Value = taken.json().await.map_err(|_| Error { retry: Retry::Unsure, ..broke_off("send") })?;
        let id = taken["id"].as_str().ok_or_else(|| Error { retry: Retry::Unsure, ..broke_off("send") })?;
        Ok(Sent { id: ExternalId(id.to_owned()), detail: "Heron took it".to_owned() })
    }
}

impl HeronChannel {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    /// One call, and what its failure means to the host.
    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Response> {
        let in_doubt = if operation == "send" { Retry::Unsure } else { Retry::Later };
        let answer = request.header("x-heron-token", self.settings.token.expose()).send().await.map_err(|e| {
            let retry = if e.is_connect() { Retry::Later } else { in_doubt };
            Error::new(Kind::Unreachable, retry, operation, "no answer")
        })?;
        let status = answer.status();
        let (kind, retry) = match status.as_u16() {
            200..=299 => return Ok(answer),
            401 => (Kind::Credentials, Retry::Never),
            429 => (Kind::Limited, Retry::Later),
            500.. => (Kind::Unreachable, in_doubt),
            _ => (Kind::Refused, Retry::Never),
        };
        Err(Error::new(kind, retry, operation, format!("Heron answered {status}")))
    }
}

fn broke_off(operation: &'static str) -> Error {
    Error::unreachable(operation, "the answer broke off or was not JSON")
}
