//! What a tenant says of the number that citizens call.

use civicdesk_contract::{Error, Result, Secret, exchange};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{who, words::Language};

/// A Twilio account, the number that citizens call, and what they can do there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceSettings {
    /// The account's SID, which begins with `AC`.
    pub account_sid: String,
    /// The account's auth token. Twilio signs its calls with it.
    pub auth_token: Secret,
    /// The number that citizens call, such as `+447700900001`. At Twilio, its webhook for calls is the address of this
    /// channel's hook, by POST.
    pub number: String,
    /// The languages that callers can choose, the agency's own first: `en` and `es`, or with the country whose voice is
    /// heard, such as `en-GB` or `es-MX`.
    #[serde(default = "languages")]
    pub languages: Vec<String>,
    /// Whether callers can hear how their case stands.
    #[serde(default = "yes")]
    pub standing: bool,
    /// Whether callers can leave a message.
    #[serde(default = "yes")]
    pub message: bool,
    /// Whether callers who forgot the password of their account can have a code texted to the number that they call from.
    #[serde(default)]
    pub code: bool,
    /// The longest message, in seconds.
    #[serde(default = "two_minutes")]
    pub message_seconds: u32,
    /// The number at which the desk answers. Leave it out where nobody can be spoken to.
    pub desk: Option<String>,
    /// How many seconds the desk's telephone rings.
    #[serde(default = "half_a_minute")]
    pub desk_seconds: u32,
    /// Where Twilio's API is.
    #[serde(default = "api")]
    pub url: String,
}

fn languages() -> Vec<String> {
    vec!["en".to_owned(), "es".to_owned()]
}

fn yes() -> bool {
    true
}

fn two_minutes() -> u32 {
    120
}

fn half_a_minute() -> u32 {
    30
}

fn api() -> String {
    "https://api.twilio.com".to_owned()
}

impl VoiceSettings {
    pub fn checked(mut self) -> Result<Self> {
        let sid = self.account_sid.strip_prefix("AC").unwrap_or_default();
        if sid.len() != 32 || !sid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::settings("account_sid must be AC and 32 hexadecimal digits"));
        }
        if self.auth_token.expose().trim().is_empty() {
            return Err(Error::settings("auth_token is empty"));
        }
        for (field, number) in [("number", Some(&self.number)), ("desk", self.desk.as_ref())] {
            if number.is_some_and(|number| who::number(number).is_none()) {
                return Err(Error::settings(format!(
                    "{field} must be a number with its country, such as +447700900001"
                )));
            }
        }
        if let Some(unknown) = self.languages.iter().find(|tag| Language::of(tag).is_none()) {
            return Err(Error::settings(format!("languages: {unknown:?} is not spoken here")));
        }
        if self.languages.is_empty() || self.languages.len() > 9 {
            return Err(Error::settings("languages must name one to nine: each has its key"));
        }
        if !(10..=600).contains(&self.message_seconds) {
            return Err(Error::settings("message_seconds must be between 10 and 600"));
        }
        if !(5..=120).contains(&self.desk_seconds) {
            return Err(Error::settings("desk_seconds must be between 5 and 120"));
        }
        if !self.standing && !self.message && !self.code && self.desk.is_none() {
            return Err(Error::settings("callers could do nothing: offer standing, message, code or desk"));
        }
        self.url = exchange::address("url", &self.url)?;
        Ok(self)
    }

    /// The languages that callers can choose.
    pub fn spoken(&self) -> Vec<Language> {
        self.languages.iter().filter_map(|tag| Language::of(tag)).collect()
    }
}
