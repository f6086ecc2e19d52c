//! Reads a text that came in, in the form of the one API or the other.

use civicdesk_contract::{Error, Inbound, Media, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{hooks::parameters, signature::Parameters};
use crate::people::{Written, party, signed_by};

/// A text in the JSON of the Messages API.
#[derive(Deserialize)]
struct Message {
    message_uuid: String,
    message_type: String,
    from: Option<String>,
    to: Option<String>,
    timestamp: Option<String>,
    text: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

pub fn text(raw: &[u8]) -> Result<Inbound> {
    match serde_json::from_slice::<Message>(raw) {
        Ok(message) => Ok(of_messages(message)),
        Err(_) => {
            let parameters = parameters(raw).ok_or_else(|| Error::malformed("read", "neither JSON nor a form"))?;
            of_sms(&parameters)
        }
    }
}

fn of_messages(told: Message) -> Inbound {
    let mut message = Inbound {
        message_id: Some(told.message_uuid),
        to: told.to.and_then(|to| party(&to, Written::Digits)).into_iter().collect(),
        sent_at: told.timestamp.and_then(|time| time.parse().ok()),
        ..Inbound::default()
    };
    signed_by(&mut message, told.from.as_deref(), Written::Digits);
    let file = told.rest.get(&told.message_type);
    let caption = file.and_then(|file| file["caption"].as_str());
    message.text = told.text.or_else(|| caption.map(str::to_owned)).unwrap_or_default();
    message.fresh_text.clone_from(&message.text);
    match file.and_then(|file| file["url"].as_str()) {
        Some(address) => message.media.push(Media {
            handle: address.to_owned(),
            name: file.and_then(|file| file["name"].as_str()).map(str::to_owned),
            content_type: None,
        }),
        None if told.message_type == "text" => {}
        None => message.oddities.push("The message is of a kind that is not known here".to_owned()),
    }
    message
}

fn of_sms(parameters: &Parameters) -> Result<Inbound> {
    let get = |name: &str| {
        let found = parameters.iter().find(|(n, v)| n == name.as_bytes() && !v.is_empty());
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    };
    let id = get("messageId").ok_or_else(|| Error::malformed("read", "a text without messageId"))?;
    let kind = get("type").ok_or_else(|| Error::malformed("read", "a text without type"))?;
    let text = get("text").unwrap_or_default().to_owned();
    let mut message = Inbound {
        message_id: Some(id.to_owned()),
        to: get("to").and_then(|to| party(to, Written::Digits)).into_iter().collect(),
        sent_at: get("message-timestamp").and_then(|time| format!("{time}Z").parse().ok()),
        fresh_text: text.clone(),
        text,
        ..Inbound::default()
    };
    signed_by(&mut message, get("msisdn"), Written::Digits);
    if get("concat") == Some("true") {
        let (part, total) = (get("concat-part").unwrap_or("?"), get("concat-total").unwrap_or("?"));
        message
            .oddities
            .push(format!("This is part {part} of {total} of a long text; the other parts come by themselves"));
    }
    if !matches!(kind, "text" | "unicode") {
        message.oddities.push("The text is not in letters and was left out".to_owned());
    }
    Ok(message)
}
