//! The SMS API's `sig`: a hash over the parameters in their order, with the account's signature secret.
//!
//! `&` and `=` inside a value are both written `_` before they are hashed, so a value that differs in these three signs
//! alone has the same signature. It is Vonage's scheme; the Messages API has none of this.

use civicdesk_contract::Secret;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use schemars::JsonSchema;
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::equal::{hex, same};

/// How an account signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// MD5 over parameters and secret, not an HMAC.
    #[default]
    Md5hash,
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// The parameters of a call, as bytes.
pub type Parameters = Vec<(Vec<u8>, Vec<u8>)>;

/// Whether `sig` among the parameters is right for the others.
pub fn holds(method: Method, secret: &Secret, parameters: &Parameters) -> bool {
    let mut given = parameters.iter().filter(|(name, _)| name == b"sig").map(|(_, value)| value);
    let (Some(sig), None) = (given.next(), given.next()) else { return false };
    // Names are hashed as they are: one that holds the marks between parameters could stand for several.
    if parameters.iter().any(|(name, _)| name.iter().any(|byte| matches!(byte, b'&' | b'='))) {
        return false;
    }
    let right = sign(method, secret.expose().as_bytes(), &covered(parameters));
    right.is_some_and(|right| same(&sig.to_ascii_lowercase(), hex(&right).as_bytes()))
}

/// `&name=value` for each parameter but the signature itself, by name.
fn covered(parameters: &Parameters) -> Vec<u8> {
    let mut sorted: Vec<&(Vec<u8>, Vec<u8>)> = parameters.iter().filter(|(name, _)| name != b"sig").collect();
    sorted.sort();
    let mut text = Vec::new();
    for (name, value) in sorted {
        text.push(b'&');
        text.extend_from_slice(name);
        text.push(b'=');
        text.extend(value.iter().map(|byte| if matches!(byte, b'&' | b'=') { b'_' } else { *byte }));
    }
    text
}

fn sign(method: Method, secret: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    Some(match method {
        Method::Md5hash => Md5::new().chain_update(text).chain_update(secret).finalize().to_vec(),
        Method::Md5 => mac(Hmac::<Md5>::new_from_slice(secret).ok()?, text),
        Method::Sha1 => mac(Hmac::<Sha1>::new_from_slice(secret).ok()?, text),
        Method::Sha256 => mac(Hmac::<Sha256>::new_from_slice(secret).ok()?, text),
        Method::Sha512 => mac(Hmac::<Sha512>::new_from_slice(secret).ok()?, text),
    })
}

fn mac(mut mac: impl Mac, text: &[u8]) -> Vec<u8> {
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
