//! Notify's API key, and the token that each request is made with: a JWT that names the service and the time.

use civicdesk_contract::{Error, Result, Secret};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::settings::is_uuid;

const UUID: usize = 36;

/// `name-SERVICE-SECRET`: the two UUIDs at the end of a key.
pub struct Key {
    pub service: String,
    secret: EncodingKey,
}

impl Key {
    pub fn read(key: &Secret) -> Result<Self> {
        let wrong = || Error::settings("api_key is not whole: it ends with two UUIDs");
        let text = key.expose().trim();
        let secret = text.len().checked_sub(UUID).and_then(|at| text.get(at..)).ok_or_else(wrong)?;
        let rest = text.get(..text.len() - UUID).and_then(|rest| rest.strip_suffix('-')).ok_or_else(wrong)?;
        let service = rest.len().checked_sub(UUID).and_then(|at| rest.get(at..)).ok_or_else(wrong)?;
        if !is_uuid(secret) || !is_uuid(service) {
            return Err(wrong());
        }
        Ok(Self { service: service.to_owned(), secret: EncodingKey::from_secret(secret.as_bytes()) })
    }

    /// Good for half a minute around `now`.
    pub fn token(&self, operation: &'static str, now: Timestamp) -> Result<String> {
        let claims = json!({ "iss": self.service, "iat": now.as_second() });
        encode(&Header::new(Algorithm::HS256), &claims, &self.secret)
            .map_err(|_| Error::malformed(operation, "no token could be made from the key"))
    }
}
