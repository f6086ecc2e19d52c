//! Reads one message: who wrote it, what it answers, its words and its file.

use civicdesk_contract::{Error, IdentityKind, Inbound, Media, Party, RawItem, Result, ThreadHints};
use jiff::Timestamp;
use serde_json::Value;

use super::ID;
use crate::ids;

/// Types that are a file.
const FILES: [&str; 6] = ["image", "video", "audio", "voice", "document", "sticker"];

pub fn read(item: &RawItem) -> Result<Inbound> {
    let told: Value = serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not a message"))?;
    let message = &told["message"];
    let (Some(number), Some(id)) = (told["metadata"]["phone_number_id"].as_str(), message["id"].as_str()) else {
        return Err(Error::malformed("read", "a message without an id"));
    };
    let name = |own: &str| ids::name(ID, number, own);
    let answered = message["context"]["id"].as_str().or(message["reaction"]["message_id"].as_str());
    let seconds: Option<i64> = message["timestamp"].as_str().and_then(|text| text.parse().ok());
    let mut oddities = Vec::new();
    let text = text(message, &mut oddities);
    Ok(Inbound {
        message_id: Some(name(id)),
        thread: ThreadHints { in_reply_to: answered.map(name).into_iter().collect(), ..ThreadHints::default() },
        from: from(&told),
        sent_at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        fresh_text: text.clone(),
        text,
        media: FILES.iter().filter_map(|kind| media(&message[kind])).collect(),
        oddities,
        ..Inbound::default()
    })
}

/// People are their phone number; who hides it has a number of Meta's instead.
fn from(told: &Value) -> Option<Party> {
    let name = told["contact"]["profile"]["name"].as_str().map(str::trim).filter(|name| !name.is_empty());
    let name = name.map(str::to_owned);
    let message = &told["message"];
    if let Some(phone) = message["from"].as_str().filter(|phone| !phone.is_empty()) {
        let address = format!("+{}", phone.trim_start_matches('+'));
        return Some(Party { kind: IdentityKind::Phone, address, name });
    }
    let address = ids::person(ID, message["from_user_id"].as_str()?);
    Some(Party { kind: IdentityKind::Account, address, name })
}

fn text(message: &Value, oddities: &mut Vec<String>) -> String {
    let kind = message["type"].as_str().unwrap_or("unknown");
    let content = &message[kind];
    let words = match kind {
        "text" => &content["body"],
        "button" => &content["text"],
        "interactive" => [&content["button_reply"]["title"], &content["list_reply"]["title"]]
            .into_iter()
            .find(|title| title.is_string())
            .unwrap_or(&Value::Null),
        "reaction" => &content["emoji"],
        "location" => return place(content),
        "contacts" => return people(content),
        kind if FILES.contains(&kind) => &content["caption"],
        other => {
            oddities.push(format!("The message holds something that is not shown: {other}."));
            &Value::Null
        }
    };
    words.as_str().unwrap_or_default().to_owned()
}

fn place(content: &Value) -> String {
    let named: Vec<&str> = [&content["name"], &content["address"]].iter().filter_map(|part| part.as_str()).collect();
    format!("{} geo:{},{}", named.join(", "), content["latitude"], content["longitude"]).trim_start().to_owned()
}

fn people(content: &Value) -> String {
    let person = |one: &Value| {
        let phones = one["phones"].as_array().into_iter().flatten().filter_map(|phone| phone["phone"].as_str());
        let words: Vec<&str> = one["name"]["formatted_name"].as_str().into_iter().chain(phones).collect();
        words.join(" ")
    };
    content.as_array().into_iter().flatten().map(person).collect::<Vec<_>>().join("\n")
}

fn media(content: &Value) -> Option<Media> {
    let handle = content["id"].as_str().filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()))?;
    // Such as `audio/ogg; codecs=opus`.
    let content_type = content["mime_type"].as_str().map(|kind| kind.split(';').next().unwrap_or(kind).to_owned());
    Some(Media { handle: handle.to_owned(), name: content["filename"].as_str().map(str::to_owned), content_type })
}
