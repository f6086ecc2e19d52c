//! The parts of a mail: text, the same as HTML, files.

use civicdesk_contract::{Outbound, OutboundAttachment};
use lettre::message::{
    Attachment, Body, MultiPart, MultiPartBuilder, SinglePart,
    header::{ContentTransferEncoding, ContentType},
};
use sha2::{Digest, Sha256};

use crate::text::plain_line;

/// Longest file name, in characters.
const LONGEST_NAME: usize = 150;

/// A mail's content.
pub enum Content {
    Single(SinglePart),
    Multi(MultiPart),
}

pub fn content(message: &Outbound) -> Content {
    let text = part(ContentType::TEXT_PLAIN, &message.text);
    let body = match &message.html {
        None => Content::Single(text),
        Some(html) => Content::Multi(
            MultiPart::alternative()
                .boundary(boundary(message, "text"))
                .singlepart(text)
                .singlepart(part(ContentType::TEXT_HTML, html)),
        ),
    };
    if message.attachments.is_empty() {
        return body;
    }
    let mixed: MultiPartBuilder = MultiPart::mixed().boundary(boundary(message, "files"));
    let mixed = match body {
        Content::Single(text) => mixed.singlepart(text),
        Content::Multi(alternative) => mixed.multipart(alternative),
    };
    Content::Multi(message.attachments.iter().fold(mixed, |mixed, file| mixed.singlepart(attachment(file))))
}

/// Quoted-printable always: whatever the text is, the wire sees short lines of ASCII.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    let text = lines(text);
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(base64);
    SinglePart::builder().header(content_type).body(body)
}

/// CRLF at the end of every line, and no U+0000.
fn lines(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
    unix.replace('\n', "\r\n")
}

fn attachment(file: &OutboundAttachment) -> SinglePart {
    let name = plain_line(&file.name.replace(['/', '\\', '"'], "_"), LONGEST_NAME);
    let name = if name.is_empty() { "attachment".to_owned() } else { name };
    Attachment::new(name).body(base64(file.bytes.clone()), content_type(&file.content_type))
}

fn base64(bytes: Vec<u8>) -> Body {
    let mut encoded = String::new();
    for line in bytes.chunks(57) {
        base64::Engine::encode_string(&base64::engine::general_purpose::STANDARD, line, &mut encoded);
        encoded.push_str("\r\n");
    }
    Body::dangerous_pre_encoded(encoded.into_bytes(), ContentTransferEncoding::Base64)
}

/// A file's type as given, unless it would change how the mail itself is read.
fn content_type(given: &str) -> ContentType {
    let kind = given.trim().to_ascii_lowercase();
    let plain = given.len() <= 200 && given.chars().all(|c| matches!(c, ' '..='~'));
    let structured = kind.starts_with("multipart/") || kind.starts_with("message/");
    let parsed = if plain && !structured { ContentType::parse(given).ok() } else { None };
    parsed.or_else(|| ContentType::parse("application/octet-stream").ok()).unwrap_or(ContentType::TEXT_PLAIN)
}

/// The same for every try to send a message. `=_` cannot occur in an encoded body.
fn boundary(message: &Outbound, level: &str) -> String {
    let digest = Sha256::digest(format!("{level}\n{}\n{}", message.key, message.message_id));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("=_{level}_{hex}")
}
