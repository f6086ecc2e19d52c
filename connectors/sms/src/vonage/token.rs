//! The Messages API's tokens: the one we sign our requests with, and the one Vonage signs its calls with.

use civicdesk_contract::{Error, HookCall, Result, Secret};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::equal::{forged, hex, same};

/// How far a call's time may lie from ours, in seconds. The tokens have no end of their own.
pub const TOLERANCE: i64 = 300;
/// How long a token of ours lives, in seconds.
const LIFE: i64 = 300;
/// No token of Vonage's is longer.
const LONGEST: usize = 8 * 1024;

/// A token for one request. `about` makes two tokens of one moment differ.
pub fn ours(
    operation: &'static str,
    application: &str,
    key: &EncodingKey,
    now: Timestamp,
    about: &str,
) -> Result<String> {
    let seconds = now.as_second();
    let unique = hex(&Sha256::digest(format!("{about} {}", now.as_nanosecond())));
    let claims = json!({ "application_id": application, "iat": seconds, "exp": seconds + LIFE, "jti": unique });
    encode(&Header::new(Algorithm::RS256), &claims, key)
        .map_err(|_| Error::malformed(operation, "no token could be made from the private key"))
}

/// What a token of Vonage's says.
#[derive(Debug, Deserialize)]
pub struct Claims {
    pub iat: Option<i64>,
    pub exp: Option<i64>,
    pub payload_hash: Option<String>,
    pub application_id: Option<String>,
}

/// Believes a call or refuses it as forged: the token is signed, of now, for this body and for this application.
pub fn verify(secret: &Secret, application: &str, now: Timestamp, call: &HookCall) -> Result<()> {
    let mut given = call.headers.iter().filter(|(name, _)| name == "authorization");
    let (Some((_, given)), None) = (given.next(), given.next()) else { return Err(forged()) };
    let token = given.strip_prefix("Bearer ").ok_or_else(forged)?;
    let claims = signed(secret, token).ok_or_else(forged)?;
    let now = now.as_second();
    let of_now = claims.iat.is_some_and(|iat| now.abs_diff(iat) <= TOLERANCE.unsigned_abs());
    let ended = claims.exp.is_some_and(|exp| exp < now);
    let hash = claims.payload_hash.unwrap_or_default().to_ascii_lowercase();
    let for_this_body = same(hash.as_bytes(), hex(&Sha256::digest(&call.body)).as_bytes());
    let for_us = claims.application_id.is_none_or(|id| id == application);
    if of_now && !ended && for_this_body && for_us { Ok(()) } else { Err(forged()) }
}

/// The claims of a token that was signed with this secret, whatever they are.
pub fn signed(secret: &Secret, token: &str) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let mut rules = Validation::new(Algorithm::HS256);
    rules.required_spec_claims.clear();
    // Times are held against the host's clock, not the machine's; the audience is empty in Vonage's tokens.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let key = DecodingKey::from_secret(secret.expose().as_bytes());
    decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims)
}
