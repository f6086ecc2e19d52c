//! Secrets at rest: sealed under a key derived from the master key, and bound to the place where they lie.

use std::{fmt, io::Write, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{fail::Fail, ids::Ids};

/// The first byte of everything sealed, so that the way of sealing can change.
const VERSION: u8 = 1;
const NONCE: usize = 24;

/// The installation's key, from a file that is kept apart from the data and from their backups.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the key file: 32 bytes, nothing else.
    pub fn read(file: &Path) -> Result<Self, Fail> {
        let bytes = std::fs::read(file).map(Zeroizing::new);
        let bytes = bytes.map_err(|e| Fail::Broken(format!("the master key {}: {e}", file.display())))?;
        let key = <[u8; 32]>::try_from(bytes.as_slice());
        let key = key.map_err(|_| Fail::Broken(format!("the master key {} must hold 32 bytes", file.display())))?;
        Ok(Self::new(key))
    }

    /// Reads the key file, or makes it where there is none, for its owner's eyes only.
    pub fn read_or_make(file: &Path, ids: &Ids) -> Result<Self, Fail> {
        use std::os::unix::fs::OpenOptionsExt;
        let key = Zeroizing::new(ids.bytes::<32>());
        let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        match made.and_then(|mut f| f.write_all(key.as_slice()).and_then(|()| f.sync_all())) {
            Ok(()) => Ok(Self(key)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Self::read(file),
            Err(e) => Err(Fail::Broken(format!("the master key {}: {e}", file.display()))),
        }
    }

    /// A key for one purpose. Another purpose gives another key.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(keyed_hash(&self.0, &[purpose.as_bytes()]))
    }
}

/// HMAC-SHA256 over parts, each with its length before it, so that no two lists of parts run together.
pub fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC fills a short key up with zeros to the hash's block.
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&block.into());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Seals and opens. The place (such as `tenant|channels.sealed|id`) is part of the seal: what is copied to another
/// tenant or row does not open there.
#[derive(Clone)]
pub struct Seal {
    cipher: XChaCha20Poly1305,
    marks: Zeroizing<[u8; 32]>,
    ids: Ids,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(***)")
    }
}

impl Seal {
    pub fn new(master: &MasterKey, ids: Ids) -> Self {
        Self { cipher: XChaCha20Poly1305::new((&*master.derive("seal")).into()), marks: master.derive("marks"), ids }
    }

    /// A word for a place that nobody can guess, and that is always the same: part of an address that we give away.
    pub fn mark(&self, place: &str) -> String {
        let whole = keyed_hash(&self.marks, &[place.as_bytes()]);
        URL_SAFE_NO_PAD.encode(&whole[..16])
    }

    pub fn seal(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, Fail> {
        let nonce: [u8; NONCE] = self.ids.bytes();
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: bytes, aad: place.as_bytes() });
        let sealed = sealed.map_err(|_| Fail::Broken("a secret could not be sealed".into()))?;
        Ok([&[VERSION], nonce.as_slice(), sealed.as_slice()].concat())
    }

    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fail> {
        let broken = || Fail::Broken(format!("the secret at {place} does not open: is this the right master key?"));
        let (version, rest) = sealed.split_first().ok_or_else(broken)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        if *version != VERSION {
            return Err(broken());
        }
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: place.as_bytes() });
        opened.map(Zeroizing::new).map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use civicdesk_contract::SystemClock;

    use super::*;

    fn seal(key: u8) -> Seal {
        Seal::new(&MasterKey::new([key; 32]), Ids::new(Arc::new(SystemClock)))
    }

    #[test]
    fn a_sealed_secret_opens_only_in_its_own_place_and_under_its_own_key() {
        let sealed = seal(1).seal("a|channels|1", b"hunter2").unwrap();
        assert_eq!(seal(1).open("a|channels|1", &sealed).unwrap().as_slice(), b"hunter2");
        assert!(seal(1).open("b|channels|1", &sealed).is_err());
        assert!(seal(2).open("a|channels|1", &sealed).is_err());
        assert!(seal(1).open("a|channels|1", &sealed[..sealed.len() - 1]).is_err());
        assert!(!sealed.windows(7).any(|w| w == b"hunter2"));
    }

    #[test]
    fn the_key_file_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("master.key");
        let ids = Ids::new(Arc::new(SystemClock));
        let made = MasterKey::read_or_make(&file, &ids).unwrap();
        assert_eq!(MasterKey::read_or_make(&file, &ids).unwrap().0, made.0);
        assert_eq!(MasterKey::read(&file).unwrap().0, made.0);
        std::fs::write(&file, b"short").unwrap();
        assert!(MasterKey::read(&file).is_err());
    }
}
