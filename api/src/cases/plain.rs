//! A message in CivicDesk's own form: what a test key brings in without any provider, and what is written down for a citizen.

use base64::{Engine, engine::general_purpose::STANDARD};
use civicdesk_contract::{Automatic, Error, Inbound, InboundAttachment, Party, RawItem, Result, ThreadHints};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::html;

/// One message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plain {
    /// The network's id of it.
    pub message_id: Option<String>,
    pub from: Option<Party>,
    pub to: Vec<Party>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub attachments: Vec<File>,
    /// Ids of the messages that it answers, nearest first.
    pub in_reply_to: Vec<String>,
    /// The network's own name of the conversation.
    pub thread: Option<String>,
    pub automatic: Automatic,
    pub public: bool,
    pub sent_at: Option<Timestamp>,
}

/// A file of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub name: String,
    pub content_type: String,
    /// In base64.
    pub content: String,
}

impl Plain {
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Reads a message in this form. The files were looked at when it was brought in.
pub fn read(item: &RawItem) -> Result<Inbound> {
    let unread = |what: &str| Error::malformed("read", format!("not a message in our own form: {what}"));
    let plain: Plain = serde_json::from_slice(&item.raw).map_err(|_| unread("its JSON"))?;
    let files = plain.attachments.into_iter().map(|file| bytes(&file).map(|bytes| (file, bytes)));
    let files: Option<Vec<(File, Vec<u8>)>> = files.collect();
    let attachments = files.ok_or_else(|| unread("a file"))?.into_iter().map(|(file, bytes)| InboundAttachment {
        name: file.name,
        content_type: file.content_type,
        bytes,
        content_id: None,
        inline: false,
    });
    Ok(Inbound {
        message_id: plain.message_id,
        thread: ThreadHints { in_reply_to: plain.in_reply_to, references: Vec::new(), key: plain.thread },
        from: plain.from,
        to: plain.to,
        sent_at: plain.sent_at,
        subject: plain.subject,
        fresh_text: plain.text.clone(),
        text: plain.text,
        html: plain.html.as_deref().and_then(html::clean),
        attachments: attachments.collect(),
        automatic: plain.automatic,
        public: plain.public,
        ..Inbound::default()
    })
}

/// A file's bytes; none where it is no base64.
pub fn bytes(file: &File) -> Option<Vec<u8>> {
    STANDARD.decode(&file.content).ok()
}
