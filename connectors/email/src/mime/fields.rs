//! Reads header fields from their raw bytes: what is not UTF-8 is taken for Windows-1252, as most senders of it mean.

use std::borrow::Cow;

use jiff::{Timestamp, civil, tz::Offset};
use mail_parser::{
    Address, DateTime, Header, HeaderValue, Message, decoders::charsets::map::charset_decoder, parsers::MessageStream,
};

use super::clean;

/// Ids of the chain that are kept, and the longest id: RFC 5322's longest line.
const IDS: usize = 100;
const ID_BYTES: usize = 998;

/// One header block: a mail's own, a part's or a report's.
pub(super) struct Fields<'a> {
    raw: &'a [u8],
    headers: &'a [Header<'a>],
}

impl<'a> Fields<'a> {
    pub fn new(raw: &'a [u8], headers: &'a [Header<'a>]) -> Self {
        Self { raw, headers }
    }

    pub fn of(message: &'a Message<'a>) -> Self {
        Self::new(&message.raw_message, message.parts.first().map_or(&[], |part| part.headers.as_slice()))
    }

    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// How often the field occurs.
    pub fn count(&self, name: &str) -> usize {
        self.values(name).count()
    }

    /// Names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|header| header.name.as_str())
    }

    /// The first field of this name as one line of text, encoded words decoded; nothing when it is empty.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.values(name).next()?;
        let HeaderValue::Text(text) = MessageStream::new(&value).parse_unstructured() else { return None };
        Some(clean::line(&text)).filter(|text| !text.is_empty())
    }

    /// A parameter of a Content field, such as its file name.
    pub fn parameter(&self, name: &str, parameter: &str) -> Option<String> {
        let value = self.values(name).next()?;
        let HeaderValue::ContentType(parsed) = MessageStream::new(&value).parse_content_type() else { return None };
        parsed.attribute(parameter).map(clean::line).filter(|value| !value.is_empty())
    }

    /// Every field of this name, unfolded and in lower case, for comparing with fixed words.
    pub fn words(&self, name: &str) -> impl Iterator<Item = String> {
        self.values(name).map(|value| clean::line(&String::from_utf8_lossy(&value)).to_lowercase())
    }

    /// The addresses of every field of this name, groups opened.
    pub fn addresses(&self, name: &str) -> Vec<(Option<String>, String)> {
        let mut found = Vec::new();
        for value in self.values(name) {
            let HeaderValue::Address(list) = MessageStream::new(&value).parse_address() else { continue };
            let members = match list {
                Address::List(members) => members,
                Address::Group(groups) => groups.into_iter().flat_map(|group| group.addresses).collect(),
            };
            for member in members {
                if let Some(address) = member.address.as_deref().and_then(clean::address) {
                    let name = member.name.as_deref().map(clean::line).filter(|name| !name.is_empty());
                    found.push((name, address));
                }
            }
        }
        found
    }

    /// The message ids of the first field of this name, in their order, without angle brackets.
    pub fn ids(&self, name: &str) -> Vec<String> {
        let Some(value) = self.values(name).next() else { return Vec::new() };
        let value = MessageStream::new(&value).parse_id();
        let ids = value.as_text_list().unwrap_or_default();
        let ids = ids.iter().filter_map(|id| clean::id(id, ID_BYTES));
        ids.collect()
    }

    /// As `ids`, the last first, and no more than a conversation needs.
    pub fn ids_nearest_first(&self, name: &str) -> Vec<String> {
        let mut ids = self.ids(name);
        ids.reverse();
        ids.truncate(IDS);
        ids
    }

    /// A date that can be true.
    pub fn date(&self, name: &str) -> Option<Timestamp> {
        let value = self.values(name).next()?;
        let HeaderValue::DateTime(date) = MessageStream::new(&value).parse_date() else { return None };
        plausible(&date)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        self.headers.iter().filter(move |header| header.name.as_str().eq_ignore_ascii_case(name)).map(|header| {
            let bytes = self.raw.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
            let text = utf8(bytes);
            // The parsers give nothing for a field that does not end.
            if text.ends_with('\n') {
                match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                }
            } else {
                Cow::Owned([text.as_bytes(), b"\n"].concat())
            }
        })
    }
}

/// Text of an unknown character set.
pub(super) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match (std::str::from_utf8(bytes), charset_decoder(b"windows-1252")) {
        (Ok(text), _) => Cow::Borrowed(text),
        (Err(_), Some(decode)) => Cow::Owned(decode(bytes)),
        (Err(_), None) => String::from_utf8_lossy(bytes),
    }
}

/// Machines with a dead battery write dates before mail existed, and some a far future.
fn plausible(date: &DateTime) -> Option<Timestamp> {
    if !(1980..=2100).contains(&date.year) {
        return None;
    }
    let small = |number: u8| i8::try_from(number).ok();
    let (hour, minute, second) = (small(date.hour)?, small(date.minute)?, small(date.second)?.min(59));
    let at = civil::DateTime::new(
        i16::try_from(date.year).ok()?,
        small(date.month)?,
        small(date.day)?,
        hour,
        minute,
        second,
        0,
    );
    let east = i32::from(date.tz_hour) * 3600 + i32::from(date.tz_minute) * 60;
    let offset = Offset::from_seconds(if date.tz_before_gmt { -east } else { east }).ok()?;
    offset.to_timestamp(at.ok()?).ok()
}
