//! Meta's calls to us: events in batches, signed over bytes in which every letter beyond ASCII is escaped.

use civicdesk_contract::{Clock, HookCall, SystemClock};
use serde_json::{Value, json};

use super::{Kind, Meta, VERIFY_TOKEN, hex, hmac};

impl Meta {
    /// The question whether the address is ours.
    pub fn challenge(&self, address: &str, challenge: &str) -> HookCall {
        let query = format!("hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={VERIFY_TOKEN}");
        HookCall { method: "GET".to_owned(), public_url: address.to_owned(), query, ..HookCall::default() }
    }

    /// An event of a person on Messenger or Instagram with a new message; `more` adds to the message.
    pub fn page_event(&self, person: &str, more: Value) -> Value {
        let mid = format!("m_in{}", self.state.account().next());
        let mut message = json!({ "mid": mid });
        if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
            message.extend(more);
        }
        self.page_other(person, json!({ "message": message }))
    }

    /// Any other event of a person, such as `{"read": {"watermark": 1}}`.
    pub fn page_other(&self, person: &str, event: Value) -> Value {
        let mut all = json!({
            "sender": { "id": person }, "recipient": { "id": self.kind.account() },
            "timestamp": SystemClock.now().as_millisecond(),
        });
        if let (Some(all), Value::Object(event)) = (all.as_object_mut(), event) {
            all.extend(event);
        }
        all
    }

    /// A message of a person on WhatsApp; `more` adds to it, its type included.
    pub fn number_message(&self, person: &str, more: Value) -> Value {
        let id = format!("wamid.IN{}", self.state.account().next());
        let mut message = json!({ "from": person, "id": id, "timestamp": SystemClock.now().as_second().to_string() });
        if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
            message.extend(more);
        }
        message
    }

    /// What became of a message on WhatsApp.
    pub fn number_status(&self, id: &str, status: &str, errors: Value) -> Value {
        let mut told = json!({
            "id": id, "status": status, "timestamp": SystemClock.now().as_second().to_string(), "recipient_id": "15005550006",
        });
        if errors.is_array() {
            told["errors"] = errors;
        }
        told
    }

    /// One call with all these events: on Messenger and Instagram as messaging events, on WhatsApp `messages`.
    pub fn call(&self, address: &str, events: &[Value]) -> HookCall {
        match self.kind {
            Kind::Whatsapp => self.number_call(address, self.kind.account(), events, &[]),
            _ => {
                let object = if self.kind == Kind::Messenger { "page" } else { "instagram" };
                let entry = json!({ "id": self.kind.account(), "time": 1, "messaging": events });
                signed(address, &json!({ "object": object, "entry": [entry] }))
            }
        }
    }

    /// A call about a number on WhatsApp.
    pub fn number_call(&self, address: &str, number: &str, messages: &[Value], statuses: &[Value]) -> HookCall {
        let contact = json!({ "profile": { "name": "María Gómez" }, "wa_id": "15005550006" });
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15005550100", "phone_number_id": number },
        });
        if !messages.is_empty() {
            value["contacts"] = json!([contact]);
            value["messages"] = messages.into();
        }
        if !statuses.is_empty() {
            value["statuses"] = statuses.into();
        }
        let entry = json!({ "id": "102290000000001", "changes": [{ "field": "messages", "value": value }] });
        signed(address, &json!({ "object": "whatsapp_business_account", "entry": [entry] }))
    }
}

/// Any call as Meta signs it.
pub fn signed(address: &str, told: &Value) -> HookCall {
    let body = escaped(&told.to_string()).into_bytes();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-hub-signature-256", format!("sha256={}", hex(&hmac(&body)))),
        ("user-agent", "facebookexternalua".to_owned()),
    ];
    HookCall {
        method: "POST".to_owned(),
        public_url: address.to_owned(),
        query: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body,
    }
}

fn escaped(json: &str) -> String {
    let letter = |c: char| match c {
        '/' => "\\/".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    json.chars().map(letter).collect()
}
