//! How much of a mail is read before it is refused; every figure that bounds the work of one mail stands here.

use civicdesk_contract::{Error, Result};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What a mail may cost. Over a limit it is refused whole, so that the host can keep its bytes and show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The mail as it came, in bytes.
    pub raw_bytes: usize,
    /// One header block, the mail's own or a part's, in bytes.
    pub header_bytes: usize,
    /// Fields in one header block.
    pub header_fields: usize,
    /// All header blocks together, in bytes.
    pub all_header_bytes: usize,
    /// One Content-* field, in bytes: joining its numbered parameters takes quadratic time.
    pub mime_field_bytes: usize,
    /// Parts of all kinds, those of attached messages included.
    pub parts: usize,
    /// Parts inside parts inside parts.
    pub depth: usize,
    /// Bytes searched in vain for separators that a mail announces and never uses.
    pub searched_bytes: usize,
    /// Everything decoded, in bytes.
    pub decoded_bytes: usize,
    /// How many bytes may be decoded from each byte that came.
    pub decoded_ratio: usize,
    /// HTML that is handed to the HTML parsers, in bytes; over it the mail is shown as text.
    pub html_bytes: usize,
    /// HTML tags; over it the mail is shown as text.
    pub html_tags: usize,
    /// HTML tags open at once; over it the mail is shown as text.
    pub html_open_tags: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            raw_bytes: 50 * MIB,
            header_bytes: 256 * KIB,
            header_fields: 1_000,
            all_header_bytes: 4 * MIB,
            mime_field_bytes: 16 * KIB,
            parts: 1_000,
            depth: 20,
            searched_bytes: 128 * MIB,
            decoded_bytes: 100 * MIB,
            decoded_ratio: 100,
            html_bytes: MIB,
            html_tags: 30_000,
            html_open_tags: 256,
        }
    }
}

/// Refuses when `found` is over `limit`, naming both.
pub(super) fn within(what: &str, found: usize, limit: usize) -> Result<()> {
    if found > limit {
        return Err(Error::malformed("mime", format!("{what}: {found} is over the limit of {limit}")));
    }
    Ok(())
}
