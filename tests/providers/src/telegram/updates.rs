//! What people write to the bot: as updates that wait to be asked for, or as calls to a webhook.

use std::time::Duration;

use civicdesk_contract::{Clock, HookCall, SystemClock, testkit::Answered};
use serde_json::{Value, json};

use super::{Bot, Fields, SECRET, Telegram, ok, refusal};

/// Telegram holds a question open for as long as it says; a test has less time.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

impl Telegram {
    /// An update with a new message of this person in a private chat; `more` adds or replaces the message's fields.
    pub fn update(&self, from: i64, more: Value) -> Value {
        let mut bot = self.state.bot();
        bot.last_update += 1;
        bot.last_message += 1;
        let mut message = json!({
            "message_id": bot.last_message,
            "from": { "id": from, "is_bot": false, "first_name": "María", "last_name": "Gómez", "language_code": "es" },
            "chat": { "id": from, "type": "private", "first_name": "María", "last_name": "Gómez" },
            "date": SystemClock.now().as_second(),
        });
        if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
            message.extend(more);
        }
        json!({ "update_id": 700_000 + bot.last_update, "message": message })
    }

    /// Puts an update into the queue that getUpdates empties.
    pub fn queue(&self, update: Value) {
        self.state.bot().updates.push(update);
    }

    /// The call that brings an update to the webhook.
    pub fn call(&self, address: &str, update: &Value) -> HookCall {
        let headers = [("content-type", "application/json"), ("x-telegram-bot-api-secret-token", SECRET)];
        HookCall {
            method: "POST".to_owned(),
            public_url: address.to_owned(),
            query: String::new(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: update.to_string().into_bytes(),
        }
    }
}

impl Bot {
    pub(super) fn get_updates(&mut self, fields: &Fields) -> Answered {
        if !self.webhook.is_empty() {
            let why = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
                       webhook first";
            return refusal(409, why);
        }
        let number = |name: &str, usual: i64| match &fields.values[name] {
            Value::Null => Some(usual),
            value => value.as_i64(),
        };
        let (Some(offset), Some(limit @ 1..=100), Some(timeout @ 0..)) =
            (number("offset", 0), number("limit", 100), number("timeout", 0))
        else {
            return refusal(400, "Bad Request: wrong parameter");
        };
        self.updates.retain(|update| update["update_id"].as_i64() >= Some(offset));
        let limit = usize::try_from(limit).expect("at most a hundred");
        let given: Vec<Value> = self.updates.iter().take(limit).cloned().collect();
        let after = if given.is_empty() && timeout > 0 { LONGEST_WAIT } else { Duration::ZERO };
        Answered { after, ..ok(&Value::from(given)) }
    }
}
