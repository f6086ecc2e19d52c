//! What all providers' calls share: one signature header, a size that is bearable, JSON inside.

use civicdesk_contract::{Error, HookCall, Kind, Result, Retry};
use serde_json::Value;

/// Providers send far less; a body of this size costs us too much to read.
const LARGEST: usize = 4 << 20;

pub fn forged(detail: &str) -> Error {
    Error::new(Kind::Forged, Retry::Never, "receive", detail)
}

/// The header, where the call holds it exactly once: of two, one could be checked and the other believed.
pub fn only_header<'a>(call: &'a HookCall, name: &str) -> Result<&'a str> {
    let mut all = call.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str());
    match (all.next(), all.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(forged("the signature is missing")),
        _ => Err(forged("there are two signatures")),
    }
}

/// The body of a call that was verified.
pub fn json(call: &HookCall) -> Result<Value> {
    if call.body.len() > LARGEST {
        return Err(Error::malformed("receive", format!("the call has {} bytes", call.body.len())));
    }
    serde_json::from_slice(&call.body).map_err(|e| Error::malformed("receive", format!("not JSON: {:?}", e.classify())))
}

/// A parameter of the call's query.
pub fn query(call: &HookCall, name: &str) -> Option<String> {
    let mut url = reqwest::Url::parse("http://query.invalid/").ok()?;
    url.set_query(Some(&call.query));
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
