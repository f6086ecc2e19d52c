//! What a tenant says of its Twilio account.

use civicdesk_contract::{Error, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::exchange;

/// A Twilio account and the number it writes from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioSettings {
    /// The account's SID, which begins with `AC`.
    pub account_sid: String,
    /// The account's auth token. Twilio signs its calls with it.
    pub auth_token: Secret,
    /// The number, short code or sender name to write from, such as `+447700900001`. A sender name cannot be answered.
    pub from: Option<String>,
    /// The SID of a messaging service to write from instead, which begins with `MG`.
    pub messaging_service_sid: Option<String>,
    /// Where Twilio reports what became of a text: the address of this channel's hook. Leave it out where the messaging
    /// service has it.
    pub status_callback: Option<String>,
    /// Where Twilio's API is.
    #[serde(default = "api")]
    pub url: String,
}

fn api() -> String {
    "https://api.twilio.com".to_owned()
}

impl TwilioSettings {
    pub fn checked(mut self) -> Result<Self> {
        if !is_sid(&self.account_sid, "AC") {
            return Err(Error::settings("account_sid must be AC and 32 hexadecimal digits"));
        }
        if self.auth_token.expose().trim().is_empty() {
            return Err(Error::settings("auth_token is empty"));
        }
        if self.from.as_ref().is_some_and(|from| from.trim().is_empty()) {
            return Err(Error::settings("from is empty"));
        }
        if self.messaging_service_sid.as_ref().is_some_and(|sid| !is_sid(sid, "MG")) {
            return Err(Error::settings("messaging_service_sid must be MG and 32 hexadecimal digits"));
        }
        if self.from.is_some() == self.messaging_service_sid.is_some() {
            return Err(Error::settings("give either from or messaging_service_sid"));
        }
        if let Some(callback) = &self.status_callback {
            exchange::address("status_callback", callback)?;
        }
        self.url = exchange::address("url", &self.url)?;
        Ok(self)
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
