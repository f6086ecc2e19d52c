//! What a tenant says about its account.

use civicdesk_contract::{Error, Result, Secret};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call;

/// An account on a Mastodon instance.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MastodonSettings {
    /// The instance, such as `https://social.riverton.example`.
    pub url: String,
    /// The access token of an application on the account, with the scopes `read` and `write`.
    pub token: Secret,
    /// How often to look when the instance's streaming says nothing.
    #[serde(default = "a_minute")]
    pub every_seconds: u32,
    /// Passes over what was written before this moment, such as `2026-11-22T10:00:00Z`: an account with a past would
    /// otherwise bring a message for every old mention.
    #[serde(default)]
    pub since: Option<String>,
}

fn a_minute() -> u32 {
    60
}

impl MastodonSettings {
    pub fn checked(mut self) -> Result<Self> {
        self.url = call::base("url", &self.url)?;
        if self.token.expose().is_empty() || !self.token.expose().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::settings("token is empty, or holds what no token holds"));
        }
        if !(1..=3600).contains(&self.every_seconds) {
            return Err(Error::settings("every_seconds is 1 to 3600"));
        }
        if self.since.as_ref().is_some_and(|since| since.parse::<Timestamp>().is_err()) {
            return Err(Error::settings("since is not a moment such as 2026-11-22T10:00:00Z"));
        }
        Ok(self)
    }
}
