//! Reads a post or a direct message.

use civicdesk_contract::{Error, IdentityKind, Inbound, Media, Party, RawItem, Result, ThreadHints};
use serde_json::Value;

use super::{ID, events::milliseconds};
use crate::ids;

pub fn read(item: &RawItem) -> Result<Inbound> {
    let told: Value = serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not an event"))?;
    let me = told["for_user_id"].as_str().ok_or_else(|| Error::malformed("read", "an event for nobody"))?;
    if told["post"].is_object() { post(me, &told["post"]) } else { direct(me, &told) }
}

fn post(me: &str, post: &Value) -> Result<Inbound> {
    let (Some(id), Some(from)) = (post["id_str"].as_str(), post["user"]["id_str"].as_str()) else {
        return Err(Error::malformed("read", "a post without id or writer"));
    };
    let name = |own: &str| ids::name(ID, me, &format!("post:{own}"));
    let long = &post["extended_tweet"];
    let whole = if long.is_object() { long } else { post };
    let words = whole["full_text"].as_str().or(post["text"].as_str()).unwrap_or_default();
    let text = text(words, &whole["entities"]);
    let media = whole["extended_entities"]["media"].as_array().into_iter().flatten();
    let mut oddities = Vec::new();
    let protected = post["user"]["protected"] == true;
    if protected {
        oddities.push("The writer's posts are for followers only; an answer goes out as a direct message.".to_owned());
    }
    Ok(Inbound {
        message_id: Some(name(id)),
        thread: ThreadHints {
            in_reply_to: post["in_reply_to_status_id_str"].as_str().map(name).into_iter().collect(),
            ..ThreadHints::default()
        },
        from: Some(party(from, &post["user"])),
        sent_at: milliseconds(&post["timestamp_ms"]),
        fresh_text: text.clone(),
        text,
        media: media.filter_map(file).collect(),
        public: !protected,
        oddities,
        ..Inbound::default()
    })
}

fn direct(me: &str, told: &Value) -> Result<Inbound> {
    let (message, create) = (&told["message"], &told["message"]["message_create"]);
    let (Some(id), Some(from)) = (message["id"].as_str(), create["sender_id"].as_str()) else {
        return Err(Error::malformed("read", "a message without id or writer"));
    };
    let data = &create["message_data"];
    let text = text(data["text"].as_str().unwrap_or_default(), &data["entities"]);
    Ok(Inbound {
        message_id: Some(ids::name(ID, me, &format!("dm:{id}"))),
        from: Some(party(from, &told["sender"])),
        sent_at: milliseconds(&message["created_timestamp"]),
        fresh_text: text.clone(),
        text,
        media: file(&data["attachment"]["media"]).into_iter().collect(),
        ..Inbound::default()
    })
}

fn party(id: &str, user: &Value) -> Party {
    let words = |field: &str| user[field].as_str().map(str::trim).filter(|word| !word.is_empty());
    let name = words("name").map(str::to_owned).or_else(|| Some(format!("@{}", words("screen_name")?)));
    Party { kind: IdentityKind::Account, address: ids::person(ID, id), name }
}

/// X shortens links and escapes three signs.
fn text(words: &str, entities: &Value) -> String {
    let mut text = words.to_owned();
    for link in entities["urls"].as_array().into_iter().flatten().take(50) {
        if let (Some(short), Some(long)) = (link["url"].as_str(), link["expanded_url"].as_str())
            && short.starts_with("https://t.co/")
            && long.len() <= 2048
        {
            text = text.replacen(short, long, 1);
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn file(media: &Value) -> Option<Media> {
    let versions = media["video_info"]["variants"].as_array().into_iter().flatten();
    let video = versions.filter(|one| one["content_type"] == "video/mp4").max_by_key(|one| one["bitrate"].as_u64());
    let handle = video.and_then(|one| one["url"].as_str()).or(media["media_url_https"].as_str())?;
    let name = handle.split(['?', '#']).next()?.rsplit('/').next().filter(|name| !name.is_empty());
    Some(Media { handle: handle.to_owned(), name: name.map(str::to_owned), content_type: None })
}
