//! The files of a mail, each with the very bytes it was sent as.

use std::borrow::Cow;

use civicdesk_contract::InboundAttachment;
use mail_parser::{
    Encoding, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};

use super::{clean, fields::Fields};

/// Every part that is not the text itself. `html` is what will be shown: a picture it names belongs inside the text.
pub(super) fn read(message: &Message<'_>, html: Option<&str>) -> Vec<InboundAttachment> {
    let parts = message.attachments.iter().filter_map(|&id| message.parts.get(id as usize));
    let files = parts.enumerate().map(|(at, part)| attachment(message, part, at + 1, html));
    // What is left of parts that hold nothing.
    files.filter(|file| !(file.bytes.is_empty() && file.name.starts_with("attachment-"))).collect()
}

fn attachment(message: &Message<'_>, part: &MessagePart<'_>, number: usize, html: Option<&str>) -> InboundAttachment {
    let fields = Fields::new(&message.raw_message, &part.headers);
    let content_id = fields.ids("Content-ID").into_iter().next();
    let content_type = content_type(part);
    let named = content_id.as_ref().is_some_and(|id| html.is_some_and(|html| html.contains(&format!("cid:{id}"))));
    let meant = part.content_disposition().is_some_and(|disposition| disposition.is_inline());
    InboundAttachment {
        name: name(part, &fields, &content_type, number),
        inline: named || meant && content_type.starts_with("image/"),
        content_id,
        bytes: exact_bytes(&message.raw_message, part).into_owned(),
        content_type,
    }
}

/// The part's bytes as its writer made them: only the transfer encoding is undone, never the character set.
pub(super) fn exact_bytes<'a>(raw: &'a [u8], part: &'a MessagePart<'_>) -> Cow<'a, [u8]> {
    let whole_binary =
        matches!(part.body, PartType::Binary(_) | PartType::InlineBinary(_)) && !part.is_encoding_problem;
    let Some(body) = encoded_bytes(raw, part) else { return Cow::Borrowed(part.contents()) };
    // The parser leaves the encoding on a part that is cut off; what is there is still the file's beginning.
    let declared = part.content_transfer_encoding().unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::Base64 if whole_binary => None,
        Encoding::Base64 => base64_decode(body),
        Encoding::QuotedPrintable => quoted_printable_decode(body),
        Encoding::None if part.is_encoding_problem && declared.eq_ignore_ascii_case("base64") => base64_decode(body),
        Encoding::None if part.is_encoding_problem && declared.eq_ignore_ascii_case("quoted-printable") => {
            quoted_printable_decode(body)
        }
        Encoding::None => return Cow::Borrowed(body),
    };
    decoded.map_or_else(|| Cow::Borrowed(part.contents()), Cow::Owned)
}

/// The part's bytes as they came.
pub(super) fn encoded_bytes<'a>(raw: &'a [u8], part: &MessagePart<'_>) -> Option<&'a [u8]> {
    raw.get(part.offset_body as usize..part.offset_end as usize)
}

fn content_type(part: &MessagePart<'_>) -> String {
    let Some(found) = part.content_type() else {
        return if part.is_message() { "message/rfc822" } else { "application/octet-stream" }.to_owned();
    };
    let word = |word: &str| {
        (1..=100).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    match (found.ctype(), found.subtype()) {
        (main, Some(sub)) if word(main) && word(sub) => format!("{main}/{sub}").to_lowercase(),
        _ => "application/octet-stream".to_owned(),
    }
}

fn name(part: &MessagePart<'_>, fields: &Fields<'_>, content_type: &str, number: usize) -> String {
    let ending = ending(content_type);
    let fallback = format!("attachment-{number}{ending}");
    let disposition = fields.parameter("Content-Disposition", "filename");
    let given = disposition.or_else(|| fields.parameter("Content-Type", "name"));
    match (given, &part.body) {
        (Some(name), _) => clean::file_name(&name, &fallback),
        (None, PartType::Message(inner)) => {
            let subject = Fields::of(inner).text("Subject").unwrap_or_default();
            let stem: String = subject.chars().take(80).collect();
            if stem.is_empty() { fallback } else { clean::file_name(&format!("{stem}{ending}"), &fallback) }
        }
        (None, _) => fallback,
    }
}

fn ending(content_type: &str) -> &'static str {
    match content_type {
        "message/rfc822" | "message/global" => ".eml",
        "text/calendar" => ".ics",
        "text/html" => ".html",
        "text/csv" => ".csv",
        "text/vcard" | "text/x-vcard" => ".vcf",
        "application/pdf" => ".pdf",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => ".p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => ".p7m",
        "application/pgp-signature" => ".asc",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "image/svg+xml" => ".svg",
        "audio/mpeg" => ".mp3",
        "video/mp4" => ".mp4",
        text if text.starts_with("text/") || text.starts_with("message/") => ".txt",
        _ => ".bin",
    }
}
