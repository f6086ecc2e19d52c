//! What a tenant says of its Vonage account, for the one API or the other.

use civicdesk_contract::{Error, Result, Secret};
use jsonwebtoken::EncodingKey;
use schemars::JsonSchema;
use serde::Deserialize;

use super::signature::Method;
use crate::exchange;

/// A Vonage account and the number it writes from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VonageSettings {
    /// Which of the two APIs the account uses. The Messages API signs the whole of its calls; prefer it.
    #[serde(default)]
    pub api: Api,
    /// The number or the sender name to write from, such as `447700900001`. A sender name cannot be answered.
    pub from: String,
    /// The account's signature secret, with which Vonage signs its calls.
    pub signature_secret: Secret,
    /// Messages API: the application's id.
    pub application_id: Option<String>,
    /// Messages API: the application's private key, in PEM.
    pub private_key: Option<Secret>,
    /// SMS API: the account's key.
    pub api_key: Option<String>,
    /// SMS API: the account's secret.
    pub api_secret: Option<Secret>,
    /// SMS API: how the account signs its calls.
    #[serde(default)]
    pub signature_method: Method,
    /// Where Vonage reports what became of a text, when it is not what the account or the application says.
    pub callback: Option<String>,
    /// Where the API is, when it is not Vonage's own address.
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    #[default]
    Messages,
    Sms,
}

/// By what requests are signed in.
pub enum Account {
    Messages { application: String, key: Box<EncodingKey> },
    Sms { key: String, secret: Secret },
}

impl VonageSettings {
    pub fn checked(self) -> Result<(Self, Account)> {
        if self.from.trim().is_empty() {
            return Err(Error::settings("from is empty"));
        }
        if self.signature_secret.expose().trim().is_empty() {
            return Err(Error::settings("signature_secret is empty"));
        }
        for (field, address) in [("url", &self.url), ("callback", &self.callback)] {
            if let Some(address) = address {
                exchange::address(field, address)?;
            }
        }
        let account = match self.api {
            Api::Messages => {
                let application = needed("application_id", self.application_id.as_ref())?;
                let pem = needed("private_key", self.private_key.as_ref())?;
                let key = EncodingKey::from_rsa_pem(pem.expose().as_bytes())
                    .map_err(|_| Error::settings("private_key is not an RSA key in PEM"))?;
                Account::Messages { application: application.clone(), key: Box::new(key) }
            }
            Api::Sms => Account::Sms {
                key: needed("api_key", self.api_key.as_ref())?.clone(),
                secret: needed("api_secret", self.api_secret.as_ref())?.clone(),
            },
        };
        Ok((self, account))
    }

    /// Where the API is, without a slash at the end.
    pub fn base(&self) -> &str {
        let own = match self.api {
            Api::Messages => "https://api.nexmo.com",
            Api::Sms => "https://rest.nexmo.com",
        };
        self.url.as_deref().unwrap_or(own).trim_end_matches('/')
    }
}

fn needed<'a, T>(field: &str, value: Option<&'a T>) -> Result<&'a T> {
    value.ok_or_else(|| Error::settings(format!("{field} is needed for this API")))
}
