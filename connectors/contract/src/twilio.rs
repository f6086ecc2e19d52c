//! `X-Twilio-Signature`, for every connector that Twilio calls: HMAC-SHA1 with the account's token over the address and,
//! sorted, the fields of the form.
//!
//! It covers no time. An old call that is sent again is known by the message's id, which the host has.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{
    HookCall, Result, Secret,
    equal::{forged, hex, same},
    form::{Form, fields},
};

/// Believes a call or refuses it as forged.
pub fn verify(token: &Secret, call: &HookCall) -> Result<()> {
    let mut given = call.headers.iter().filter(|(name, _)| name == "x-twilio-signature");
    let (Some((_, signature)), None) = (given.next(), given.next()) else { return Err(forged()) };
    let pairs = if is_json(call) {
        if !body_is_the_signed_one(call) {
            return Err(forged());
        }
        BTreeSet::new()
    } else {
        if !is_written_out(&call.body) {
            return Err(forged());
        }
        fields(&call.body).ok_or_else(forged)?.into_iter().collect()
    };
    let url =
        if call.query.is_empty() { call.public_url.clone() } else { format!("{}?{}", call.public_url, call.query) };
    // Twilio signs the address sometimes with and sometimes without the port that goes without saying.
    let holds = spellings(&url).iter().fold(false, |holds, url| {
        let right = sign(token, url, &pairs);
        holds | right.is_some_and(|right| same(signature.as_bytes(), right.as_bytes()))
    });
    if holds { Ok(()) } else { Err(forged()) }
}

fn is_json(call: &HookCall) -> bool {
    call.header("content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json"))
}

/// Twilio writes `name=value` for every field. Names and values are signed without anything between them, so `a&b` would
/// have the signature of `a=b`.
fn is_written_out(form: &[u8]) -> bool {
    form.is_empty() || form.split(|byte| *byte == b'&').all(|pair| pair.contains(&b'='))
}

/// A body that is not a form is signed by its hash in the address.
fn body_is_the_signed_one(call: &HookCall) -> bool {
    let query = Form::read(call.query.as_bytes());
    let claimed = query.as_ref().and_then(|query| query.get("bodySHA256")).unwrap_or_default();
    same(claimed.to_ascii_lowercase().as_bytes(), hex(&Sha256::digest(&call.body)).as_bytes())
}

fn sign(token: &Secret, url: &str, pairs: &BTreeSet<(Vec<u8>, Vec<u8>)>) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose().as_bytes()).ok()?;
    mac.update(url.as_bytes());
    for (name, value) in pairs {
        mac.update(name);
        mac.update(value);
    }
    Some(BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The address as it is written, and with the scheme's own port added or left out.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return all };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(without) = authority.strip_suffix(port) {
        all.push(format!("{scheme}://{without}{rest}"));
    } else if host.ends_with(']') || !host.contains(':') {
        all.push(format!("{scheme}://{authority}{port}{rest}"));
    }
    all
}
