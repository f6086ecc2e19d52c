//! What a tenant says about its bot.

use civicdesk_contract::{Error, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// A Telegram bot.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelegramSettings {
    /// The bot's token, as BotFather gave it, such as `4711:AAE…`.
    pub token: Secret,
    /// Where Telegram is to call us: the `secret_token` that `setWebhook` was called with. Leave it out to fetch messages.
    #[serde(default)]
    pub webhook_secret: Option<Secret>,
    /// The address of the Bot API, where it is a server of your own.
    #[serde(default = "official")]
    pub url: String,
}

fn official() -> String {
    "https://api.telegram.org".to_owned()
}

impl TelegramSettings {
    /// The form alone; whether the token is right is for `check` to find out.
    pub fn checked(mut self) -> Result<Self> {
        let word =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        let (number, rest) = self.token.expose().split_once(':').unwrap_or_default();
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) || !word(rest) {
            return Err(Error::settings("token is not a bot's token: digits, a colon, letters"));
        }
        if let Some(secret) = &self.webhook_secret
            && !(word(secret.expose()) && secret.expose().len() <= 256)
        {
            return Err(Error::settings("webhook_secret is 1 to 256 letters, digits, _ or -"));
        }
        self.url = crate::call::base("url", &self.url)?;
        Ok(self)
    }
}
