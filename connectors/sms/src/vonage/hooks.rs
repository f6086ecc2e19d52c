//! Vonage's calls, verified and sorted: a text, a report, or something that is none of our business.

use civicdesk_contract::{Envelope, ExternalId, HookCall, RawItem, Receipt, ReceiptState, Received, Result, Secret};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    errors, read,
    signature::{self, Method, Parameters},
    token,
};
use crate::{equal::forged, form::fields};

/// A call of the Messages API: its token covers the body to the byte.
pub fn messages(secret: &Secret, application: &str, now: Timestamp, call: &HookCall) -> Result<Received> {
    token::verify(secret, application, now, call)?;
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let Some(id) = text_of(&body, "message_uuid") else { return Ok(Received::default()) };
    if let Some(status) = body["status"].as_str() {
        let state = match status {
            "submitted" => ReceiptState::Sent,
            "delivered" => ReceiptState::Delivered,
            "read" => ReceiptState::Read,
            "rejected" | "undeliverable" => ReceiptState::Failed,
            _ => return Ok(Received::default()),
        };
        let code = body["error"]["title"].as_str().or_else(|| body["error"]["type"].as_str());
        let detail = (state == ReceiptState::Failed).then(|| errors::undelivered(code));
        return Ok(report(Receipt { id: ExternalId(id), state, detail }));
    }
    if !body["message_type"].is_string() {
        return Ok(Received::default());
    }
    let received_at = body["timestamp"].as_str().and_then(|time| time.parse().ok());
    let to = text_of(&body, "to").into_iter().collect();
    let envelope = Envelope { from: text_of(&body, "from"), to, received_at };
    Ok(item(id, envelope, call.body.clone()))
}

/// A call of the SMS API: its signature covers the parameters, wherever they stand.
pub fn legacy(secret: &Secret, method: Method, now: Timestamp, call: &HookCall) -> Result<Received> {
    let raw = if call.method == "GET" { call.query.as_bytes() } else { call.body.as_slice() };
    let parameters = parameters(raw).ok_or_else(forged)?;
    let get = |name: &str| {
        let found = parameters.iter().find(|(n, v)| n == name.as_bytes() && !v.is_empty());
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let signed_at: Option<i64> = get("timestamp").and_then(|time| time.parse().ok());
    let of_now = signed_at.is_some_and(|at| now.as_second().abs_diff(at) <= token::TOLERANCE.unsigned_abs());
    if !signature::holds(method, secret, &parameters) || !of_now {
        return Err(forged());
    }
    let Some(id) = get("messageId") else { return Ok(Received::default()) };
    if let Some(status) = get("status") {
        let state = match status.as_str() {
            "accepted" | "buffered" => ReceiptState::Sent,
            "delivered" => ReceiptState::Delivered,
            "expired" | "failed" | "rejected" => ReceiptState::Failed,
            _ => return Ok(Received::default()),
        };
        let detail = (state == ReceiptState::Failed).then(|| errors::undelivered(get("err-code").as_deref()));
        // Each part of a text has an id of its own; our own name for the whole comes back beside it.
        let id = ExternalId(get("client-ref").unwrap_or(id));
        return Ok(report(Receipt { id, state, detail }));
    }
    if read::text(raw).is_err() {
        return Ok(Received::default());
    }
    let envelope = Envelope { from: get("msisdn"), to: get("to").into_iter().collect(), received_at: None };
    Ok(item(id, envelope, raw.to_vec()))
}

/// The parameters of a query, a form or a flat JSON object, as they are signed.
pub fn parameters(raw: &[u8]) -> Option<Parameters> {
    if raw.trim_ascii_start().first() != Some(&b'{') {
        return fields(raw);
    }
    let object: serde_json::Map<String, Value> = serde_json::from_slice(raw).ok()?;
    let plain = |(name, value): (String, Value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null => String::new(),
            Value::Array(_) | Value::Object(_) => return None,
        };
        Some((name.into_bytes(), text.into_bytes()))
    };
    object.into_iter().map(plain).collect()
}

fn report(receipt: Receipt) -> Received {
    Received { receipts: vec![receipt], ..Received::default() }
}

fn item(id: String, envelope: Envelope, raw: Vec<u8>) -> Received {
    Received { items: vec![RawItem { id: ExternalId(id), place: None, envelope, raw }], ..Received::default() }
}

fn text_of(body: &Value, field: &str) -> Option<String> {
    body[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
