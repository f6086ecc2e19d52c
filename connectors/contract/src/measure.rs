//! What a text costs on a network that bills by the part, so that staff see it before they send.

use serde::Serialize;

/// How the network will write and bill one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// The alphabet that the network will choose, such as `GSM-7`.
    pub encoding: &'static str,
    /// Places of that alphabet which the text takes.
    pub units: usize,
    /// Messages that the carrier bills; none for an empty text.
    pub parts: usize,
    /// Places that are left before one part more is billed.
    pub left: usize,
}
