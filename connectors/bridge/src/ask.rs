//! Our calls to the bridge, and what its refusals mean.

use std::time::Duration;

use civicdesk_contract::{Batch, Cursor, Error, ExternalId, Identity, Kind, Outbound, RawItem, Result, Retry, Sent};
use serde_json::{Value, json};

use crate::{Ability, BridgeChannel, wire};

/// An answer of a bridge: many messages with their files.
const LARGEST: usize = 64 << 20;
/// A refusal's words for staff.
const DETAIL: usize = 300;

impl BridgeChannel {
    pub async fn ask_check(&self) -> Result<Identity> {
        let told = self.ask("check", "check", json!({ "type": "check" })).await?;
        let mut can: Vec<Ability> = serde_json::from_value(told["can"].clone())
            .map_err(|_| Error::unreachable("check", "the bridge does not say what it can do"))?;
        can.sort_unstable();
        if can != self.settings.can {
            return Err(Error::settings(format!("can is {:?}, and the bridge says {can:?}", self.settings.can)));
        }
        let word = |field: &str, usual: &str| told[field].as_str().unwrap_or(usual).to_owned();
        Ok(Identity { address: word("address", &self.settings.network), detail: word("detail", "the bridge answers") })
    }

    pub async fn ask_poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let question = json!({ "type": "poll", "cursor": cursor.map(|cursor| &cursor.0), "limit": limit });
        let told = self.ask("poll", "poll", question).await?;
        let items = told["items"].as_array().into_iter().flatten();
        let items: Option<Vec<RawItem>> = items.map(|one| wire::item(&self.settings.network, one)).collect();
        let (items, cursor) = items
            .zip(told["cursor"].as_str())
            .ok_or_else(|| Error::unreachable("poll", "the bridge gave items without ids, or no cursor"))?;
        if items.len() > limit {
            return Err(Error::unreachable("poll", "the bridge gave more items than were asked for"));
        }
        Ok(Batch { items, cursor: Cursor(cursor.to_owned()), more: told["more"] == true })
    }

    pub async fn ask_send(&self, message: &Outbound) -> Result<Sent> {
        if let Some(why) = self.settings.too_long(&message.text) {
            return Err(Error::new(Kind::Refused, Retry::Never, "send", why));
        }
        let question = json!({ "type": "send", "message": wire::answer(&self.settings.network, message) });
        let told = self.ask("send", &message.key, question).await?;
        let id = told["id"].as_str().filter(|id| !id.is_empty()).ok_or_else(|| {
            Error::new(Kind::Unreachable, Retry::Unsure, "send", "the bridge's answer does not name the message")
        })?;
        let detail = told["detail"].as_str().unwrap_or("the bridge took it").to_owned();
        Ok(Sent { id: ExternalId(wire::name(&self.settings.network, id)), detail })
    }

    /// One signed call. The id of a send is its key: the same at every attempt.
    async fn ask(&self, operation: &'static str, id: &str, question: Value) -> Result<Value> {
        let (seconds, body) = (self.tools.clock.now().as_second(), question.to_string().into_bytes());
        let request = self.tools.http.post(&self.settings.url).header("content-type", "application/json");
        let request = request.header("webhook-id", id).header("webhook-timestamp", seconds.to_string());
        let request = request.header("webhook-signature", self.key.sign(id, seconds, &body)).body(body);
        let in_doubt = if operation == "send" { Retry::Unsure } else { Retry::Later };
        let lost = |detail: &str| Error::new(Kind::Unreachable, in_doubt, operation, detail);
        let mut answer = request.send().await.map_err(|e| match e.is_connect() {
            true => Error::unreachable(operation, "no connection to the bridge"),
            false => lost("the bridge broke off before its answer"),
        })?;
        let status = answer.status().as_u16();
        let asked_to_wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| lost("the bridge broke off within its answer"))? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(lost("the bridge's answer is too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status == 200 && told.is_object() {
            return Ok(told);
        }
        let (kind, retry) = match status {
            400 if operation == "poll" => (Kind::Malformed, Retry::Never),
            401 | 403 => (Kind::Credentials, Retry::Never),
            429 => (Kind::Limited, asked_to_wait.map_or(Retry::Later, |s| Retry::After(Duration::from_secs(s)))),
            501 => (Kind::Unsupported, Retry::Never),
            400..=499 => (Kind::Refused, Retry::Never),
            _ => (Kind::Unreachable, in_doubt),
        };
        let why: String = told["detail"].as_str().unwrap_or("no reason given").chars().take(DETAIL).collect();
        Err(Error::new(kind, retry, operation, format!("the bridge answered {status}: {why}")))
    }
}
