//! A message from outside in the one form that every channel shares.

use jiff::Timestamp;

use crate::IdentityKind;

/// A message from outside. The host decides which case it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inbound {
    /// The network's id of the message (for mail, the Message-ID without angle brackets), if it has one.
    pub message_id: Option<String>,
    pub thread: ThreadHints,
    pub from: Option<Party>,
    /// Where the writer wants answers, when it is not `from`.
    pub reply_to: Option<Party>,
    pub to: Vec<Party>,
    pub cc: Vec<Party>,
    /// When the writer's machine says it was written.
    pub sent_at: Option<Timestamp>,
    pub subject: Option<String>,
    /// The whole text, quotes and signature included.
    pub text: String,
    /// The text without what was quoted from earlier messages.
    pub fresh_text: String,
    /// HTML that is safe to show: sanitized, without remote content.
    pub html: Option<String>,
    pub attachments: Vec<InboundAttachment>,
    /// Files that the network keeps and hands out on asking, by [`crate::Channel::fetch`].
    pub media: Vec<Media>,
    /// Whether a machine wrote it.
    pub automatic: Automatic,
    /// Set where the network itself took the message for one of these words, and has acted on it.
    pub keyword: Option<Keyword>,
    /// Set when the message reports what became of one of ours.
    pub report: Option<Report>,
    /// Anyone could read it where it was written.
    pub public: bool,
    /// What was odd or left out, in words for staff, such as `HTML over 1 MiB was not shown`.
    pub oddities: Vec<String>,
}

/// Who a message is from or to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Party {
    pub kind: IdentityKind,
    /// As the network wrote it; the host normalizes it for comparison.
    pub address: String,
    pub name: Option<String>,
}

/// What a message says about the conversation it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadHints {
    /// Ids of messages it answers, nearest first.
    pub in_reply_to: Vec<String>,
    /// Ids of the whole chain, nearest first.
    pub references: Vec<String>,
    /// The network's own id of the conversation.
    pub key: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundAttachment {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
    /// What the HTML calls it (`cid:`), without angle brackets.
    pub content_id: Option<String>,
    /// Meant to be seen inside the text rather than beside it.
    pub inline: bool,
}

/// A file of a message that still lies at the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Media {
    /// By what `fetch` finds it; only the connector reads it. Holds no secret.
    pub handle: String,
    pub name: Option<String>,
    pub content_type: Option<String>,
}

/// A word by which a writer speaks to the network rather than to us. Where the network says nothing, the host's own rule
/// looks at the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyword {
    /// Send me nothing more.
    Stop,
    /// You may write to me again.
    Start,
    /// Who are you?
    Help,
}

/// Whether a machine wrote a message; RFC 3834 and the headers that came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Automatic {
    /// A person wrote it, and may be answered automatically.
    #[default]
    No,
    /// A person wrote it, but asks for no automatic answer (X-Auto-Response-Suppress), or their address seems forged.
    DoNotAnswer,
    /// An absence notice or another automatic answer.
    Reply,
    /// A mailing list or bulk mail.
    Bulk,
    /// A delivery report; `Inbound::report` says of what.
    Report,
}

/// What became of a message of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The Message-ID of ours that the report is about.
    pub original_message_id: Option<String>,
    pub recipients: Vec<ReportedRecipient>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRecipient {
    pub address: String,
    /// RFC 3464's Action: `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: String,
    /// RFC 3463's status code, such as `5.1.1`.
    pub status: Option<String>,
    pub diagnostic: Option<String>,
}
