//! The text and the HTML of a mail, out of whatever parts its writer's program made of them.

use std::borrow::Cow;

use mail_parser::{Message, MessagePart, MimeHeaders, PartType, decoders::charsets::map::charset_decoder};

use super::{attachments, clean, fields, html, limits::Limits};

#[derive(Default)]
pub(super) struct Body {
    pub text: String,
    pub html: Option<String>,
}

pub(super) fn read(message: &Message<'_>, limits: &Limits, oddities: &mut Vec<String>) -> Body {
    let shown = shown_html(message, limits, oddities);
    let mut texts = Vec::new();
    for part in listed(message, &message.text_body) {
        match &part.body {
            PartType::Text(text) => texts.push(clean::text(&decoded(message, part, text, oddities))),
            PartType::Html(source) => {
                texts.push(html::read(source, limits).map_or_else(|| html::bare_text(source), |safe| safe.text))
            }
            _ => {}
        }
    }
    let text = texts
        .iter()
        .map(|text| text.trim_end().trim_start_matches('\n'))
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    let (html, html_text) = shown.unzip();
    // Some programs send an empty text beside the HTML.
    let text = if text.trim().is_empty() { html_text.unwrap_or_default() } else { text };
    let text = if text.is_empty() { cut_off_text(message, oddities).unwrap_or_default() } else { text };
    Body { text, html }
}

/// The parser puts a text that is cut off, or that was announced as parts and has none, among the files.
fn cut_off_text(message: &Message<'_>, oddities: &mut Vec<String>) -> Option<String> {
    message.parts.iter().find_map(|part| {
        let PartType::Text(text) = &part.body else { return None };
        let words = match part.content_type() {
            Some(found) if found.ctype() == "text" => part.is_encoding_problem && found.subtype() == Some("plain"),
            Some(found) => found.ctype() == "multipart",
            None => part.is_encoding_problem,
        };
        let text = words.then(|| decoded(message, part, text, oddities))?;
        Some(clean::text(text.trim_end())).filter(|text| !text.is_empty())
    })
}

/// The HTML parts made safe, with their text.
fn shown_html(message: &Message<'_>, limits: &Limits, oddities: &mut Vec<String>) -> Option<(String, String)> {
    let parts = || listed(message, &message.html_body);
    if !parts().any(|part| matches!(part.body, PartType::Html(_))) {
        return None;
    }
    let mut source = String::new();
    for part in parts() {
        match &part.body {
            PartType::Html(html) => source.push_str(html),
            PartType::Text(text) => source.push_str(&as_html(&decoded(message, part, text, oddities))),
            _ => {}
        }
    }
    let Some(safe) = html::read(&source, limits) else {
        oddities.push(format!(
            "Its HTML was not shown, only its text: it is over {} bytes or leaves over {} tags open",
            limits.html_bytes, limits.html_open_tags
        ));
        return None;
    };
    if safe.remote_images {
        oddities.push("Pictures that it would have loaded from the network were left out".to_owned());
    }
    Some((safe.html, safe.text))
}

fn listed<'a>(message: &'a Message<'a>, ids: &'a [u32]) -> impl Iterator<Item = &'a MessagePart<'a>> {
    ids.iter().filter_map(|&id| message.parts.get(id as usize))
}

/// The text of a part; bytes whose character set nobody named are not thrown away.
fn decoded(message: &Message<'_>, part: &MessagePart<'_>, parsed: &str, oddities: &mut Vec<String>) -> String {
    let named = part.content_type().and_then(|found| found.attribute("charset"));
    let decode = named.and_then(|name| charset_decoder(name.as_bytes()));
    if !part.is_encoding_problem && (decode.is_some() || !parsed.contains('\u{FFFD}')) {
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

fn as_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<div>{}</div>", escaped.replace("\r\n", "\n").replace('\n', "<br>"))
}
