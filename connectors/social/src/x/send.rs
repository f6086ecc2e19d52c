//! Sends an answer: in public as a post below the one it answers, otherwise as a direct message.

use civicdesk_contract::{Error, ExternalId, Kind, Outbound, Result, Retry, Sent};
use reqwest::Method;
use serde_json::json;

use super::{ID, MAX_TEXT, api::Account, weight};
use crate::{call, ids};

impl Account {
    pub async fn send(&self, message: &Outbound) -> Result<Sent> {
        if !message.attachments.is_empty() {
            return Err(Error::unsupported("attachments"));
        }
        if message.text.trim().is_empty() {
            return Err(refused("the message is empty"));
        }
        if message.public { self.post(message).await } else { self.direct(message).await }
    }

    async fn post(&self, message: &Outbound) -> Result<Sent> {
        let own = message.in_reply_to.as_deref().and_then(|name| ids::own(ID, &self.settings.user_id, name));
        let answered =
            own.and_then(|own| own.strip_prefix("post:")).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
        let answered = answered.ok_or_else(|| refused("an answer in public needs the public post that it answers"))?;
        let long = weight::of(&message.text);
        if long > weight::MOST {
            return Err(refused(format!(
                "as X counts them the text has {long} characters; a post has {}",
                weight::MOST
            )));
        }
        let body = json!({ "text": message.text, "reply": { "in_reply_to_tweet_id": answered } });
        let request = self.request(Method::POST, &format!("{}/2/tweets", self.settings.url), Some(&body));
        let told = self.told("send", call::act("send", request).await?)?;
        self.sent("post", told["data"]["id"].as_str())
    }

    async fn direct(&self, message: &Outbound) -> Result<Sent> {
        let ([to], []) = (message.to.as_slice(), message.cc.as_slice()) else {
            return Err(refused("a direct message goes to one person"));
        };
        let person = ids::person_of(ID, &to.address).filter(|own| own.bytes().all(|b| b.is_ascii_digit()));
        let person = person.ok_or_else(|| refused("the address is none of X, such as x:4711"))?;
        let long = message.text.chars().count();
        if long > MAX_TEXT {
            return Err(refused(format!("the text has {long} characters; a direct message has {MAX_TEXT}")));
        }
        let address = format!("{}/2/dm_conversations/with/{person}/messages", self.settings.url);
        let request = self.request(Method::POST, &address, Some(&json!({ "text": message.text })));
        let told = self.told("send", call::act("send", request).await?)?;
        self.sent("dm", told["data"]["dm_event_id"].as_str())
    }

    fn sent(&self, kind: &str, id: Option<&str>) -> Result<Sent> {
        let id = id.ok_or_else(|| {
            Error::new(Kind::Unreachable, Retry::Unsure, "send", "X's answer does not name the message")
        })?;
        let name = ids::name(ID, &self.settings.user_id, &format!("{kind}:{id}"));
        Ok(Sent { id: ExternalId(name), detail: format!("X took it as {kind} {id}") })
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "send", why)
}
