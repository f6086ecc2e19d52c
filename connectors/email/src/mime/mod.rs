//! Reads a raw mail with suspicion: a pure function from bytes to the message that every channel shares.

mod attachments;
mod automatic;
mod body;
mod clean;
mod fields;
mod html;
mod html_depth;
mod html_tag;
mod html_text;
mod limits;
mod protection;
mod quotes;
mod report;
mod scan;
mod who;

use std::panic::{AssertUnwindSafe, catch_unwind};

use civicdesk_contract::{Envelope, Error, Inbound, Result, ThreadHints};
use mail_parser::{Message, MessageParser, PartType};

pub use limits::Limits;
use limits::within;

/// Reads a mail. An error means that it cannot be read at all; whatever else is wrong with it is told in its `oddities`.
pub fn read_mail(raw: &[u8], envelope: &Envelope) -> Result<Inbound> {
    read_mail_within(raw, envelope, &Limits::default())
}

/// As [`read_mail`], with limits of one's own.
pub fn read_mail_within(raw: &[u8], envelope: &Envelope, limits: &Limits) -> Result<Inbound> {
    // The parsers promise not to panic, and have broken that promise before.
    catch_unwind(AssertUnwindSafe(|| read(raw, envelope, limits)))
        .unwrap_or_else(|_| Err(Error::malformed("mime", "the parser failed on this mail")))
}

/// From whom and about what a mail is, by its header alone. Nothing where that names no sender.
pub fn outline(raw: &[u8], envelope: &Envelope) -> Option<Inbound> {
    let header = raw.get(..raw.len().min(Limits::default().header_bytes))?;
    let header = header.windows(4).position(|end| end == b"\r\n\r\n").map_or(header, |end| &header[..end + 4]);
    let read = || {
        let message = MessageParser::new().with_mime_headers().default_header_ignore().parse_headers(header)?;
        Some(headed(&fields::Fields::of(&message), envelope)).filter(|mail| mail.from.is_some())
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// What the header says of a message, but for how it was written.
fn headed(fields: &fields::Fields<'_>, envelope: &Envelope) -> Inbound {
    let mut mail = Inbound {
        message_id: fields.ids("Message-ID").into_iter().next(),
        thread: ThreadHints {
            in_reply_to: fields.ids_nearest_first("In-Reply-To"),
            references: fields.ids_nearest_first("References"),
            key: None,
        },
        sent_at: fields.date("Date"),
        subject: fields.text("Subject"),
        ..Inbound::default()
    };
    who::read(fields, envelope, &mut mail);
    mail
}

fn read(raw: &[u8], envelope: &Envelope, limits: &Limits) -> Result<Inbound> {
    scan::check(raw, limits)?;
    let parser = MessageParser::new().with_mime_headers().default_header_ignore();
    let Some(message) = parser.parse(raw) else {
        return Err(Error::malformed("mime", "it has no header field at all"));
    };
    check_decoded(&message, limits)?;
    let fields = fields::Fields::of(&message);
    let mut mail = headed(&fields, envelope);
    // A mail without a body is flagged too; nothing is missing there.
    if message.parts.iter().any(|part| part.is_encoding_problem && !part.is_empty()) {
        mail.oddities.push("A part of it is cut off or damaged".to_owned());
    }
    let body = body::read(&message, limits, &mut mail.oddities);
    protection::note(&message, &body.text, &mut mail.oddities);
    mail.attachments = attachments::read(&message, body.html.as_deref());
    mail.fresh_text = quotes::fresh(&body.text, mail.subject.as_deref());
    mail.report = report::read(&message, &fields, envelope, mail.from.as_ref(), &body.text);
    mail.automatic = automatic::read(&fields, envelope, mail.from.as_ref(), mail.report.is_some());
    mail.text = body.text;
    mail.html = body.html;
    Ok(mail)
}

fn check_decoded(message: &Message<'_>, limits: &Limits) -> Result<()> {
    let decoded = decoded_bytes(message);
    within("decoded bytes", decoded, limits.decoded_bytes)?;
    let ratio = decoded / message.raw_message.len().max(1);
    within("decoded bytes for each byte that came", ratio, limits.decoded_ratio)
}

fn decoded_bytes(message: &Message<'_>) -> usize {
    message.parts.iter().fold(0, |sum, part| match &part.body {
        PartType::Message(inner) => sum + decoded_bytes(inner),
        _ => sum + part.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_over_a_limit_still_says_from_whom_and_about_what_it_is() {
        let mut mail =
            b"From: Ana Lopez <ana@a.example>\r\nSubject: =?utf-8?q?The_m=C3=A4p?=\r\nMessage-ID: <1@a>\r\n\r\n"
                .to_vec();
        mail.resize(Limits::default().raw_bytes + 1, b'x');
        assert!(read_mail(&mail, &Envelope::default()).is_err());
        let outline = outline(&mail, &Envelope::default()).unwrap();
        let from = outline.from.unwrap();
        assert_eq!((from.address.as_str(), from.name.as_deref()), ("ana@a.example", Some("Ana Lopez")));
        assert_eq!((outline.subject.as_deref(), outline.message_id.as_deref()), (Some("The m\u{e4}p"), Some("1@a")));
        assert!(outline.text.is_empty());
    }

    #[test]
    fn bytes_that_name_no_sender_have_no_outline() {
        for bytes in [&b""[..], b"\r\n\r\n", b"Subject: x\r\n\r\n", b"\0\xff", b"no header at all"] {
            assert!(outline(bytes, &Envelope::default()).is_none(), "{bytes:?}");
        }
    }
}
