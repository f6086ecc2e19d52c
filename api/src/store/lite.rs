//! The embedded engine: one SQLite file for the installation, and one for every tenant.

use std::{
    collections::HashMap,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use uuid::Uuid;

use super::{
    Error, Result,
    connection::{Db, connect_lite, open_lite},
    dialect::Mode,
    migrate,
};

/// Open files beyond this are closed, the longest unused first. Each costs about 120 KB and three descriptors.
const OPEN_FILES: usize = 256;

/// The directory and its open files. One process owns it.
pub struct Lite {
    dir: PathBuf,
    control: Arc<LiteFile>,
    open: Mutex<HashMap<Uuid, Arc<LiteFile>>>,
    uses: AtomicU64,
    _lock: File,
}

/// One open database file and its idle connections.
pub struct LiteFile {
    path: PathBuf,
    writer: Mutex<Option<Db>>,
    readers: Mutex<Vec<Db>>,
    last_use: AtomicU64,
}

impl Lite {
    /// Takes the directory for this process and brings the installation's file up to date.
    pub fn open(dir: &Path) -> Result<Self> {
        let tenants = dir.join("tenants");
        std::fs::create_dir_all(&tenants).map_err(|e| Error::Unavailable(format!("{}: {e}", tenants.display())))?;
        let lock = lock(dir)?;
        let path = dir.join("control.db");
        migrate::lite(&path, migrate::Tree::Control)?;
        Ok(Self {
            dir: dir.to_owned(),
            control: Arc::new(LiteFile::new(path)),
            open: Mutex::default(),
            uses: AtomicU64::new(0),
            _lock: lock,
        })
    }

    pub fn control(&self) -> &Arc<LiteFile> {
        &self.control
    }

    pub fn path(&self, tenant: Uuid) -> PathBuf {
        self.dir.join("tenants").join(format!("{tenant}.db"))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes a new tenant's file.
    pub fn create(&self, tenant: Uuid) -> Result<()> {
        migrate::lite(&self.path(tenant), migrate::Tree::Tenant).map(drop)
    }

    /// A tenant's file, migrated at its first opening. An unknown tenant opens no file.
    pub fn file(&self, tenant: Uuid) -> Result<Arc<LiteFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.uses.fetch_add(1, Ordering::Relaxed);
        if let Some(file) = open.get(&tenant) {
            file.last_use.store(now, Ordering::Relaxed);
            return Ok(file.clone());
        }
        let path = self.path(tenant);
        if !path.is_file() {
            return Err(Error::NotFound);
        }
        migrate::lite(&path, migrate::Tree::Tenant)?;
        while open.len() >= OPEN_FILES {
            let idle = open.iter().filter(|(_, f)| Arc::strong_count(f) == 1);
            let Some(oldest) = idle.min_by_key(|(_, f)| f.last_use.load(Ordering::Relaxed)).map(|(id, _)| *id) else {
                break;
            };
            open.remove(&oldest);
        }
        let file = Arc::new(LiteFile::new(path));
        file.last_use.store(now, Ordering::Relaxed);
        open.insert(tenant, file.clone());
        Ok(file)
    }
}

impl LiteFile {
    fn new(path: PathBuf) -> Self {
        Self { path, writer: Mutex::new(None), readers: Mutex::default(), last_use: AtomicU64::new(0) }
    }

    /// Lends a connection. One that comes back broken is closed.
    pub fn with<T>(&self, mode: Mode, work: impl FnOnce(&mut Db) -> (T, bool)) -> Result<T> {
        match mode {
            Mode::Write => {
                let mut slot = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
                let mut db = match slot.take() {
                    Some(db) => db,
                    None => open_lite(&self.path)?,
                };
                let (value, sound) = work(&mut db);
                if sound {
                    *slot = Some(db);
                }
                Ok(value)
            }
            Mode::Read => {
                let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut db = match idle {
                    Some(db) => db,
                    None => open_lite(&self.path)?,
                };
                let (value, sound) = work(&mut db);
                if sound {
                    self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(db);
                }
                Ok(value)
            }
        }
    }
}

/// Takes the directory and brings every file of it up to date. Says how many steps that took.
pub fn migrate_all(dir: &Path) -> Result<usize> {
    let tenants = dir.join("tenants");
    std::fs::create_dir_all(&tenants).map_err(|e| Error::Unavailable(format!("{}: {e}", tenants.display())))?;
    let _lock = lock(dir)?;
    let mut steps = migrate::lite(&dir.join("control.db"), migrate::Tree::Control)?;
    let listed = std::fs::read_dir(&tenants).map_err(|e| Error::Unavailable(format!("{}: {e}", tenants.display())))?;
    for entry in listed {
        let path = entry.map_err(|e| Error::Unavailable(format!("{}: {e}", tenants.display())))?.path();
        if path.extension().is_some_and(|e| e == "db") {
            steps += migrate::lite(&path, migrate::Tree::Tenant)?;
        }
    }
    Ok(steps)
}

/// Writes a copy of one file as of one moment, while others go on writing to it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let name = to.to_str().ok_or_else(|| Error::Unavailable(format!("{}: not UTF-8", to.display())))?;
    let mut c = connect_lite(from)?;
    c.batch_execute("PRAGMA busy_timeout = 5000")?;
    sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(name).execute(&mut c)?;
    Ok(())
}

fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(|e| Error::Unavailable(format!("{}: {e}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Unavailable(format!(
            "{} is in use by another civicdesk process; stop it first, or use its API",
            dir.display()
        ))),
        Err(TryLockError::Error(e)) => Err(Error::Unavailable(format!("{}: {e}", path.display()))),
    }
}
