//! The two keys of one recovery: a code to type and a link to follow. Using either uses up both.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Secret;
use sha2::{Digest, Sha256};

use super::codes;
use crate::ids::Ids;

/// Random bytes of a link's secret.
const BYTES: usize = 32;
/// Characters of such a secret.
const LENGTH: usize = 43;

/// What one letter brings.
#[derive(Clone, Debug)]
pub struct Keys {
    pub code: Secret,
    /// What stands in the link.
    pub token: Secret,
}

impl Keys {
    pub fn make(ids: &Ids) -> Self {
        Self { code: codes::make(ids), token: token(ids) }
    }
}

/// A new secret for a link.
pub fn token(ids: &Ids) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(ids.bytes::<BYTES>()))
}

/// A link's secret as a row keeps it. It is long enough that a plain hash hides it (ASVS 6.5.2).
pub fn hash(token: &Secret) -> Vec<u8> {
    Sha256::digest(token.expose()).to_vec()
}

/// The secret in a link, where it can be one.
pub fn read(text: &str) -> Option<Secret> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (text.len() == LENGTH && text.bytes().all(fits)).then(|| Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use civicdesk_contract::SystemClock;

    use super::*;

    /// PR-09.
    #[test]
    fn a_links_secret_is_thirty_two_random_bytes_and_is_kept_as_its_hash_alone() {
        let ids = Ids::new(Arc::new(SystemClock));
        let all: std::collections::HashSet<String> = (0..1000).map(|_| token(&ids).expose().to_owned()).collect();
        assert_eq!(all.len(), 1000);
        for token in &all {
            assert_eq!(URL_SAFE_NO_PAD.decode(token).unwrap().len(), 32);
            let kept = hash(&read(token).unwrap());
            assert!(kept.len() == 32 && kept != token.as_bytes() && kept != URL_SAFE_NO_PAD.decode(token).unwrap());
        }
        for wrong in ["", "rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91", "done", &"a".repeat(44), &"é".repeat(22)] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
