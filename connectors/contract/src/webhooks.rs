//! Standard Webhooks 1.0, for whoever speaks signed HTTP with us: HMAC-SHA256 over id, time and body, with five minutes of
//! grace on either side.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Error, HookCall, Kind, Result, Retry, Secret};

const GRACE_SECONDS: u64 = 300;
/// More signatures in one header are no rotation of keys.
const MOST_SIGNATURES: usize = 16;

/// What both sides sign with.
pub struct Key(Vec<u8>);

impl Key {
    /// The key in a secret as it is handed around: base64, with `whsec_` before it or not. 24 to 64 bytes.
    pub fn read(secret: &Secret) -> Option<Self> {
        // Some libraries write secrets without padding, or with bits after the last byte.
        let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let config = config.with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let text = secret.expose().strip_prefix("whsec_").unwrap_or(secret.expose());
        let bytes = GeneralPurpose::new(&STANDARD, config).decode(text).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The `webhook-signature` of a body.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        // HMAC takes a key of any length: the other arm is never reached, and signs nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// Believes a call that was signed with this key within the last five minutes.
    pub fn verify(&self, call: &HookCall, now: Timestamp) -> Result<()> {
        let (id, time, given) =
            (only(call, "webhook-id")?, only(call, "webhook-timestamp")?, only(call, "webhook-signature")?);
        let plain = time.bytes().all(|b| b.is_ascii_digit());
        let seconds: i64 = time.parse().ok().filter(|_| plain).ok_or_else(|| forged("the time is no number"))?;
        if seconds.abs_diff(now.as_second()) > GRACE_SECONDS {
            return Err(forged("the time is more than five minutes away"));
        }
        let right = self.sign(id, seconds, &call.body);
        // Several signatures are there while keys change; all are compared, so that time tells nothing.
        let same = |one: &str| bool::from(one.as_bytes().ct_eq(right.as_bytes()));
        let holding = given.split(' ').take(MOST_SIGNATURES).filter(|one| same(one)).count();
        if holding == 0 { Err(forged("the signature does not hold")) } else { Ok(()) }
    }
}

fn forged(detail: &str) -> Error {
    Error::new(Kind::Forged, Retry::Never, "receive", detail)
}

/// The header, where the call holds it exactly once.
fn only<'a>(call: &'a HookCall, name: &str) -> Result<&'a str> {
    let mut all = call.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str());
    match (all.next(), all.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => Err(forged("a header of the signature is missing, empty or there twice")),
    }
}
