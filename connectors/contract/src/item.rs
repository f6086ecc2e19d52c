//! What arrives, byte for byte, before anyone interprets it; and where to go on fetching.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The network's own name of an item. Only the connector reads it; the host stores and compares it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(pub String);

/// Where fetching goes on. Only the connector reads it; the host stores it with the items it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One item as it came from the network.
#[derive(Clone, Debug, PartialEq)]
pub struct RawItem {
    pub id: ExternalId,
    /// Where it lay, on networks that can renumber a place (IMAP's UIDVALIDITY).
    pub place: Option<Place>,
    pub envelope: Envelope,
    pub raw: Vec<u8>,
}

/// A folder and the epoch of its numbering. When the epoch changes, the host matches old and new items by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub folder: String,
    pub epoch: String,
}

/// What the network said about an item apart from its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The sender the network named; an empty string is SMTP's null return path.
    pub from: Option<String>,
    /// The addresses it was delivered to.
    #[serde(default)]
    pub to: Vec<String>,
    /// When the network says it arrived.
    pub received_at: Option<Timestamp>,
}
