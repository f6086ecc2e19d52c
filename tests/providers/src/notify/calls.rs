//! Notify's callbacks: receipts and received texts, in JSON under a bearer token.

use std::sync::PoisonError;

use civicdesk_contract::HookCall;
use serde_json::{Value, json};

use super::{CALLBACK_TOKEN, Notify, TEMPLATE};

impl Notify {
    /// A text from `from`, which Notify writes without a plus.
    pub fn text(&self, address: &str, from: &str, message: &str) -> HookCall {
        let mut calls = self.state.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls += 1;
        let id = format!("2f6c1f7b-95b7-4e4b-8d7d-{:012x}", *calls);
        let body = json!({
            "id": id, "source_number": from.trim_start_matches('+'), "destination_number": "447700900000",
            "message": message, "date_received": "2026-11-22T12:15:30.000000Z",
        });
        call(address, &body)
    }

    /// What became of a text of ours: `delivered`, `permanent-failure`, `temporary-failure`, `technical-failure`.
    pub fn status(&self, address: &str, id: &str, status: &str) -> HookCall {
        let taken = self.taken();
        let text = taken.iter().find(|text| text.id == id);
        let body = json!({
            "id": id, "reference": text.and_then(|text| text.reference.clone()), "to": text.map(|text| text.to.clone()),
            "status": status, "created_at": "2026-11-22T12:15:30.000000Z", "completed_at": "2026-11-22T12:15:34.000000Z",
            "sent_at": "2026-11-22T12:15:31.000000Z", "notification_type": "sms", "template_id": TEMPLATE,
            "template_version": 1,
        });
        call(address, &body)
    }
}

/// Any body, under the right token.
pub fn call(address: &str, body: &Value) -> HookCall {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HookCall {
        method: "POST".to_owned(),
        public_url: address.to_owned(),
        query: String::new(),
        headers: vec![
            header("content-type", "application/json"),
            header("authorization", &format!("Bearer {CALLBACK_TOKEN}")),
        ],
        body: body.to_string().into_bytes(),
    }
}
