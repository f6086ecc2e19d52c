//! X's challenge (CRC) and the signature of its calls: one key and one scheme for both.
//!
//! Whoever asks gets a challenge signed. A challenge that could be a body would make us sign a forgery: hence only such
//! are answered as X makes them, and no body is of that form.

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::{Answer, HookCall, Received, Result, Secret};

use crate::{
    hook::{self, forged},
    sign,
};

const LONGEST: usize = 200;

pub fn challenge(call: &HookCall, secret: &Secret) -> Result<Received> {
    let token = hook::query(call, "crc_token").ok_or_else(|| forged("the challenge holds no crc_token"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+/.".contains(&byte);
    if token.is_empty() || token.len() > LONGEST || !token.bytes().all(plain) {
        return Err(forged("the crc_token is none of X's"));
    }
    let body = format!(r#"{{"response_token":"{}"}}"#, signature(secret, token.as_bytes())).into_bytes();
    let answer = Answer { status: 200, content_type: "application/json", body };
    Ok(Received { answer, ..Received::default() })
}

pub fn verify(call: &HookCall, secret: &Secret) -> Result<()> {
    let given = hook::only_header(call, "x-twitter-webhooks-signature")?;
    if !sign::same(given.as_bytes(), signature(secret, &call.body).as_bytes()) {
        return Err(forged("the signature does not hold"));
    }
    Ok(())
}

fn signature(secret: &Secret, message: &[u8]) -> String {
    format!("sha256={}", BASE64_STANDARD.encode(sign::hmac_sha256(secret.expose().as_bytes(), message)))
}
