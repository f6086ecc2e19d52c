//! What a tenant says about its account and its application.

use civicdesk_contract::{Error, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call;

/// An account on X, and the application that acts for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct XSettings {
    /// The account's number (not its name).
    pub user_id: String,
    /// The application's API key.
    pub consumer_key: String,
    /// The application's API key secret, with which X signs its calls.
    pub consumer_secret: Secret,
    /// The access token of the account, with the right to read, write and send direct messages.
    pub access_token: Secret,
    /// The secret of the access token.
    pub access_token_secret: Secret,
    /// Where X's API is.
    #[serde(default = "official")]
    pub url: String,
}

fn official() -> String {
    "https://api.x.com".to_owned()
}

impl XSettings {
    pub fn checked(mut self) -> Result<Self> {
        if self.user_id.is_empty() || !self.user_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::settings("user_id is not a number"));
        }
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        for (name, text) in [
            ("consumer_key", self.consumer_key.as_str()),
            ("consumer_secret", self.consumer_secret.expose()),
            ("access_token", self.access_token.expose()),
            ("access_token_secret", self.access_token_secret.expose()),
        ] {
            if !word(text) {
                return Err(Error::settings(format!("{name} is empty, or holds blanks")));
            }
        }
        self.url = call::base("url", &self.url)?;
        Ok(self)
    }
}
