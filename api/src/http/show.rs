//! How ids and times look outside, and how they are read back.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::{
    ids::Prefix,
    store::{Time, Uid},
};

/// The bytes of a file, as the document names them.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary, example = "(the bytes)")]
pub struct FileBytes(#[expect(dead_code, reason = "only the document knows it")] Vec<u8>);

/// A moment as RFC 3339 in UTC.
pub fn moment(at: Time) -> String {
    at.0.to_string()
}

/// A position in time from a cursor.
pub fn time(micros: i64) -> Option<Time> {
    Timestamp::from_microsecond(micros).ok().map(Time)
}

/// An id in a body. One that cannot be an id becomes one that names nothing: a foreign, a missing and a misspelt id are
/// refused alike.
pub fn id_or_none(prefix: Prefix, text: Option<&str>) -> Option<Uid> {
    text.map(|t| Uid(prefix.read(t).unwrap_or(Uuid::nil())))
}

/// The same where a field may be absent, null or an id.
pub fn absent_or(prefix: Prefix, field: Option<&Option<String>>) -> Option<Option<Uid>> {
    field.map(|id| id_or_none(prefix, id.as_deref()))
}

/// Ids of a filter.
pub fn ids_of(prefix: Prefix, texts: &[String]) -> Vec<Uid> {
    texts.iter().map(|t| Uid(prefix.read(t).unwrap_or(Uuid::nil()))).collect()
}

/// Tells null (`Some(None)`) from absent (`None`, by `#[serde(default)]`).
pub fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
