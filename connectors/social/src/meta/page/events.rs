//! The events of a page or an account: messages, what became of ours, and all that is passed over.

use civicdesk_contract::{
    Envelope, Error, ExternalId, IdentityKind, Inbound, Media, Party, RawItem, Receipt, ReceiptState, Received, Result,
    ThreadHints, Watermark,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{Network, hook};
use crate::ids;

/// What a verified call brought for this account.
pub fn received(network: &Network, account: &str, told: &Value) -> Received {
    let mut received = Received::default();
    for entry in hook::entries(told, network.object).filter(|entry| entry["id"] == account) {
        for event in entry["messaging"].as_array().into_iter().flatten() {
            if let Some(item) = item(account, event) {
                received.items.push(item);
            }
            became(network, account, event, &mut received);
        }
    }
    received
}

/// The message's id; none where the event brings no message from outside.
fn message_id(account: &str, event: &Value) -> Option<String> {
    let sender = event["sender"]["id"].as_str().filter(|sender| *sender != account)?;
    if let Some(edit) = event.get("message_edit") {
        return Some(format!("{}:edit:{}", edit["mid"].as_str()?, edit["num_edit"].as_u64().unwrap_or(1)));
    }
    if let Some(message) = event.get("message") {
        // An echo of what was sent in our name, or a message that was taken back.
        let ours = message["is_echo"] == true || message["is_deleted"] == true;
        return message["mid"].as_str().filter(|_| !ours).map(str::to_owned);
    }
    let pressed = event.get("postback")?;
    let own = pressed["mid"].as_str().map(str::to_owned);
    Some(own.unwrap_or_else(|| format!("postback:{sender}:{}", event["timestamp"])))
}

fn item(account: &str, event: &Value) -> Option<RawItem> {
    let envelope = Envelope {
        from: event["sender"]["id"].as_str().map(str::to_owned),
        to: vec![account.to_owned()],
        received_at: milliseconds(&event["timestamp"]),
    };
    let id = ExternalId(message_id(account, event)?);
    Some(RawItem { id, place: None, envelope, raw: event.to_string().into_bytes() })
}

/// Messenger names delivered messages, and of what was read only the moment; Instagram names what was read.
fn became(network: &Network, account: &str, event: &Value, received: &mut Received) {
    for (field, state) in [("delivery", ReceiptState::Delivered), ("read", ReceiptState::Read)] {
        let told = &event[field];
        let named = told["mids"].as_array().into_iter().flatten().chain([&told["mid"]]).filter_map(Value::as_str);
        received.receipts.extend(named.map(|mid| {
            let id = ExternalId(ids::name(network.id, account, mid));
            Receipt { id, state, detail: None }
        }));
        if let (Some(until), Some(person)) = (milliseconds(&told["watermark"]), event["sender"]["id"].as_str()) {
            let to = ids::person(network.id, person);
            received.watermarks.push(Watermark { to, state, until });
        }
    }
}

fn milliseconds(value: &Value) -> Option<Timestamp> {
    Timestamp::from_millisecond(value.as_i64()?).ok()
}

pub fn read(network: &str, item: &RawItem) -> Result<Inbound> {
    let event: Value = serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not an event"))?;
    let account = event["recipient"]["id"].as_str().unwrap_or_default();
    let id = message_id(account, &event).ok_or_else(|| Error::malformed("read", "an event without a message"))?;
    let name = |own: &str| ids::name(network, account, own);
    let message = &event["message"];
    let mut in_reply_to: Vec<String> = message["reply_to"]["mid"].as_str().map(name).into_iter().collect();
    let mut oddities = Vec::new();
    if let Some(edited) = event["message_edit"]["mid"].as_str() {
        in_reply_to.push(name(edited));
        oddities.push("The writer changed an earlier message; this is its new text.".to_owned());
    }
    if message["is_unsupported"] == true {
        oddities.push("The message holds something that Meta does not hand out.".to_owned());
    }
    if message["reply_to"].get("story").is_some() {
        oddities.push("It answers a story, which is not shown.".to_owned());
    }
    let words = [&message["text"], &event["message_edit"]["text"], &event["postback"]["title"]];
    let mut text = words.iter().find_map(|word| word.as_str()).unwrap_or_default().to_owned();
    let mut media = Vec::new();
    for attachment in message["attachments"].as_array().into_iter().flatten() {
        attached(attachment, &mut text, &mut media, &mut oddities);
    }
    let address = event["sender"]["id"].as_str().map(|own| ids::person(network, own));
    Ok(Inbound {
        message_id: Some(name(&id)),
        thread: ThreadHints { in_reply_to, ..ThreadHints::default() },
        from: address.map(|address| Party { kind: IdentityKind::Account, address, name: None }),
        sent_at: milliseconds(&event["timestamp"]),
        fresh_text: text.clone(),
        text,
        media,
        oddities,
        ..Inbound::default()
    })
}

fn attached(attachment: &Value, text: &mut String, media: &mut Vec<Media>, oddities: &mut Vec<String>) {
    let payload = &attachment["payload"];
    let kind = attachment["type"].as_str().unwrap_or("unknown");
    let place = &payload["coordinates"];
    if let (Some(latitude), Some(longitude)) = (place["lat"].as_f64(), place["long"].as_f64()) {
        text.push_str(&format!("{}geo:{latitude},{longitude}", if text.is_empty() { "" } else { "\n" }));
    } else if let ("image" | "video" | "audio" | "file", Some(url)) = (kind, payload["url"].as_str()) {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
        media.push(Media { handle: url.to_owned(), name, content_type: None });
    } else {
        oddities.push(format!("The message holds something that is not shown: {kind}."));
    }
}
