//! Fetches mentions, page by page and oldest first, by the number of their notification.
//!
//! Numbers are given before they are committed, so that a lower one may appear after a higher one. The cursor therefore
//! stays a window behind and remembers what it has given of it.

use civicdesk_contract::{Batch, Cursor, Envelope, Error, ExternalId, RawItem, Result};
use jiff::Timestamp;
use serde_json::Value;

use super::api::Instance;

/// How many of the last notifications may still be overtaken.
const WINDOW: usize = 20;
/// What an instance gives at once.
const PAGE: usize = 80;

/// Where fetching goes on: after this number, without these, which were given already.
#[derive(Default)]
struct Place {
    after: u64,
    given: Vec<u64>,
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Result<Self> {
        let Some(Cursor(text)) = cursor else { return Ok(Self::default()) };
        let parsed = text.split_once(':').and_then(|(after, given)| {
            let given = given.split(',').filter(|number| !number.is_empty()).map(|number| number.parse().ok());
            Some(Self { after: after.parse().ok()?, given: given.collect::<Option<Vec<u64>>>()? })
        });
        parsed
            .filter(|place| place.given.len() <= WINDOW)
            .ok_or_else(|| Error::malformed("poll", "a cursor of another form"))
    }

    fn show(&self) -> Cursor {
        let given: Vec<String> = self.given.iter().map(u64::to_string).collect();
        Cursor(format!("{}:{}", self.after, given.join(",")))
    }

    fn gave(&mut self, number: u64) {
        self.given.push(number);
        self.given.sort_unstable();
        if self.given.len() > WINDOW {
            self.after = self.given.remove(0);
        }
    }
}

impl Instance {
    pub async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let mut place = Place::read(cursor)?;
        let limit = limit.clamp(1, PAGE - WINDOW);
        let asked = limit + place.given.len();
        let since: Option<Timestamp> = self.settings.since.as_ref().and_then(|since| since.parse().ok());
        let page = self.mentions("poll", place.after, asked).await?;
        let (full, mut taken, mut items) = (page.len() >= asked, 0, Vec::new());
        for (number, notification) in page {
            if place.given.contains(&number) {
                continue;
            }
            if taken == limit {
                break;
            }
            taken += 1;
            place.gave(number);
            if let Some(item) = self.item(number, &notification, since) {
                items.push(item);
            }
        }
        // Among what was given already there is nothing more to come: a full page of it would be asked for for ever.
        Ok(Batch { items, cursor: place.show(), more: full && taken > 0 })
    }

    /// Whether there is a mention that `poll` has not given.
    pub async fn has_news(&self, cursor: Option<&Cursor>) -> Result<bool> {
        let place = Place::read(cursor)?;
        let page = self.mentions("wait", place.after, place.given.len() + 1).await?;
        Ok(page.iter().any(|(number, _)| !place.given.contains(number)))
    }

    /// The mentions next after this number, oldest first.
    async fn mentions(&self, operation: &'static str, after: u64, most: usize) -> Result<Vec<(u64, Value)>> {
        // What the account's own filter holds back is from people it does not know yet: citizens.
        let path = format!(
            "/api/v1/notifications?types[]=mention&include_filtered=true&min_id={after}&limit={}",
            most.clamp(1, PAGE)
        );
        let Value::Array(page) = self.ask(operation, &path).await? else {
            return Err(Error::unreachable(operation, "the instance's answer is no list of notifications"));
        };
        let number = |notification: &Value| notification["id"].as_str().and_then(|id| id.parse::<u64>().ok());
        let numbered = page.into_iter().map(|one| number(&one).map(|number| (number, one)));
        let mut page: Vec<(u64, Value)> = numbered
            .collect::<Option<_>>()
            .ok_or_else(|| Error::malformed(operation, "a notification without a number"))?;
        page.sort_by_key(|(number, _)| *number);
        Ok(page)
    }

    /// None where the notification holds no post (it was deleted), or one from before the channel's time.
    fn item(&self, number: u64, notification: &Value, since: Option<Timestamp>) -> Option<RawItem> {
        let status = notification.get("status").filter(|status| status.is_object())?;
        let written: Option<Timestamp> = status["created_at"].as_str().and_then(|text| text.parse().ok());
        if since.is_some_and(|since| written.is_some_and(|written| written < since)) {
            return None;
        }
        let received_at = notification["created_at"].as_str().and_then(|text| text.parse().ok());
        let from = status["account"]["acct"].as_str().map(str::to_owned);
        let envelope = Envelope { from, to: vec![self.host.clone()], received_at };
        let raw = notification.to_string().into_bytes();
        Some(RawItem { id: ExternalId(number.to_string()), place: None, envelope, raw })
    }
}
