//! Backups: a folder that holds every database file, every blob, and a list of what it holds with its hashes.

mod files;
mod make;
mod postgres;
mod restore;

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use make::make;
pub use restore::{MaybeSent, everything, one_tenant};

/// The list's name in the folder. It is written last: a folder without it is no backup.
const MANIFEST: &str = "manifest.json";
const CONTROL: &str = "control.db";
const DUMP: &str = "database.dump";
const BLOBS: &str = "blobs";
const KEY: &str = "keys/master.key";
/// The shape of the folder; another number is another shape.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The program's version that made it.
    pub program: String,
    pub made_at: Timestamp,
    /// `sqlite` or `postgres`.
    pub engine: String,
    pub with_keys: bool,
    pub tenants: Vec<Held>,
    /// Every file by its path in the folder.
    pub files: BTreeMap<String, Print>,
}

/// A tenant in a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub id: Uuid,
    pub slug: String,
}

/// What tells that a file is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    pub sha256: String,
    pub bytes: u64,
}

/// Why a backup or a restore was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Refused(String),
    #[error("{place}: {error}")]
    File { place: String, error: std::io::Error },
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn refused<T>(text: impl Into<String>) -> Result<T> {
        Err(Self::Refused(text.into()))
    }
}

impl Manifest {
    /// Reads a backup's list and proves that every file is there and whole.
    pub fn verified(folder: &Path) -> Result<Self> {
        let text = std::fs::read(folder.join(MANIFEST)).map_err(|_| {
            Error::Refused(format!(
                "{} is no backup, or one that was not finished: it has no {MANIFEST}",
                folder.display()
            ))
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|e| Error::Refused(format!("{}: {e}", folder.join(MANIFEST).display())))?;
        if manifest.format != FORMAT {
            return Error::refused(format!("this backup has format {}, this program reads {FORMAT}", manifest.format));
        }
        for (path, print) in &manifest.files {
            if Path::new(path).components().any(|c| !matches!(c, Component::Normal(_))) {
                return Error::refused(format!("{path} would lie outside the backup: this list was tampered with"));
            }
            if files::print(&folder.join(path))? != *print {
                return Error::refused(format!(
                    "{path} is not what was backed up: its hash differs; use another backup"
                ));
            }
        }
        Ok(manifest)
    }

    fn tenant_file(id: Uuid) -> String {
        format!("tenants/{id}.db")
    }
}
