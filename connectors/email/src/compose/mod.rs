//! Writes a mail: pure, the same bytes for the same message, and no way out of a header.

mod address;
mod body;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use civicdesk_contract::{Error, Kind, Outbound, Result, Retry};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        MessageBuilder,
        header::{HeaderName, HeaderValue},
    },
};

pub use address::address;
use address::{mailbox, mailboxes};
use body::{Content, content};

use crate::text::plain_line;

/// Longest subject, in characters: a line of a header may hold 998 bytes.
const LONGEST_SUBJECT: usize = 500;
/// Longest id of a message that is repeated to others.
const LONGEST_ID: usize = 400;
/// Most ids in References; the first and the last ones tell the most.
const MOST_REFERENCES: usize = 20;

/// A mail ready for the wire.
#[derive(Debug)]
pub struct Composed {
    /// `None` is the null return path.
    pub return_path: Option<Address>,
    pub recipients: Vec<Address>,
    /// ASCII, lines end in CRLF.
    pub bytes: Vec<u8>,
}

/// Whose mail it is.
#[derive(Clone, Debug)]
pub struct Sender {
    pub address: Address,
    pub name: Option<String>,
}

pub fn compose(sender: &Sender, message: &Outbound) -> Result<Composed> {
    let to = mailboxes(&message.to)?;
    let cc = mailboxes(&message.cc)?;
    let mut recipients: Vec<Address> = Vec::new();
    for mailbox in to.iter().chain(&cc) {
        if !recipients.contains(&mailbox.email) {
            recipients.push(mailbox.email.clone());
        }
    }
    if recipients.is_empty() {
        return Err(refused("the message has no recipient"));
    }
    let return_path = match message.return_path.as_deref() {
        None => Some(sender.address.clone()),
        Some("") => None,
        Some(path) => Some(address(path)?),
    };

    let name = message.from_name.as_deref().or(sender.name.as_deref());
    let mut mail = Message::builder()
        .date(SystemTime::from(message.written_at))
        .from(mailbox(name, sender.address.as_ref())?)
        .message_id(Some(own_id(&message.message_id)?));
    if let Some(reply_to) = &message.reply_to {
        mail = mail.reply_to(mailbox(name, reply_to)?);
    }
    mail = to.into_iter().fold(mail, MessageBuilder::to);
    mail = cc.into_iter().fold(mail, MessageBuilder::cc);
    if let Some(subject) = &message.subject {
        mail = mail.subject(plain_line(subject, LONGEST_SUBJECT));
    }
    mail = threaded(mail, message);
    if message.automatic {
        mail = header(mail, HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated");
        mail = header(mail, HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All");
    }

    let envelope = Envelope::new(return_path.clone(), recipients.clone()).map_err(|e| refused(e.to_string()))?;
    let mail = mail.envelope(envelope);
    let mail = match content(message) {
        Content::Single(part) => mail.singlepart(part),
        Content::Multi(parts) => mail.multipart(parts),
    };
    let bytes = mail.map_err(|e| refused(e.to_string()))?.formatted();
    Ok(Composed { return_path, recipients, bytes })
}

/// The chain oldest first, the answered message last; ids that no header can carry are left out.
fn threaded(mut mail: MessageBuilder, message: &Outbound) -> MessageBuilder {
    let answered = message.in_reply_to.as_deref().and_then(foreign_id);
    let mut chain: Vec<String> = Vec::new();
    for id in message.references.iter().filter_map(|id| foreign_id(id)) {
        if Some(&id) != answered.as_ref() && !chain.contains(&id) {
            chain.push(id);
        }
    }
    chain.extend(answered.clone());
    if chain.len() > MOST_REFERENCES {
        chain.drain(1..=chain.len() - MOST_REFERENCES);
    }
    if let Some(id) = answered {
        mail = mail.in_reply_to(id);
    }
    if !chain.is_empty() {
        mail = mail.references(chain.join(" "));
    }
    mail
}

fn own_id(id: &str) -> Result<String> {
    foreign_id(id).ok_or_else(|| refused(format!("`{}` cannot be the id of a mail", plain_line(id, 80))))
}

/// An id with its brackets, if it is one word of ASCII.
fn foreign_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let fits = !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.contains("=?")
        && id.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'));
    fits.then(|| format!("<{id}>"))
}

fn header(mail: MessageBuilder, name: HeaderName, value: &str) -> MessageBuilder {
    mail.raw_header(HeaderValue::new(name, value.to_owned()))
}

fn refused(detail: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "compose", detail)
}
