//! Reads a text that a service received, in the JSON of Notify's callback.

use civicdesk_contract::{Error, Inbound, Result};
use serde::Deserialize;

use crate::people::{Written, party, signed_by};

#[derive(Deserialize)]
struct Text {
    id: String,
    source_number: Option<String>,
    destination_number: Option<String>,
    message: String,
    date_received: Option<String>,
}

pub fn text(raw: &[u8]) -> Result<Inbound> {
    let text: Text = serde_json::from_slice(raw).map_err(|_| Error::malformed("read", "not a received text"))?;
    let mut message = Inbound {
        message_id: Some(text.id),
        to: text.destination_number.and_then(|to| party(&to, Written::Digits)).into_iter().collect(),
        sent_at: text.date_received.and_then(|time| time.parse().ok()),
        fresh_text: text.message.clone(),
        text: text.message,
        ..Inbound::default()
    };
    signed_by(&mut message, text.source_number.as_deref(), Written::Digits);
    Ok(message)
}
