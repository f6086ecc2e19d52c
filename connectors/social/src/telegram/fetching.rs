//! Fetches messages by getUpdates; the cursor is the next update's number and when the last message was written.

use std::time::Duration;

use civicdesk_contract::{Batch, Cursor, Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    api::{self, Bot},
    read,
};
use crate::call;

/// How long Telegram holds a question open when nothing is new.
const PATIENCE: Duration = Duration::from_secs(25);
/// While Telegram calls us there is nothing to ask for.
const PUSHED: Duration = Duration::from_secs(60);
/// After a week without messages Telegram numbers anew, perhaps below the cursor.
const RENUMBERED: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Where fetching goes on: `number:seconds`.
#[derive(Clone, Copy, Default)]
struct Place {
    next: i64,
    last: i64,
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Result<Self> {
        let Some(Cursor(text)) = cursor else { return Ok(Self::default()) };
        let parsed = text.split_once(':').and_then(|(next, last)| {
            Some(Self { next: next.parse().ok().filter(|next| *next >= 0)?, last: last.parse().ok()? })
        });
        parsed.ok_or_else(|| Error::malformed("poll", "a cursor of another form"))
    }

    fn show(self) -> Cursor {
        Cursor(format!("{}:{}", self.next, self.last))
    }

    /// Naming a number makes Telegram forget what lies before it: that was committed with this cursor.
    fn question(self, now: Timestamp, limit: usize, patience: Duration) -> Value {
        let mut question = json!({
            "limit": limit.clamp(1, 100), "timeout": patience.as_secs(),
            "allowed_updates": ["message", "edited_message"],
        });
        let last = Timestamp::from_second(self.last).unwrap_or_default();
        if self.next > 0 && now.duration_since(last) < RENUMBERED {
            question["offset"] = self.next.into();
        }
        question
    }
}

/// What Telegram gave, or that it calls us instead.
enum Updates {
    Given(Vec<Value>),
    Pushed,
}

impl Bot {
    pub async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let mut place = Place::read(cursor)?;
        let limit = limit.clamp(1, 100);
        let question = place.question(self.tools.clock.now(), limit, Duration::ZERO);
        let Updates::Given(updates) = self.updates("poll", &question).await? else {
            return Ok(Batch { items: Vec::new(), cursor: place.show(), more: false });
        };
        let mut items = Vec::new();
        for update in updates.iter().take(limit) {
            let number =
                update["update_id"].as_i64().ok_or_else(|| Error::malformed("poll", "an update without id"))?;
            place.next = number.saturating_add(1);
            if let Some(item) = read::item(self.id(), update, update.to_string().into_bytes()) {
                place.last = item.envelope.received_at.map_or(place.last, Timestamp::as_second);
                items.push(item);
            }
        }
        Ok(Batch { items, cursor: place.show(), more: updates.len() >= limit })
    }

    pub async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        let question = Place::read(cursor)?.question(self.tools.clock.now(), 1, PATIENCE);
        if let Updates::Pushed = self.updates("wait", &question).await? {
            tokio::time::sleep(PUSHED).await;
        }
        Ok(())
    }

    async fn updates(&self, operation: &'static str, question: &Value) -> Result<Updates> {
        let request = self.method("getUpdates").json(question).timeout(PATIENCE + Duration::from_secs(10));
        let reply = call::look(operation, request).await?;
        if reply.status == 409 && reply.json()["description"].as_str().is_some_and(|why| why.contains("webhook")) {
            return match self.settings.webhook_secret {
                Some(_) => Ok(Updates::Pushed),
                None => Err(api::undeclared_webhook()),
            };
        }
        match api::result(operation, reply)? {
            Value::Array(updates) => Ok(Updates::Given(updates)),
            _ => Err(Error::unreachable(operation, "Telegram's answer is no list of updates")),
        }
    }
}
