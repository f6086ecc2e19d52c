//! What a channel can do, as data: the host refuses whatever is not declared before the connector is called.

use serde::Serialize;

/// What a connector's channels can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capabilities {
    /// Messages are fetched with a cursor (`poll` and `wait`).
    pub poll: bool,
    /// The provider calls us (`receive`).
    pub hooks: bool,
    /// The connector holds a session open and hands messages over itself (`run`).
    pub session: bool,
    /// Messages can be sent (`send`).
    pub send: bool,
    /// Sending twice with one key delivers once, so that an unknown outcome may be tried again.
    pub idempotent_send: bool,
    /// Messages may carry HTML.
    pub html: bool,
    /// Messages may carry files, in both directions.
    pub attachments: bool,
    /// Messages name the message they answer.
    pub threads: bool,
    /// The network reports delivery after `send` has returned.
    pub receipts: bool,
    /// People speak: what they say comes as a recording, and a call is answered in turns (`reply`).
    pub spoken: bool,
    /// Outside an open conversation only pre-approved templates may be sent.
    pub templates_only: bool,
    /// Who can read what is written on the channel.
    pub visibility: Visibility,
    /// The longest text of one message, in `text_unit`; `None` where the network sets no limit, or each account its own.
    pub max_text: Option<usize>,
    /// What the network counts.
    pub text_unit: TextUnit,
    /// How people are named on this network.
    pub identities: Vec<IdentityKind>,
}

impl Capabilities {
    /// Nothing at all: the base from which a connector declares what it has.
    pub fn none() -> Self {
        Self {
            poll: false,
            hooks: false,
            session: false,
            send: false,
            idempotent_send: false,
            html: false,
            attachments: false,
            threads: false,
            receipts: false,
            spoken: false,
            templates_only: false,
            visibility: Visibility::Private,
            max_text: None,
            text_unit: TextUnit::Characters,
            identities: Vec::new(),
        }
    }
}

/// What a network counts when it limits a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode scalar values.
    Characters,
    /// UTF-16 code units: most emoji count as two or more.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

impl TextUnit {
    /// How long the network holds this text to be.
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Characters => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }

    /// The word used in the API and in what staff read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Utf16 => "utf16",
            Self::Bytes => "bytes",
        }
    }
}

/// Who can read what is written on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    Private,
    Public,
    Both,
}

/// How a person is named on a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    Email,
    Phone,
    Handle,
    Account,
}

impl IdentityKind {
    /// The word used in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Handle => "handle",
            Self::Account => "account",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TextUnit;

    #[test]
    fn a_text_is_as_long_as_its_network_counts() {
        let text = "שלום 👍🏽";
        assert_eq!(TextUnit::Characters.count(text), 7);
        assert_eq!(TextUnit::Utf16.count(text), 9);
        assert_eq!(TextUnit::Bytes.count(text), 17);
    }
}
