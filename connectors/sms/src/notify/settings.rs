//! What a tenant says of its service at GOV.UK Notify.

use civicdesk_contract::{Error, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use super::key::Key;
use crate::exchange;

/// A service at GOV.UK Notify and the template it writes with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifySettings {
    /// An API key of the service, whole: name, service and secret in one line.
    pub api_key: Secret,
    /// The template that texts are sent with. Its text must hold the placeholder that `field` names.
    pub template_id: String,
    /// The placeholder of the template that the answer is put into.
    #[serde(default = "field")]
    pub field: String,
    /// What stands before the placeholder in the text as it is delivered, the name of the service included, such as
    /// `City of Riverton: `. It is counted into the length.
    #[serde(default)]
    pub before: String,
    /// What stands behind the placeholder.
    #[serde(default)]
    pub behind: String,
    /// The sender to use, when it is not the service's default.
    pub sms_sender_id: Option<String>,
    /// The bearer token that was given to Notify for callbacks, at least 10 characters.
    pub callback_token: Secret,
    /// Where Notify's API is.
    #[serde(default = "api")]
    pub url: String,
}

fn field() -> String {
    "message".to_owned()
}

fn api() -> String {
    "https://api.notifications.service.gov.uk".to_owned()
}

impl NotifySettings {
    pub fn checked(mut self) -> Result<(Self, Key)> {
        let key = Key::read(&self.api_key)?;
        if !is_uuid(&self.template_id) {
            return Err(Error::settings("template_id is not a UUID"));
        }
        if self.sms_sender_id.as_ref().is_some_and(|id| !is_uuid(id)) {
            return Err(Error::settings("sms_sender_id is not a UUID"));
        }
        if self.field.trim().is_empty() {
            return Err(Error::settings("field is empty"));
        }
        if self.callback_token.expose().len() < 10 {
            return Err(Error::settings("callback_token is shorter than 10 characters"));
        }
        self.url = exchange::address("url", &self.url)?;
        Ok((self, key))
    }

    /// The text as it will be delivered.
    pub fn whole(&self, text: &str) -> String {
        super::plain(&format!("{}{}{}", self.before, text, self.behind))
    }
}

pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
