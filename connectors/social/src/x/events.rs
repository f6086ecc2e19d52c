//! What a verified call of X brings for the account: posts that speak to it, direct messages, and what was read.

use civicdesk_contract::{Envelope, ExternalId, RawItem, Receipt, ReceiptState, Received, Watermark};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ID;
use crate::ids;

pub fn received(me: &str, told: &Value) -> Received {
    let mut received = Received::default();
    if told["for_user_id"] != me {
        return received;
    }
    let all = |field: &str| told[field].as_array().into_iter().flatten();
    received.items.extend(all("tweet_create_events").filter_map(|post| public(me, post)));
    received.items.extend(all("direct_message_events").filter_map(|message| direct(me, message, &told["users"])));
    for event in all("direct_message_mark_read_events") {
        let (person, last) = (event["sender_id"].as_str(), event["last_read_event_id"].as_str());
        if let (Some(person), Some(last)) = (person.filter(|person| *person != me), last) {
            let id = ExternalId(ids::name(ID, me, &format!("dm:{last}")));
            received.receipts.push(Receipt { id, state: ReceiptState::Read, detail: None });
            let to = ids::person(ID, person);
            let until = milliseconds(&event["created_timestamp"]);
            received.watermarks.extend(until.map(|until| Watermark { to, state: ReceiptState::Read, until }));
        }
    }
    received
}

/// A post of somebody else that mentions the account or answers it, and not a repetition of another's words.
fn public(me: &str, post: &Value) -> Option<RawItem> {
    let from = post["user"]["id_str"].as_str().filter(|from| *from != me)?;
    let id = post["id_str"].as_str()?;
    let mut mentioned = post["entities"]["user_mentions"].as_array().into_iter().flatten();
    let extended = &post["extended_tweet"]["entities"]["user_mentions"];
    let mut extended = extended.as_array().into_iter().flatten();
    let named = |user: &Value| user["id_str"] == me;
    let to_us = post["in_reply_to_user_id_str"] == me || mentioned.any(named) || extended.any(named);
    if !to_us || post["retweeted_status"].is_object() {
        return None;
    }
    let raw = json!({ "for_user_id": me, "post": post });
    Some(item(me, format!("post:{id}"), from, milliseconds(&post["timestamp_ms"]), &raw))
}

fn direct(me: &str, message: &Value, users: &Value) -> Option<RawItem> {
    let from = message["message_create"]["sender_id"].as_str().filter(|from| *from != me)?;
    let id = message["id"].as_str().filter(|_| message["type"] == "message_create")?;
    let raw = json!({ "for_user_id": me, "message": message, "sender": users[from] });
    Some(item(me, format!("dm:{id}"), from, milliseconds(&message["created_timestamp"]), &raw))
}

fn item(me: &str, id: String, from: &str, received_at: Option<Timestamp>, raw: &Value) -> RawItem {
    let envelope = Envelope { from: Some(from.to_owned()), to: vec![me.to_owned()], received_at };
    RawItem { id: ExternalId(id), place: None, envelope, raw: raw.to_string().into_bytes() }
}

/// X writes milliseconds as text.
pub fn milliseconds(value: &Value) -> Option<Timestamp> {
    Timestamp::from_millisecond(value.as_str()?.parse().ok()?).ok()
}
