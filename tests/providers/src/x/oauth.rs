//! Checks a request's OAuth 1.0a signature as X does: every field, a fresh time, and HMAC-SHA1 over the whole.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::{Clock, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET};
use crate::form;

/// The nonce, where the signature holds.
pub fn verified(header: Option<&str>, method: &str, address: &str, query: &str) -> Option<String> {
    let fields = header?.strip_prefix("OAuth ")?.split(", ").map(|field| {
        let (name, value) = field.split_once('=')?;
        Some((name.to_owned(), form::read(value.trim_matches('"').as_bytes()).first()?.0.clone()))
    });
    let mut fields: BTreeMap<String, String> = fields.collect::<Option<_>>()?;
    let given = fields.remove("oauth_signature")?;
    let field = |name: &str| fields.get(name).map(String::as_str);
    let age = SystemClock.now().as_second() - field("oauth_timestamp")?.parse::<i64>().ok()?;
    let right = field("oauth_consumer_key") == Some(CONSUMER_KEY)
        && field("oauth_token") == Some(TOKEN)
        && field("oauth_signature_method") == Some("HMAC-SHA1")
        && field("oauth_version") == Some("1.0")
        && age.abs() < 300;
    let nonce = field("oauth_nonce").filter(|nonce| right && nonce.len() >= 8)?.to_owned();
    let all = fields.into_iter().chain(form::read(query.as_bytes()));
    let mut all: Vec<(String, String)> = all.map(|(name, value)| (percent(&name), percent(&value))).collect();
    all.sort();
    let pairs: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let base = format!("{method}&{}&{}", percent(address), percent(&pairs.join("&")));
    let key = format!("{CONSUMER_SECRET}&{TOKEN_SECRET}");
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(base.as_bytes());
    (BASE64_STANDARD.encode(mac.finalize().into_bytes()) == given).then_some(nonce)
}

fn percent(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
