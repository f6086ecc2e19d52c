//! A fake of Telegram's Bot API: methods, limits, error texts, getUpdates as a queue, and its calls to a webhook.
//!
//! From the documentation of the Bot API and of its webhooks.

mod methods;
mod updates;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use civicdesk_contract::testkit::{Answered, Asked, FakeHttp};
use serde_json::{Value, json};

use crate::{Troubles, multipart};
pub use methods::Taken;

pub const BOT: &str = "990011";
pub const TOKEN: &str = "990011:AAE-fake-token-4711";
pub const SECRET: &str = "A1b2-C3_d4";
/// What a refusal for too many requests asks for, in its body.
pub const RETRY_AFTER: u32 = 7;

/// One bot.
pub struct Telegram {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    bot: Mutex<Bot>,
}

#[derive(Default)]
struct Bot {
    taken: Vec<Taken>,
    /// Not confirmed yet, oldest first.
    updates: Vec<Value>,
    last_update: i64,
    last_message: i64,
    files: BTreeMap<String, (String, Vec<u8>)>,
    blocked: BTreeSet<i64>,
    webhook: String,
}

impl Telegram {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let answers = Arc::clone(&state);
        let http =
            FakeHttp::start(move |asked| answers.troubles.around(&asked, general, |asked| answers.bot().answer(asked)));
        Self { http: http.await.expect("a port on the loopback"), state }
    }

    /// What stands in for `https://api.telegram.org`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    /// What was given to it to deliver, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.bot().taken.clone()
    }

    /// This person blocks the bot.
    pub fn block(&self, person: i64) {
        self.state.bot().blocked.insert(person);
    }

    /// Somebody called `setWebhook` with this address, or `deleteWebhook` where it is empty.
    pub fn set_webhook(&self, address: &str) {
        address.clone_into(&mut self.state.bot().webhook);
    }

    /// A file that a person sent; gives its id.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> String {
        let mut bot = self.state.bot();
        let id = format!("file-{}", bot.files.len() + 1);
        bot.files.insert(id.clone(), (name.to_owned(), bytes.to_vec()));
        id
    }
}

impl State {
    fn bot(&self) -> MutexGuard<'_, Bot> {
        self.bot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bot {
    fn answer(&mut self, asked: &Asked) -> Answered {
        if let Some(path) = asked.path.strip_prefix(&format!("/file/bot{TOKEN}/")) {
            let file = self.files.get(path.trim_start_matches("documents/").split('/').next().unwrap_or_default());
            return file.map_or_else(
                || general(404),
                |(_, bytes)| Answered::new(200, "application/octet-stream", bytes.clone()),
            );
        }
        let Some(method) = asked.path.strip_prefix(&format!("/bot{TOKEN}/")) else { return general(401) };
        let Some(fields) = Fields::read(asked) else { return refusal(400, "Bad Request: can't parse the request") };
        match method {
            "getMe" => {
                ok(&json!({ "id": 990_011, "is_bot": true, "first_name": "Riverton", "username": "riverton_bot" }))
            }
            "getWebhookInfo" => {
                let waiting = self.updates.len();
                ok(&json!({ "url": self.webhook, "has_custom_certificate": false, "pending_update_count": waiting }))
            }
            "getUpdates" => self.get_updates(&fields),
            "getFile" => self.get_file(&fields),
            "sendMessage" => self.send_message(&fields),
            "sendDocument" => self.send_document(&fields),
            "sendMediaGroup" => self.send_media_group(&fields),
            _ => general(404),
        }
    }
}

/// The parameters of a method: JSON, or a form with files.
struct Fields {
    values: Value,
    files: Vec<multipart::Part>,
}

impl Fields {
    fn read(asked: &Asked) -> Option<Self> {
        let kind = asked.header("content-type").unwrap_or_default();
        if kind == "application/json" {
            return Some(Self { values: serde_json::from_slice(&asked.body).ok()?, files: Vec::new() });
        }
        let parts = multipart::read(kind, &asked.body)?;
        let (files, texts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.file_name.is_some());
        let mut values = json!({});
        for text in texts {
            // Numbers and objects are written as JSON in a form.
            let content = String::from_utf8(text.content).ok()?;
            let structured = matches!(text.name.as_str(), "chat_id" | "reply_parameters" | "media");
            values[&text.name] = if structured { serde_json::from_str(&content).ok()? } else { Value::String(content) };
        }
        Some(Self { values, files })
    }
}

fn ok(result: &Value) -> Answered {
    Answered::json(200, &json!({ "ok": true, "result": result }))
}

fn refusal(status: u16, description: &str) -> Answered {
    Answered::json(status, &json!({ "ok": false, "error_code": status, "description": description }))
}

fn general(status: u16) -> Answered {
    match status {
        401 => refusal(401, "Unauthorized"),
        404 => refusal(404, "Not Found"),
        429 => {
            let told = format!("Too Many Requests: retry after {RETRY_AFTER}");
            let body = json!({ "ok": false, "error_code": 429, "description": told, "parameters": { "retry_after": RETRY_AFTER } });
            Answered::json(429, &body)
        }
        _ => refusal(status, "Internal Server Error"),
    }
}
