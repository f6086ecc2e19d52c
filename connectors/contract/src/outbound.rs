//! A message to somebody outside, and what the network says became of it.

use jiff::Timestamp;

use crate::{ExternalId, Party};

/// One message to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbound {
    /// Stable over retries. Two sends with one key are the same message.
    pub key: String,
    /// The id that the message carries on the network (for mail, the Message-ID without angle brackets). Stable too.
    pub message_id: String,
    /// The name shown as the writer; the address is the channel's own.
    pub from_name: Option<String>,
    pub to: Vec<Party>,
    pub cc: Vec<Party>,
    /// Where answers should come back, when it is not the channel's own address.
    pub reply_to: Option<String>,
    /// Where the network should report failures; `Some("")` is the null return path.
    pub return_path: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub attachments: Vec<OutboundAttachment>,
    /// The message it answers, and the chain before it, oldest first.
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    /// A letter of ours: it must be marked so that no machine answers it.
    pub automatic: bool,
    /// Anyone may read it. Only an answer to what was public may be; `false` is for the eyes of `to` and `cc` alone.
    pub public: bool,
    pub written_at: Timestamp,
    /// When the person it is to last wrote to us on this channel, where that is known: some networks close a conversation
    /// that long after.
    pub heard_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundAttachment {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// The network took the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The network's name of it, by which receipts will speak of it.
    pub id: ExternalId,
    /// What the network answered, for staff, such as `250 2.0.0 Ok: queued as 4F2`.
    pub detail: String,
}

/// What the network says later about a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: ExternalId,
    pub state: ReceiptState,
    pub detail: Option<String>,
}

/// What became of everything that was sent to one person up to a moment, on networks that do not name each message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// The person's address, as in `Party`.
    pub to: String,
    pub state: ReceiptState,
    pub until: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    Sent,
    Delivered,
    Read,
    Failed,
    /// Failed because the person has told the network that they want nothing more from us.
    OptedOut,
}
