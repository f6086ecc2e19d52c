//! X's calls to us: the challenge, and what happened around the account, signed with the application's secret.

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::{Clock, HookCall, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{CONSUMER_SECRET, ME, X};

impl X {
    pub fn challenge(&self, address: &str, token: &str) -> HookCall {
        let query = format!("crc_token={token}&nonce=MTY4");
        HookCall { method: "GET".to_owned(), public_url: address.to_owned(), query, ..HookCall::default() }
    }

    /// A post of a person that mentions the account; `more` adds or replaces fields.
    pub fn post(&self, person: &str, text: &str, more: Value) -> Value {
        let id = self.state.account().next();
        let user = json!({ "id_str": person, "name": "María Gómez", "screen_name": "mariagomez", "protected": false });
        let mut post = json!({
            "id_str": id, "text": escaped(text), "user": user, "in_reply_to_status_id_str": null,
            "in_reply_to_user_id_str": null, "timestamp_ms": SystemClock.now().as_millisecond().to_string(),
            "entities": { "user_mentions": [{ "id_str": ME, "screen_name": "riverton" }], "urls": [] },
        });
        if let (Some(post), Value::Object(more)) = (post.as_object_mut(), more) {
            post.extend(more);
        }
        post
    }

    /// A direct message of a person; `more` adds to its data.
    pub fn direct_message(&self, person: &str, text: &str, more: Value) -> Value {
        let id = self.state.account().next();
        let mut data = json!({ "text": escaped(text), "entities": { "urls": [] } });
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        json!({
            "type": "message_create", "id": id, "created_timestamp": SystemClock.now().as_millisecond().to_string(),
            "message_create": { "target": { "recipient_id": ME }, "sender_id": person, "message_data": data },
        })
    }

    /// A person read everything up to this message of ours.
    pub fn mark_read(&self, person: &str, last: &str) -> Value {
        json!({
            "created_timestamp": SystemClock.now().as_millisecond().to_string(), "sender_id": person,
            "target": { "recipient_id": ME }, "last_read_event_id": last,
        })
    }

    /// A call with one event of a kind, such as `direct_message_events`.
    pub fn call(&self, address: &str, kind: &str, event: &Value) -> HookCall {
        let sender = event["message_create"]["sender_id"].as_str().unwrap_or("0");
        let users = json!({ sender: { "id": sender, "name": "María Gómez", "screen_name": "mariagomez" } });
        signed(address, &json!({ "for_user_id": ME, kind: [event], "users": users }).to_string())
    }
}

/// Any body as X signs it.
pub fn signed(address: &str, body: &str) -> HookCall {
    let mut mac = Hmac::<Sha256>::new_from_slice(CONSUMER_SECRET.as_bytes()).expect("HMAC takes any key");
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    let headers = [("content-type", "application/json".to_owned()), ("x-twitter-webhooks-signature", signature)];
    HookCall {
        method: "POST".to_owned(),
        public_url: address.to_owned(),
        query: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: body.as_bytes().to_vec(),
    }
}

/// X escapes three signs in texts.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
