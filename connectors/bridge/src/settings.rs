//! What a tenant says about its bridge.

use civicdesk_contract::{Error, Result, Secret, TextUnit, webhooks::Key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A program of your own that knows a network which CivicDesk does not.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BridgeSettings {
    /// A word for the network, such as `pager`. It is in the names of messages and people, and must stay.
    pub network: String,
    /// Where the bridge listens.
    pub url: String,
    /// The secret that both sides sign with: `whsec_` and 24 to 64 bytes in base64.
    pub secret: Secret,
    /// What the bridge can do. `check` compares it with what the bridge says itself.
    pub can: Vec<Ability>,
    /// How often to ask the bridge for messages, where it can be asked.
    #[serde(default = "half_a_minute")]
    pub every_seconds: u32,
    /// The longest text of one message, in characters. Leave it out where there is no limit.
    #[serde(default)]
    pub max_text: Option<usize>,
}

/// One thing that a bridge may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// It can be asked for messages, with a cursor.
    Poll,
    /// It calls us when there is a message.
    Push,
    /// It sends answers.
    Send,
    /// It carries files.
    Attachments,
    /// It tells later what became of an answer.
    Receipts,
}

fn half_a_minute() -> u32 {
    30
}

impl BridgeSettings {
    pub fn checked(mut self) -> Result<(Self, Key)> {
        let letters = self.network.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if self.network.is_empty() || !letters {
            return Err(Error::settings("network is a word of lower-case letters and digits"));
        }
        let url = reqwest::Url::parse(&self.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            return Err(Error::settings("url is not an address such as https://bridge.riverton.example"));
        }
        if self.every_seconds == 0 {
            return Err(Error::settings("every_seconds must be at least 1"));
        }
        self.can.sort_unstable();
        self.can.dedup();
        let key = Key::read(&self.secret)
            .ok_or_else(|| Error::settings("secret is not whsec_ with 24 to 64 bytes in base64"))?;
        Ok((self, key))
    }

    /// Why a text is too long, where it is.
    pub fn too_long(&self, text: &str) -> Option<String> {
        let (is, most) = (TextUnit::Characters.count(text), self.max_text?);
        (is > most).then(|| format!("the text has {is} characters; the bridge takes {most}"))
    }
}
