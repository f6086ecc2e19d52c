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
    /// Messages may carry files.
    pub attachments: bool,
    /// Messages name the message they answer.
    pub threads: bool,
    /// The network reports delivery after `send` has returned.
    pub receipts: bool,
    /// Outside an open conversation only pre-approved templates may be sent.
    pub templates_only: bool,
    /// Who can read what is written on the channel.
    pub visibility: Visibility,
    /// The longest text of one message, in characters; `None` where the network sets no limit.
    pub max_text: Option<usize>,
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
            templates_only: false,
            visibility: Visibility::Private,
            max_text: None,
            identities: Vec::new(),
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
