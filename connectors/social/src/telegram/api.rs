//! Asks the Bot API, and what its refusals mean.

use std::time::Duration;

use civicdesk_contract::{Error, Identity, InboundAttachment, Kind, Media, Result, Retry, Tools};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::TelegramSettings;
use crate::call::{self, Reply};

pub struct Bot {
    pub settings: TelegramSettings,
    pub tools: Tools,
}

impl Bot {
    pub fn new(settings: TelegramSettings, tools: Tools) -> Self {
        Self { settings, tools }
    }

    /// The bot's number: the first half of its token, and no secret.
    pub fn id(&self) -> &str {
        self.settings.token.expose().split(':').next().unwrap_or_default()
    }

    pub fn method(&self, method: &str) -> RequestBuilder {
        self.tools.http.post(format!("{}/bot{}/{method}", self.settings.url, self.settings.token.expose()))
    }

    /// A question without effect; gives the `result`.
    pub async fn ask(&self, operation: &'static str, method: &str, body: &Value) -> Result<Value> {
        result(operation, call::look(operation, self.method(method).json(body)).await?)
    }

    pub async fn check(&self) -> Result<Identity> {
        let me = self.ask("check", "getMe", &json!({})).await?;
        let hook = self.ask("check", "getWebhookInfo", &json!({})).await?;
        let (active, declared) = (hook["url"] != "", self.settings.webhook_secret.is_some());
        let detail = match (active, declared) {
            (true, false) => return Err(undeclared_webhook()),
            (true, true) => format!("Telegram calls us; {} messages wait there", hook["pending_update_count"]),
            (false, _) => "the token was accepted; messages are fetched".to_owned(),
        };
        let name = me["username"].as_str().unwrap_or(self.id());
        Ok(Identity { address: format!("@{name}"), detail })
    }

    pub async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        let file = self.ask("fetch", "getFile", &json!({ "file_id": media.handle })).await?;
        if file["file_size"].as_u64().is_some_and(|size| usize::try_from(size).is_ok_and(|size| size > most)) {
            return Err(call::too_large(most));
        }
        let path = file["file_path"].as_str().ok_or_else(|| Error::unreachable("fetch", "the file has no path"))?;
        let address = format!("{}/file/bot{}/{path}", self.settings.url, self.settings.token.expose());
        let name = media.name.clone().or_else(|| path.rsplit('/').next().map(str::to_owned));
        call::download(self.tools.http.get(address), &Media { name, ..media.clone() }, most).await
    }
}

/// The `result` of an answer, or what its refusal means.
pub fn result(operation: &'static str, reply: Reply) -> Result<Value> {
    let mut told = reply.json();
    if reply.status == 200 && told["ok"] == true {
        return Ok(told["result"].take());
    }
    let sending = operation == "send";
    let why = told["description"].as_str().unwrap_or("no reason given");
    let asked = told["parameters"]["retry_after"].as_u64().map(Duration::from_secs).or(reply.retry_after());
    let (kind, retry) = match reply.status {
        401 | 404 => (Kind::Credentials, Retry::Never),
        // The citizen blocked the bot, or it was put out of the chat.
        403 if sending => (Kind::Refused, Retry::Never),
        403 => (Kind::Credentials, Retry::Never),
        409 => (Kind::Limited, Retry::Later),
        429 => (Kind::Limited, asked.map_or(Retry::Later, Retry::After)),
        200..=299 | 500.. if sending => (Kind::Unreachable, Retry::Unsure),
        200..=299 | 500.. => (Kind::Unreachable, Retry::Later),
        _ => (Kind::Refused, Retry::Never),
    };
    Err(Error::new(kind, retry, operation, format!("Telegram answered {}: {why}", reply.status)))
}

/// A webhook that nobody here can verify takes the messages away.
pub fn undeclared_webhook() -> Error {
    Error::settings("a webhook is set for this bot: give its secret as webhook_secret, or remove it (deleteWebhook)")
}
