//! The memory network's letter: the JSON that lies in a mailbox, and how it is read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Automatic, Error, IdentityKind, Inbound, InboundAttachment, Keyword, Media, Party, RawItem, Result, ThreadHints,
};

/// What somebody outside writes. Start from [`Letter::from_email`] and add what the test is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Letter {
    pub id: Option<String>,
    pub from: Option<Party>,
    pub to: Vec<Party>,
    pub cc: Vec<Party>,
    pub sent_at: Option<Timestamp>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub attachments: Vec<File>,
    /// Ids of the letters it answers, nearest first.
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    /// The network's own name of the conversation.
    pub thread: Option<String>,
    pub automatic: Automatic,
    /// Written where anyone can read it.
    pub public: bool,
    /// Files that stay in the mailbox until they are fetched.
    pub media: Vec<Media>,
    /// What the network took it for, and has acted on.
    pub keyword: Option<Keyword>,
}

/// A file of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Letter {
    pub fn from_email(address: &str, subject: &str, text: &str) -> Self {
        Self {
            from: Some(Party { kind: IdentityKind::Email, address: address.to_owned(), name: None }),
            subject: Some(subject.to_owned()),
            text: text.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn read(item: &RawItem) -> Result<Inbound> {
        let letter: Self = serde_json::from_slice(&item.raw)
            .map_err(|e| Error::malformed("read", format!("not a letter, line {} column {}", e.line(), e.column())))?;
        Ok(letter.into_inbound())
    }

    fn into_inbound(self) -> Inbound {
        let attachments = self.attachments.into_iter().map(File::into_attachment).collect();
        Inbound {
            message_id: self.id,
            thread: ThreadHints { in_reply_to: self.in_reply_to, references: self.references, key: self.thread },
            from: self.from,
            to: self.to,
            cc: self.cc,
            sent_at: self.sent_at,
            subject: self.subject,
            fresh_text: fresh(&self.text),
            text: self.text,
            html: self.html.as_deref().map(plain_tags_only),
            attachments,
            automatic: self.automatic,
            public: self.public,
            media: self.media,
            keyword: self.keyword,
            ..Inbound::default()
        }
    }
}

impl File {
    pub(super) fn into_attachment(self) -> InboundAttachment {
        InboundAttachment {
            name: self.name,
            content_type: self.content_type,
            bytes: self.bytes,
            content_id: None,
            inline: false,
        }
    }
}

/// The text without the lines quoted with `>`.
fn fresh(text: &str) -> String {
    if !text.lines().any(|line| line.starts_with('>')) {
        return text.to_owned();
    }
    let own: Vec<&str> = text.lines().filter(|line| !line.starts_with('>')).collect();
    own.join("\n").trim_end().to_owned()
}

/// Tags that can do nothing; every other tag is dropped and its text stays.
const PLAIN_TAGS: [&str; 9] = ["<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<br>", "<blockquote>", "</blockquote>"];

fn plain_tags_only(html: &str) -> String {
    let mut safe = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((text, from_tag)) = rest.split_once('<') {
        safe.push_str(text);
        let Some((inside, after)) = from_tag.split_once('>') else {
            safe.push_str("&lt;");
            rest = from_tag;
            continue;
        };
        let tag = format!("<{inside}>");
        if PLAIN_TAGS.contains(&tag.as_str()) {
            safe.push_str(&tag);
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use super::plain_tags_only;

    #[test]
    fn html_keeps_its_plain_tags_and_nothing_that_acts() {
        assert_eq!(
            plain_tags_only("<p>Hi <b>you</b><script>x()</script><img src=\"http://t/\" onerror=x()> 1<2"),
            "<p>Hi <b>you</b>x() 1&lt;2"
        );
    }
}
