//! The text and the HTML of a mail, out of whatever parts its writer's program made of them.

use std::borrow::Cow;

use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType, decoders::charsets::map::charset_decoder};

use super::{attachments, clean, fields, html, html_text, limits::Limits};

#[derive(Default)]
pub(super) struct Body {
    pub text: String,
    pub html: Option<String>,
}

pub(super) fn read(message: &Message<'_>, limits: &Limits, oddities: &mut Vec<String>) -> Body {
    let html = shown_html(message, limits, oddities);
    let mut text = match &html {
        Some(html) if message.text_body == message.html_body => html_text::of(html),
        _ => plain_text(message, limits, oddities),
    };
    // Some programs send an empty text beside the HTML.
    if let (true, Some(html)) = (text.trim().is_empty(), &html) {
        text = html_text::of(html);
    }
    if text.is_empty() {
        text = stray_text(message, oddities).unwrap_or_default();
    }
    Body { text, html }
}

fn plain_text(message: &Message<'_>, limits: &Limits, oddities: &mut Vec<String>) -> String {
    let mut texts = Vec::new();
    for part in listed(message, &message.text_body) {
        match &part.body {
            PartType::Text(text) => texts.push(clean::text(&decoded(message, part, text, oddities))),
            PartType::Html(source) => {
                let safe = html::read(source, limits);
                texts.push(safe.map_or_else(|| html::bare_text(source), |safe| html_text::of(&safe.html)));
            }
            _ => {}
        }
    }
    let texts = texts.iter().map(|text| text.trim_end().trim_start_matches('\n')).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n\n")
}

/// The parser puts among the files a text that is cut off, has half a type, or was announced as parts and has none.
fn stray_text(message: &Message<'_>, oddities: &mut Vec<String>) -> Option<String> {
    message.parts.iter().find_map(|part| {
        let words = match part.content_type().map(|found| (found.ctype(), found.subtype())) {
            Some(("multipart", _) | ("text", None)) => true,
            Some(("text", Some("plain"))) | None => part.is_encoding_problem,
            Some(_) => false,
        };
        let text = match &part.body {
            PartType::Text(text) if words => decoded(message, part, text, oddities),
            PartType::Binary(bytes) if words => fields::utf8(bytes).into_owned(),
            _ => return None,
        };
        Some(clean::text(text.trim())).filter(|text| !text.is_empty())
    })
}

/// The HTML parts made safe, in one piece.
fn shown_html(message: &Message<'_>, limits: &Limits, oddities: &mut Vec<String>) -> Option<String> {
    let parts = || listed(message, &message.html_body);
    if !parts().any(|part| matches!(part.body, PartType::Html(_))) {
        return None;
    }
    let mut source = String::new();
    for part in parts() {
        match &part.body {
            PartType::Html(html) => source.push_str(&decoded(message, part, html, oddities)),
            PartType::Text(text) if !text.trim().is_empty() => {
                source.push_str(&as_html(&decoded(message, part, text, oddities)));
            }
            _ => {}
        }
    }
    if source.trim().is_empty() {
        return None;
    }
    let Some(safe) = html::read(&source, limits) else {
        oddities.push(format!(
            "Its HTML was not shown, only its text: it is over {} bytes, has over {} tags or leaves over {} of them open, or \
             is otherwise too tangled",
            limits.html_bytes, limits.html_tags, limits.html_open_tags
        ));
        return None;
    };
    if safe.remote_images {
        oddities.push("Pictures that it would have loaded from the network were left out".to_owned());
    }
    Some(safe.html)
}

fn listed<'a>(message: &'a Message<'a>, ids: &'a [u32]) -> impl Iterator<Item = &'a MessagePart<'a>> {
    ids.iter().filter_map(|&id| message.parts.get(id as usize))
}

/// The text of a part; bytes whose character set nobody named are not thrown away.
fn decoded(message: &Message<'_>, part: &MessagePart<'_>, parsed: &str, oddities: &mut Vec<String>) -> String {
    let named = part.content_type().and_then(|found| found.attribute("charset"));
    let decode = named.and_then(|name| charset_decoder(name.as_bytes()));
    if !part.is_encoding_problem && !ends_softly(message, part) && (decode.is_some() || !parsed.contains('\u{FFFD}')) {
        return parsed.to_owned();
    }
    let bytes = attachments::exact_bytes(&message.raw_message, part);
    if let Some(decode) = decode {
        return decode(&bytes);
    }
    let text = fields::utf8(&bytes);
    if matches!(text, Cow::Owned(_)) {
        oddities.push("It does not say in which character set it is written; Windows-1252 was assumed".to_owned());
    }
    text.into_owned()
}

/// The parser loses the last letter of a quoted-printable part that ends in a soft line break.
fn ends_softly(message: &Message<'_>, part: &MessagePart<'_>) -> bool {
    let body = attachments::encoded_bytes(&message.raw_message, part);
    part.encoding == Encoding::QuotedPrintable && body.is_some_and(|body| body.trim_ascii_end().ends_with(b"="))
}

fn as_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<div>{}</div>", escaped.replace("\r\n", "\n").replace('\n', "<br>"))
}
