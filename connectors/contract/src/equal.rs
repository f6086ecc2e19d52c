//! Comparing what a caller claims with what is right, without telling by the time how much of it was.

use subtle::ConstantTimeEq;

use crate::{Error, Kind, Retry};

pub fn same(given: &[u8], right: &[u8]) -> bool {
    given.ct_eq(right).into()
}

/// Bytes as hex in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is said of every call that does not hold: nothing that helps a forger.
pub fn forged() -> Error {
    Error::new(Kind::Forged, Retry::Never, "receive", "the signature does not hold")
}
