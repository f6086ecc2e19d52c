//! Vonage's calls to us: texts and reports, under a token by the Messages API, under `sig` by the SMS API.

use std::{collections::BTreeMap, sync::PoisonError};

use civicdesk_contract::HookCall;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{API_KEY, APPLICATION, NUMBER, SIGNATURE_SECRET, Vonage};
use crate::form;

impl Vonage {
    /// A text from `from` by the Messages API. Vonage writes numbers without a plus.
    pub fn text(&self, address: &str, from: &str, text: &str) -> HookCall {
        let id = format!("bbbbbbbb-bbbb-4ccc-8ddd-{:012x}", self.next());
        let body = json!({
            "channel": "sms", "message_uuid": id, "to": NUMBER, "from": from.trim_start_matches('+'),
            "timestamp": "2026-11-22T12:15:30Z", "message_type": "text", "text": text,
            "sms": { "num_messages": "1", "keyword": text.split_whitespace().next().unwrap_or_default().to_uppercase() },
            "usage": { "price": "0.0057", "currency": "EUR" }, "origin": { "network_code": "12345" },
        });
        self.signed(address, &body)
    }

    /// What became of a text of ours: `submitted delivered read rejected undeliverable`, with an error's code.
    pub fn status(&self, address: &str, id: &str, status: &str, error: Option<u32>) -> HookCall {
        let mut body = json!({
            "message_uuid": id, "to": "15005550006", "from": NUMBER, "timestamp": "2026-11-22T12:15:34Z",
            "status": status, "channel": "sms", "destination": { "network_code": "12345" },
        });
        if let Some(code) = error {
            body["error"] = json!({
                "type": format!("https://developer.vonage.com/api-errors/messages#{code}"), "title": code.to_string(),
                "detail": "it was not delivered", "instance": id,
            });
        }
        self.signed(address, &body)
    }

    /// Any body, under a token of now.
    pub fn signed(&self, address: &str, body: &Value) -> HookCall {
        signed(address, body, self.state.clock.seconds(), APPLICATION)
    }

    /// A text from `from` by the SMS API, signed with SHA-256.
    pub fn sms(&self, address: &str, from: &str, text: &str, more: &[(&str, &str)]) -> HookCall {
        let (id, from) = (format!("0C{:014X}", self.next()), from.trim_start_matches('+'));
        let kind = if text.is_ascii() { "text" } else { "unicode" };
        let mut fields = BTreeMap::from([
            ("messageId", id.as_str()),
            ("msisdn", from),
            ("to", NUMBER),
            ("text", text),
            ("type", kind),
            ("keyword", "HELLO"),
            ("message-timestamp", "2026-11-22 12:15:30"),
        ]);
        fields.extend(more.iter().copied());
        self.with_sig(address, &fields)
    }

    /// A report by the SMS API on one part of a text.
    pub fn sms_status(&self, address: &str, part: &str, client_ref: &str, status: &str, code: &str) -> HookCall {
        let fields = BTreeMap::from([
            ("messageId", part),
            ("client-ref", client_ref),
            ("msisdn", "15005550006"),
            ("to", NUMBER),
            ("status", status),
            ("err-code", code),
            ("network-code", "12345"),
            ("price", "0.0333"),
            ("scts", "2211221215"),
            ("message-timestamp", "2026-11-22 12:15:34"),
        ]);
        self.with_sig(address, &fields)
    }

    fn with_sig(&self, address: &str, fields: &BTreeMap<&str, &str>) -> HookCall {
        let (now, nonce) = (self.state.clock.seconds().to_string(), format!("nonce-{}", self.next()));
        let mut all = fields.clone();
        all.extend([("timestamp", now.as_str()), ("nonce", nonce.as_str()), ("api-key", API_KEY)]);
        let covered: String =
            all.iter().map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_"))).collect();
        let mut mac = Hmac::<Sha256>::new_from_slice(SIGNATURE_SECRET.as_bytes()).expect("HMAC takes any key");
        mac.update(covered.as_bytes());
        let sig: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
        all.insert("sig", &sig);
        HookCall {
            method: "POST".to_owned(),
            public_url: address.to_owned(),
            query: String::new(),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: form::write(all).into_bytes(),
        }
    }

    fn next(&self) -> u64 {
        let mut calls = self.state.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls += 1;
        *calls
    }
}

/// Any body under a token of `iat`, for any application of the account.
pub fn signed(address: &str, body: &Value, iat: i64, application: &str) -> HookCall {
    let body = body.to_string().into_bytes();
    let hash: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let claims = json!({
        "iss": "Vonage", "iat": iat, "jti": format!("{hash:.8}-{iat}"), "payload_hash": hash, "api_key": API_KEY,
        "application_id": application,
    });
    let key = EncodingKey::from_secret(SIGNATURE_SECRET.as_bytes());
    let token = encode(&Header::new(Algorithm::HS256), &claims, &key).expect("a token");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HookCall {
        method: "POST".to_owned(),
        public_url: address.to_owned(),
        query: String::new(),
        headers: vec![header("content-type", "application/json"), header("authorization", &format!("Bearer {token}"))],
        body,
    }
}
