//! Reads an update: which message it brings, and what a citizen said in it.

use civicdesk_contract::{
    Automatic, Envelope, Error, ExternalId, IdentityKind, Inbound, Media, Party, RawItem, Result, ThreadHints,
};
use jiff::Timestamp;
use serde_json::Value;

use super::ID;
use crate::ids;

/// Kinds of content that are a file, and the type they have where Telegram names none.
const FILES: [(&str, &str); 7] = [
    ("document", "application/octet-stream"),
    ("video", "video/mp4"),
    ("animation", "video/mp4"),
    ("audio", "audio/mpeg"),
    ("voice", "audio/ogg"),
    ("video_note", "video/mp4"),
    ("sticker", "image/webp"),
];

/// What is shown in words, or not at all.
const UNSHOWN: [&str; 8] = ["poll", "dice", "game", "story", "invoice", "checklist", "giveaway", "paid_media"];

/// The message of an update, if it brings one from a private chat. An edited message is a message of its own.
fn message(update: &Value) -> Option<(&Value, bool)> {
    let new = update.get("message").map(|message| (message, false));
    let (message, edited) = new.or_else(|| update.get("edited_message").map(|message| (message, true)))?;
    (message["chat"]["type"] == "private" && message["message_id"].is_i64() && message["chat"]["id"].is_i64())
        .then_some((message, edited))
}

/// The item of an update; none where the update is of a kind that brings no message.
pub fn item(bot: &str, update: &Value, raw: Vec<u8>) -> Option<RawItem> {
    let (message, edited) = message(update)?;
    let mut id = format!("{}:{}", message["chat"]["id"], message["message_id"]);
    if edited {
        id.push_str(&format!(":{}", message["edit_date"]));
    }
    let seconds = message["edit_date"].as_i64().or(message["date"].as_i64());
    let envelope = Envelope {
        from: Some(message["from"]["id"].to_string()),
        to: vec![bot.to_owned()],
        received_at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
    };
    Some(RawItem { id: ExternalId(id), place: None, envelope, raw })
}

pub fn read(item: &RawItem) -> Result<Inbound> {
    let update: Value = serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not an update"))?;
    let (message, edited) = message(&update).ok_or_else(|| Error::malformed("read", "an update without a message"))?;
    let bot = item.envelope.to.first().map_or("", String::as_str);
    let name = |message: &Value, edition: &str| {
        ids::name(ID, bot, &format!("{}:{}{edition}", message["chat"]["id"], message["message_id"]))
    };
    let edition = if edited { format!(":{}", message["edit_date"]) } else { String::new() };
    let mut in_reply_to = Vec::new();
    let mut oddities = Vec::new();
    if edited {
        in_reply_to.push(name(message, ""));
        oddities.push("The writer changed an earlier message; this is its new text.".to_owned());
    }
    if message["reply_to_message"]["message_id"].is_i64() {
        let mut answered = message["reply_to_message"].clone();
        answered["chat"]["id"] = message["chat"]["id"].clone();
        in_reply_to.push(name(&answered, ""));
    }
    for kind in UNSHOWN.iter().filter(|kind| message.get(**kind).is_some()) {
        oddities.push(format!("The message holds something that cannot be shown here: {kind}."));
    }
    let text = text(message);
    Ok(Inbound {
        message_id: Some(name(message, &edition)),
        thread: ThreadHints { in_reply_to, ..ThreadHints::default() },
        from: from(message),
        sent_at: message["date"].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok()),
        fresh_text: text.clone(),
        text,
        media: media(message),
        automatic: if message["from"]["is_bot"] == true { Automatic::Reply } else { Automatic::No },
        oddities,
        ..Inbound::default()
    })
}

/// A private chat has the number of the person in it.
fn from(message: &Value) -> Option<Party> {
    let address = ids::person(ID, &message["chat"]["id"].as_i64()?.to_string());
    let person = &message["from"];
    let words = |field: &str| person[field].as_str().map(str::trim).filter(|word| !word.is_empty());
    let full: Vec<&str> = words("first_name").into_iter().chain(words("last_name")).collect();
    let name = if full.is_empty() { words("username").map(str::to_owned) } else { Some(full.join(" ")) };
    Some(Party { kind: IdentityKind::Account, address, name })
}

fn text(message: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(message["text"].as_str().or(message["caption"].as_str()).map(str::to_owned));
    if let (Some(latitude), Some(longitude)) =
        (message["location"]["latitude"].as_f64(), message["location"]["longitude"].as_f64())
    {
        let place = [&message["venue"]["title"], &message["venue"]["address"]];
        let place: Vec<&str> = place.iter().filter_map(|part| part.as_str()).collect();
        parts.push(format!("{} geo:{latitude},{longitude}", place.join(", ")).trim_start().to_owned());
    }
    let contact = &message["contact"];
    if let Some(number) = contact["phone_number"].as_str() {
        let name: Vec<&str> =
            [&contact["first_name"], &contact["last_name"]].iter().filter_map(|part| part.as_str()).collect();
        parts.push(format!("{} {number}", name.join(" ")).trim_start().to_owned());
    }
    parts.join("\n")
}

fn media(message: &Value) -> Vec<Media> {
    let mut media: Vec<Media> = Vec::new();
    // The sizes of a photo come from small to large.
    let photo = message["photo"].as_array().and_then(|sizes| sizes.last());
    if let Some(handle) = photo.and_then(|photo| photo["file_id"].as_str()) {
        media.push(Media { handle: handle.to_owned(), name: None, content_type: Some("image/jpeg".to_owned()) });
    }
    for (kind, usual) in FILES {
        // An animation is given as a document too.
        if kind == "document" && message.get("animation").is_some() {
            continue;
        }
        let file = &message[kind];
        if let Some(handle) = file["file_id"].as_str() {
            media.push(Media {
                handle: handle.to_owned(),
                name: file["file_name"].as_str().map(str::to_owned),
                content_type: Some(file["mime_type"].as_str().unwrap_or(usual).to_owned()),
            });
        }
    }
    media
}
