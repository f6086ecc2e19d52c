//! Walks a raw mail's structure once, keeping nothing, so that an absurd mail is refused before it is parsed.
//!
//! The walk uses the parser's own steps, so that both see the same parts. Its work is linear in the size of the mail: every
//! step moves forward, except the search for a separator that never comes, and those are counted.

use civicdesk_contract::Result;
use mail_parser::{GetHeader, Header, HeaderName, HeaderValue, MessageParser, parsers::MessageStream};

use super::limits::{Limits, within};

/// How often the parser opens an encoded message inside an encoded message.
const ENCODED_MESSAGES: usize = 3;

/// Refuses a mail that is over a limit.
pub(super) fn check(raw: &[u8], limits: &Limits) -> Result<()> {
    within("bytes of the mail", raw.len(), limits.raw_bytes)?;
    let parser = MessageParser::new()
        .header_content_type(HeaderName::ContentType)
        .header_text(HeaderName::ContentTransferEncoding)
        .default_header_ignore();
    Walk { limits, parser, header_bytes: 0, parts: 0, searched: 0 }.message(raw, 0, ENCODED_MESSAGES)
}

struct Walk<'a> {
    limits: &'a Limits,
    parser: MessageParser,
    header_bytes: usize,
    parts: usize,
    searched: usize,
}

/// A multipart or an attached message that the walk is inside of.
#[derive(Default)]
struct Level {
    boundary: Option<Vec<u8>>,
    message: bool,
    digest: bool,
}

enum Shape {
    Multipart { boundary: Vec<u8>, digest: bool },
    Message,
    Leaf,
}

#[derive(PartialEq)]
enum Encoding {
    None,
    Base64,
    QuotedPrintable,
}

impl Walk<'_> {
    fn message(&mut self, raw: &[u8], outside: usize, encoded_left: usize) -> Result<()> {
        let mut stream = MessageStream::new(raw);
        let mut above: Vec<Level> = Vec::new();
        let mut level = Level { message: true, ..Level::default() };
        loop {
            let (headers, complete) = self.headers(raw, &mut stream)?;
            if headers.is_empty() && !complete {
                return Ok(());
            }
            self.parts += 1;
            within("parts", self.parts, self.limits.parts)?;
            within("depth of parts inside parts", outside + above.len(), self.limits.depth)?;
            if !complete {
                return Ok(());
            }
            let encoding = encoding(&headers);
            let mut shape = shape(&headers, level.digest);
            if let Shape::Multipart { boundary, digest } = shape {
                if stream.seek_next_part(&boundary) {
                    let inner = Level { boundary: Some(boundary), digest, message: false };
                    above.push(std::mem::replace(&mut level, inner));
                    stream.skip_crlf();
                    continue;
                }
                self.searched_in_vain(&stream)?;
                shape = Shape::Leaf;
            }
            let message = matches!(shape, Shape::Message);
            if message && encoding == Encoding::None {
                let inner = Level { boundary: level.boundary.take(), message: true, digest: false };
                above.push(std::mem::replace(&mut level, inner));
                continue;
            }
            let boundary = level.boundary.as_deref().unwrap_or_default();
            let (end, decoded) = match encoding {
                Encoding::None => stream.mime_part(boundary),
                Encoding::Base64 => stream.decode_base64_mime(boundary),
                Encoding::QuotedPrintable => stream.decode_quoted_printable_mime(boundary),
            };
            if end == usize::MAX {
                let boundary = level.boundary.as_deref();
                if boundary.is_some() {
                    self.searched_in_vain(&stream)?;
                }
                if !stream.seek_part_end(boundary).1 {
                    level.boundary = None;
                }
            } else if message && encoded_left > 0 {
                self.message(&decoded, outside + above.len() + 1, encoded_left - 1)?;
            }
            if level.boundary.is_none() {
                if stream.offset() >= raw.len() {
                    return Ok(());
                }
            } else if !self.leave(&mut stream, &mut level, &mut above)? {
                return Ok(());
            }
        }
    }

    /// Steps out of every level that ends at the separator just read; false when nothing follows.
    fn leave(&mut self, stream: &mut MessageStream<'_>, level: &mut Level, above: &mut Vec<Level>) -> Result<bool> {
        loop {
            if level.message {
                let Some(mut outer) = above.pop() else { return Ok(false) };
                outer.boundary = level.boundary.take();
                *level = outer;
            }
            if !stream.is_multipart_end() {
                return Ok(true);
            }
            let Some(outer) = above.pop() else { return Ok(false) };
            *level = outer;
            let Some(boundary) = level.boundary.as_deref() else { return Ok(false) };
            if stream.seek_next_part_offset(boundary).is_none() {
                self.searched_in_vain(stream)?;
                return Ok(false);
            }
        }
    }

    /// After a search that reached the end and went back to where it began.
    fn searched_in_vain(&mut self, stream: &MessageStream<'_>) -> Result<()> {
        self.searched += stream.remaining();
        within("bytes searched for separators that never come", self.searched, self.limits.searched_bytes)
    }

    /// Reads one header block, and whether a body follows. A block over the limit is refused before it is read.
    fn headers<'x>(&mut self, raw: &'x [u8], stream: &mut MessageStream<'x>) -> Result<(Vec<Header<'x>>, bool)> {
        let start = stream.offset();
        let rest = &raw[start..];
        if rest.len() > self.limits.header_bytes {
            let head = &rest[..=self.limits.header_bytes];
            if !head.split_inclusive(|&byte| byte == b'\n').any(|line| line == b"\n" || line == b"\r\n") {
                within("bytes of one header block", head.len(), self.limits.header_bytes)?;
            }
        }
        let mut headers = Vec::new();
        let complete = stream.parse_headers(&self.parser, &mut headers);
        let bytes = stream.offset() - start;
        within("bytes of one header block", bytes, self.limits.header_bytes)?;
        self.header_bytes += bytes;
        within("bytes of all header blocks", self.header_bytes, self.limits.all_header_bytes)?;
        within("fields of one header block", headers.len(), self.limits.header_fields)?;
        for header in headers.iter().filter(|header| header.name.is_mime_header()) {
            let bytes = header.offset_end.saturating_sub(header.offset_start) as usize;
            within("bytes of one Content field", bytes, self.limits.mime_field_bytes)?;
        }
        Ok((headers, complete))
    }
}

fn encoding(headers: &Vec<Header<'_>>) -> Encoding {
    match headers.header_value(&HeaderName::ContentTransferEncoding) {
        Some(HeaderValue::Text(text)) if text.eq_ignore_ascii_case("base64") => Encoding::Base64,
        Some(HeaderValue::Text(text)) if text.eq_ignore_ascii_case("quoted-printable") => Encoding::QuotedPrintable,
        _ => Encoding::None,
    }
}

fn shape(headers: &Vec<Header<'_>>, in_digest: bool) -> Shape {
    let content_type = headers.header_value(&HeaderName::ContentType).and_then(HeaderValue::as_content_type);
    let Some(content_type) = content_type else {
        return if in_digest { Shape::Message } else { Shape::Leaf };
    };
    match (content_type.ctype(), content_type.subtype()) {
        ("multipart", subtype) => match content_type.attribute("boundary") {
            Some(boundary) => {
                Shape::Multipart { boundary: boundary.as_bytes().to_vec(), digest: subtype == Some("digest") }
            }
            None => Shape::Leaf,
        },
        ("message", Some("rfc822" | "global")) => Shape::Message,
        _ => Shape::Leaf,
    }
}

#[cfg(test)]
#[path = "scan_test.rs"]
mod tests;
