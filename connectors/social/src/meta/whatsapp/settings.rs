//! What a tenant says about its number.

use civicdesk_contract::{Error, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    call,
    meta::{graph_api, hook},
};

/// A number on WhatsApp Business.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatsappSettings {
    /// The number's id at Meta (not the phone number).
    pub phone_number_id: String,
    /// The access token of a system user that may send messages.
    pub token: Secret,
    /// The application's secret, with which Meta signs its calls.
    pub app_secret: Secret,
    /// The word that was given as the verify token when the webhook was set up.
    pub verify_token: Secret,
    /// What is sent when a citizen has not written for 24 hours. Without it such answers are refused.
    #[serde(default)]
    pub template: Option<Template>,
    /// Where the Graph API is, with its version.
    #[serde(default = "graph_api")]
    pub url: String,
}

/// An approved template whose body has one variable, for the text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name at Meta, such as `answer_of_the_city`.
    pub name: String,
    /// Its language as Meta writes it, such as `en_US`.
    pub language: String,
}

impl WhatsappSettings {
    pub fn checked(mut self) -> Result<Self> {
        if self.phone_number_id.is_empty() || !self.phone_number_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::settings("phone_number_id is not a number"));
        }
        hook::check_secrets(&self.token, &self.app_secret, &self.verify_token)?;
        if self.template.as_ref().is_some_and(|t| t.name.trim().is_empty() || t.language.trim().is_empty()) {
            return Err(Error::settings("template needs a name and a language"));
        }
        self.url = call::base("url", &self.url)?;
        Ok(self)
    }
}
