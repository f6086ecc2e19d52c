//! What a verified call of Meta's brings for one number: messages, each an item of its own, and what became of ours.

use civicdesk_contract::{Envelope, ExternalId, RawItem, Receipt, ReceiptState, Received};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ID, hook};
use crate::ids;

pub fn received(number: &str, told: &Value) -> Received {
    let mut received = Received::default();
    let changes = hook::entries(told, "whatsapp_business_account").filter_map(|entry| entry["changes"].as_array());
    for change in changes.flatten().filter(|change| change["field"] == "messages") {
        let value = &change["value"];
        if value["metadata"]["phone_number_id"] != number {
            continue;
        }
        let all = |field: &str| value[field].as_array().cloned().unwrap_or_default();
        received.items.extend(all("messages").iter().filter_map(|message| item(number, value, message)));
        received.receipts.extend(all("statuses").iter().filter_map(|status| receipt(number, status)));
    }
    received
}

/// A message with what the call said about it and its writer.
fn item(number: &str, value: &Value, message: &Value) -> Option<RawItem> {
    let id = message["id"].as_str()?.to_owned();
    let from = message["from"].as_str().or(message["from_user_id"].as_str())?;
    let theirs = |contact: &&Value| contact["wa_id"] == from || contact["user_id"] == from;
    let contact = value["contacts"].as_array().into_iter().flatten().find(theirs);
    let raw = json!({ "metadata": value["metadata"], "contact": contact, "message": message });
    let seconds = message["timestamp"].as_str().and_then(|text| text.parse().ok());
    let envelope = Envelope {
        from: Some(from.to_owned()),
        to: vec![number.to_owned()],
        received_at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
    };
    Some(RawItem { id: ExternalId(id), place: None, envelope, raw: raw.to_string().into_bytes() })
}

fn receipt(number: &str, status: &Value) -> Option<Receipt> {
    let state = match status["status"].as_str()? {
        "sent" => ReceiptState::Sent,
        "delivered" => ReceiptState::Delivered,
        "read" | "played" => ReceiptState::Read,
        "failed" => ReceiptState::Failed,
        _ => return None,
    };
    let error = &status["errors"][0];
    let words = error["error_data"]["details"].as_str().or(error["title"].as_str());
    let detail = error["code"].as_i64().map(|code| format!("error {code}: {}", words.unwrap_or("no reason given")));
    Some(Receipt { id: ExternalId(ids::name(ID, number, status["id"].as_str()?)), state, detail })
}
