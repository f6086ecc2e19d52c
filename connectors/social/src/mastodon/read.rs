//! Reads a notification: who mentioned us, in front of whom, and what they wrote.

use civicdesk_contract::{Automatic, Error, IdentityKind, Inbound, Media, Party, RawItem, Result, ThreadHints};
use serde_json::Value;

use super::{ID, html};
use crate::ids;

pub fn read(item: &RawItem) -> Result<Inbound> {
    let notification: Value =
        serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not a notification"))?;
    let status = &notification["status"];
    let (Some(id), Some(content)) = (status["id"].as_str(), status["content"].as_str()) else {
        return Err(Error::malformed("read", "a notification without a post"));
    };
    let host = item.envelope.to.first().map_or("", String::as_str);
    let name = |id: &str| ids::name(ID, host, id);
    let mut text = html::text(content);
    let warning = status["spoiler_text"].as_str().map(str::trim).filter(|warning| !warning.is_empty());
    if let Some(warning) = warning {
        text = format!("{warning}\n\n{text}");
    }
    let visibility = status["visibility"].as_str().unwrap_or("direct");
    let mut oddities = Vec::new();
    if visibility == "private" {
        oddities.push("The writer's followers can read this; an answer goes to the writer alone.".to_owned());
    }
    if status.get("poll").is_some_and(Value::is_object) {
        oddities.push("The post holds a poll, which is not shown.".to_owned());
    }
    Ok(Inbound {
        message_id: Some(name(id)),
        thread: ThreadHints {
            in_reply_to: status["in_reply_to_id"].as_str().map(name).into_iter().collect(),
            ..ThreadHints::default()
        },
        from: from(&status["account"], host),
        sent_at: status["created_at"].as_str().and_then(|text| text.parse().ok()),
        fresh_text: text.clone(),
        text,
        media: status["media_attachments"].as_array().into_iter().flatten().filter_map(media).collect(),
        automatic: if status["account"]["bot"] == true { Automatic::Reply } else { Automatic::No },
        public: matches!(visibility, "public" | "unlisted"),
        oddities,
        ..Inbound::default()
    })
}

/// People of our own instance are named without it.
fn from(account: &Value, host: &str) -> Option<Party> {
    let named = account["acct"].as_str().filter(|name| !name.is_empty())?;
    let address = if named.contains('@') { named.to_owned() } else { format!("{named}@{host}") };
    let name = account["display_name"].as_str().map(str::trim).filter(|name| !name.is_empty());
    Some(Party { kind: IdentityKind::Handle, address, name: name.map(str::to_owned) })
}

fn media(attachment: &Value) -> Option<Media> {
    let handle = attachment["url"].as_str().or(attachment["remote_url"].as_str())?;
    let path = handle.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().filter(|name| !name.is_empty());
    Some(Media { handle: handle.to_owned(), name: name.map(str::to_owned), content_type: None })
}
