//! Bytes that are too large for a row, named by their hash, each tenant's apart.

use std::{path::Path as FilePath, sync::Arc};

use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::store::inbound::Item;

/// SHA-256 of some bytes.
pub type Hash = [u8; 32];

/// The bytes could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the bytes are not in the blob store")]
    Missing,
    /// What lies there has another hash: a disk or a person changed it.
    #[error("the bytes in the blob store are not those that were written")]
    Damaged,
    #[error("blob store: {0}")]
    Unavailable(String),
}

/// One blob as the sweep sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub hash: Hash,
    pub size: u64,
    /// When it was last put.
    pub put_at: Timestamp,
    /// The sweep found no row that names it, and will take it away.
    pub aside: bool,
}

/// Where blobs lie. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// A directory. A blob is on the disk, with its name, when `put` returns.
    pub fn local(dir: &FilePath) -> Result<Self, Error> {
        std::fs::create_dir_all(dir).map_err(|e| Error::Unavailable(format!("{}: {e}", dir.display())))?;
        let store = LocalFileSystem::new_with_prefix(dir)?.with_fsync(true);
        Ok(Self(Arc::new(store)))
    }

    /// Puts bytes away before the row that names them commits. What lies there already is written again: that makes it
    /// young, so that a sweep running at the same time leaves it.
    pub async fn put(&self, tenant: Uuid, hash: &Hash, bytes: Vec<u8>) -> Result<(), Error> {
        self.0.put(&place(tenant, hash), bytes.into()).await?;
        Ok(())
    }

    /// The bytes of this hash, unharmed.
    pub async fn get(&self, tenant: Uuid, hash: &Hash) -> Result<Vec<u8>, Error> {
        // What the sweep put aside is whole until it is forgotten, and may come back between two looks.
        for place in [place(tenant, hash), aside(tenant, hash), place(tenant, hash)] {
            let bytes = match self.0.get(&place).await {
                Ok(found) => found.bytes().await?,
                Err(object_store::Error::NotFound { .. }) => continue,
                Err(e) => return Err(e.into()),
            };
            return if of(&bytes) == *hash { Ok(bytes.into()) } else { Err(Error::Damaged) };
        }
        Err(Error::Missing)
    }

    /// What came in, byte for byte: from its row, or from here where it was too large for one.
    pub async fn raw(&self, item: &Item) -> Result<Vec<u8>, Error> {
        if let Some(raw) = &item.raw {
            return Ok(raw.clone());
        }
        let hash = item.sha256.as_slice().try_into().map_err(|_| Error::Damaged)?;
        self.get(item.tenant_id.0, &hash).await
    }

    /// Everything a tenant has. Names that are no hash are not ours and are left out.
    pub async fn list(&self, tenant: Uuid) -> Result<Vec<Listed>, Error> {
        let under = Path::from(tenant.to_string());
        let metas = self.0.list(Some(&under)).map(|meta| meta.map_err(Error::from));
        let metas: Vec<object_store::ObjectMeta> = metas.try_collect().await?;
        let listed = metas.into_iter().filter_map(|meta| {
            let hash = from_hex(meta.location.filename()?)?;
            let put_at = Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).ok()?;
            let aside = meta.location == aside(tenant, &hash);
            Some(Listed { hash, size: meta.size, put_at, aside })
        });
        Ok(listed.collect())
    }

    /// The time by the clock that `put_at` is written by, which need not be this machine's.
    pub async fn now(&self, tenant: Uuid) -> Result<Timestamp, Error> {
        let mark = Path::from(format!("{tenant}/clock"));
        self.0.put(&mark, Vec::new().into()).await?;
        let meta = self.0.head(&mark).await?;
        self.0.delete(&mark).await?;
        Timestamp::from_millisecond(meta.last_modified.timestamp_millis())
            .map_err(|e| Error::Unavailable(e.to_string()))
    }

    /// Puts a blob aside that was last put before this moment; `get` still finds it. One that was put since stays.
    pub async fn put_aside(&self, tenant: Uuid, hash: &Hash, before: Timestamp) -> Result<(), Error> {
        let here = place(tenant, hash);
        match self.0.head(&here).await {
            Ok(meta) if meta.last_modified.timestamp_millis() < before.as_millisecond() => {
                present(self.0.rename(&here, &aside(tenant, hash)).await)
            }
            head => present(head.map(drop)),
        }
    }

    /// Puts a blob back that lies aside.
    pub async fn put_back(&self, tenant: Uuid, hash: &Hash) -> Result<(), Error> {
        match self.0.head(&place(tenant, hash)).await {
            Ok(_) => self.forget(tenant, hash).await,
            Err(object_store::Error::NotFound { .. }) => {
                present(self.0.rename(&aside(tenant, hash), &place(tenant, hash)).await)
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Takes a blob away that lies aside. The same bytes, put again meanwhile, stay.
    pub async fn forget(&self, tenant: Uuid, hash: &Hash) -> Result<(), Error> {
        present(self.0.delete(&aside(tenant, hash)).await)
    }
}

/// What is gone already needs no moving.
fn present(done: object_store::Result<()>) -> Result<(), Error> {
    match done {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

impl From<object_store::Error> for Error {
    fn from(e: object_store::Error) -> Self {
        match e {
            object_store::Error::NotFound { .. } => Self::Missing,
            e => Self::Unavailable(e.to_string()),
        }
    }
}

/// The hash by which bytes are named.
pub fn of(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// `{tenant}/{first two digits}/{hash}`.
fn place(tenant: Uuid, hash: &Hash) -> Path {
    let name = to_hex(hash);
    Path::from(format!("{tenant}/{}/{name}", &name[..2]))
}

/// `{tenant}/aside/{hash}`.
fn aside(tenant: Uuid, hash: &Hash) -> Path {
    Path::from(format!("{tenant}/aside/{}", to_hex(hash)))
}

/// Lower-case digits of a hash, as shown outside and used in names.
pub fn to_hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(name: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if name.len() != 64 || !name.is_ascii() {
        return None;
    }
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&name[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_come_back_as_they_were_put_and_only_to_their_tenant() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let (a, b, hash) = (Uuid::from_u128(1), Uuid::from_u128(2), of(b"letter"));
        blobs.put(a, &hash, b"letter".to_vec()).await.unwrap();
        blobs.put(a, &hash, b"letter".to_vec()).await.unwrap();
        assert_eq!(blobs.get(a, &hash).await.unwrap(), b"letter");
        assert!(matches!(blobs.get(b, &hash).await, Err(Error::Missing)));
        assert_eq!(blobs.list(a).await.unwrap().len(), 1);
        assert_eq!(blobs.list(b).await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn a_blob_put_aside_is_still_there_until_it_is_forgotten_and_one_put_again_outlives_that() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let (tenant, hash) = (Uuid::from_u128(1), of(b"letter"));
        blobs.put(tenant, &hash, b"letter".to_vec()).await.unwrap();
        blobs.put_aside(tenant, &hash, Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(!blobs.list(tenant).await.unwrap()[0].aside, "it is younger than that");
        for _ in 0..2 {
            blobs.put_aside(tenant, &hash, Timestamp::MAX).await.unwrap();
            assert!(blobs.list(tenant).await.unwrap()[0].aside);
            assert_eq!(blobs.get(tenant, &hash).await.unwrap(), b"letter");
        }
        blobs.put_back(tenant, &hash).await.unwrap();
        assert!(!blobs.list(tenant).await.unwrap()[0].aside);
        blobs.put_aside(tenant, &hash, Timestamp::MAX).await.unwrap();
        blobs.put(tenant, &hash, b"letter".to_vec()).await.unwrap();
        blobs.forget(tenant, &hash).await.unwrap();
        assert_eq!(blobs.get(tenant, &hash).await.unwrap(), b"letter");
        blobs.put_aside(tenant, &hash, Timestamp::MAX).await.unwrap();
        blobs.forget(tenant, &hash).await.unwrap();
        blobs.forget(tenant, &hash).await.unwrap();
        assert!(matches!(blobs.get(tenant, &hash).await, Err(Error::Missing)));
    }

    #[tokio::test]
    async fn changed_bytes_are_not_handed_out() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let (tenant, hash) = (Uuid::from_u128(1), of(b"letter"));
        blobs.put(tenant, &hash, b"letter".to_vec()).await.unwrap();
        let name = to_hex(&hash);
        std::fs::write(dir.path().join(format!("{tenant}/{}/{name}", &name[..2])), b"lettre").unwrap();
        assert!(matches!(blobs.get(tenant, &hash).await, Err(Error::Damaged)));
    }

    #[tokio::test]
    async fn a_blob_that_is_put_again_is_young_again() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let (tenant, hash) = (Uuid::from_u128(1), of(b"letter"));
        blobs.put(tenant, &hash, b"letter".to_vec()).await.unwrap();
        let name = to_hex(&hash);
        let file = std::fs::File::open(dir.path().join(format!("{tenant}/{}/{name}", &name[..2]))).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let put_at = |listed: Vec<Listed>| listed[0].put_at;
        assert_eq!(put_at(blobs.list(tenant).await.unwrap()), Timestamp::UNIX_EPOCH);
        blobs.put(tenant, &hash, b"letter".to_vec()).await.unwrap();
        assert!(put_at(blobs.list(tenant).await.unwrap()) > Timestamp::UNIX_EPOCH);
    }
}
