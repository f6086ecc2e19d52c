//! The door: a tenant's rows are reached through a transaction of that tenant, and in no other way.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, broadcast, oneshot},
};
use uuid::Uuid;

use super::{
    Error, Failure, Result,
    connection::Db,
    dialect::{self, Mode},
    lite::Lite,
    queue::{Queues, Waiting},
    scope::{Tx, Wake},
};
use crate::workers::Workers;

/// What to do about a program that knows one database only.
#[cfg(not(feature = "postgres"))]
pub const NO_POSTGRES: &str =
    "this program was built without PostgreSQL: install libpq and build with `--features postgres`";

/// Readers of one tenant at once.
const READERS: usize = 2;

/// Where the data lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Url {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Url {
    /// Reads `sqlite:DIR` or `postgres://…`. Anything else is refused, so that a typing error makes no new database.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(dir) = text.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(PathBuf::from(dir.strip_prefix("//").unwrap_or(dir))));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(Error::Unavailable("database.url must be sqlite:DIRECTORY or postgres://USER@HOST/DATABASE".into()))
    }
}

enum Engine {
    Lite(Lite),
    #[cfg(feature = "postgres")]
    Pg(super::pg::Pg),
}

/// All data of the installation. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Engine,
    workers: Workers,
    queues: Queues,
    readers: Mutex<HashMap<Uuid, Arc<Semaphore>>>,
    wakes: broadcast::Sender<(Uuid, Wake)>,
}

/// One open transaction on installation data.
pub struct Control<'a>(pub(super) &'a mut Db);

/// The way to one tenant's rows.
#[derive(Clone)]
pub struct TenantDoor {
    store: Store,
    tenant: Uuid,
}

impl Store {
    /// Opens the data with `threads` threads for database work.
    pub fn open(url: &Url, threads: usize, runtime: Handle) -> Result<Self> {
        let engine = match url {
            Url::Sqlite(dir) => Engine::Lite(Lite::open(dir)?),
            #[cfg(feature = "postgres")]
            Url::Postgres(url) => Engine::Pg(super::pg::Pg::open(url)?),
            #[cfg(not(feature = "postgres"))]
            Url::Postgres(_) => {
                return Err(Error::Unavailable(
                    "this program was built without PostgreSQL: install libpq and build with `--features postgres`"
                        .into(),
                ));
            }
        };
        Ok(Self(Arc::new(Inner {
            engine,
            workers: Workers::new(runtime, threads),
            queues: Queues::default(),
            readers: Mutex::default(),
            wakes: broadcast::channel(4096).0,
        })))
    }

    /// The way to one tenant's rows. The id comes from a credential or a verified route, never from a request's text.
    pub fn tenant(&self, tenant: Uuid) -> TenantDoor {
        TenantDoor { store: self.clone(), tenant }
    }

    /// What others should hear of, after each commit of this process.
    pub fn wakes(&self) -> broadcast::Receiver<(Uuid, Wake)> {
        self.0.wakes.subscribe()
    }

    /// Whether the embedded engine holds the data.
    pub fn is_embedded(&self) -> bool {
        matches!(self.0.engine, Engine::Lite(_))
    }

    /// The embedded engine's file of one tenant, for backup.
    pub fn lite_file(&self, tenant: Uuid) -> Option<PathBuf> {
        match &self.0.engine {
            Engine::Lite(lite) => Some(lite.path(tenant)),
            #[cfg(feature = "postgres")]
            Engine::Pg(_) => None,
        }
    }

    /// The embedded engine's directory.
    pub fn lite_dir(&self) -> Option<PathBuf> {
        match &self.0.engine {
            Engine::Lite(lite) => Some(lite.dir().to_owned()),
            #[cfg(feature = "postgres")]
            Engine::Pg(_) => None,
        }
    }

    /// Makes room for a new tenant (on SQLite, its file).
    pub async fn create_room(&self, tenant: Uuid) -> Result<()> {
        self.blocking(move |inner| match &inner.engine {
            Engine::Lite(lite) => lite.create(tenant),
            #[cfg(feature = "postgres")]
            Engine::Pg(_) => Ok(()),
        })
        .await
    }

    /// Reads installation data.
    pub async fn control_read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Control) -> Result<T> + Send + 'static,
    {
        self.blocking(move |inner| inner.control(Mode::Read, f)).await
    }

    /// Changes installation data, in one transaction.
    pub async fn control_write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Control) -> Result<T> + Send + 'static,
    {
        self.blocking(move |inner| inner.control(Mode::Write, f)).await
    }

    async fn blocking<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> Result<T> + Send + 'static,
    {
        let inner = self.0.clone();
        let run = self.0.workers.run(move || f(&inner)).await;
        run.unwrap_or_else(|_| Err(Error::Unavailable("the store did not finish; see the log".into())))
    }
}

impl TenantDoor {
    pub fn id(&self) -> Uuid {
        self.tenant
    }

    /// Reads in one transaction: every query sees the same moment.
    pub async fn read<T, E, F>(&self, f: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: FnOnce(&mut Tx) -> std::result::Result<T, E> + Send + 'static,
    {
        let slots = self.store.0.readers(self.tenant);
        let _slot = slots.acquire_owned().await.map_err(|_| Error::Busy)?;
        let tenant = self.tenant;
        let read = self.store.blocking(move |inner| {
            inner.with(tenant, Mode::Read, |db| {
                transaction(db, |db| dialect::begin(db, tenant, Mode::Read), |db| f(&mut Tx::new(db, tenant)))
            })
        });
        read.await?
    }

    /// Changes rows. Resolves after the commit. The closure may run twice, so it has no effect but through its `Tx`;
    /// an error takes back everything it did.
    pub async fn write<T, E, F>(&self, f: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Fn(&mut Tx) -> std::result::Result<T, E> + Send + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let fill = slot.clone();
        let run = Box::new(move |tx: &mut Tx| {
            let (ran, end) = match f(tx) {
                Ok(value) => (Ok(value), Ok(())),
                Err(e) => match e.into_store() {
                    Ok(e) => return Err(e),
                    Err(own) => (Err(own), Err(Error::Refused("by the caller"))),
                },
            };
            *fill.lock().unwrap_or_else(PoisonError::into_inner) = Some(ran);
            end
        });
        let (done, end) = oneshot::channel();
        if self.store.0.queues.push(self.tenant, Waiting { run, done, alone: false })? {
            let (inner, tenant) = (self.store.0.clone(), self.tenant);
            self.store.0.workers.start(move || inner.drain(tenant));
        }
        let end = end.await.unwrap_or_else(|_| Err(Error::Unavailable("the store is shutting down".into())));
        let ran = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (end, ran) {
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Err(Error::Refused(_)), Some(Err(own))) => Err(own),
            (Err(e), _) => Err(e.into()),
            (Ok(()), _) => Err(Error::Unavailable("a write ended without its value".into()).into()),
        }
    }
}

impl Inner {
    fn readers(&self, tenant: Uuid) -> Arc<Semaphore> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(READERS))).clone()
    }

    /// Lends a connection on which one tenant's transaction can begin.
    fn with<T>(&self, tenant: Uuid, mode: Mode, work: impl FnOnce(&mut Db) -> (T, bool)) -> Result<T> {
        match &self.engine {
            Engine::Lite(lite) => lite.file(tenant)?.with(mode, work),
            #[cfg(feature = "postgres")]
            Engine::Pg(pg) => {
                let _ = mode;
                pg.with(work)
            }
        }
    }

    fn control<T>(&self, mode: Mode, f: impl FnOnce(&mut Control) -> Result<T>) -> Result<T> {
        let work = |db: &mut Db| transaction(db, |db| dialect::begin_control(db, mode), |db| f(&mut Control(db)));
        match &self.engine {
            Engine::Lite(lite) => lite.control().with(mode, work)?,
            #[cfg(feature = "postgres")]
            Engine::Pg(pg) => pg.with(work)?,
        }
    }

    /// Works a tenant's waiting writes off.
    fn drain(&self, tenant: Uuid) {
        while let Some(batch) = self.queues.take(tenant) {
            let mut waiting = Some(batch);
            let ran = self.with(tenant, Mode::Write, |db| {
                let (wakes, sound) = self.queues.run(db, tenant, waiting.take().unwrap_or_default());
                (wakes, sound)
            });
            match ran {
                Ok(wakes) => {
                    for wake in wakes {
                        // Nobody listening is no error: a sweep finds the work.
                        let _ = self.wakes.send((tenant, wake));
                    }
                }
                Err(e) => {
                    let not_found = matches!(e, Error::NotFound);
                    for write in waiting.unwrap_or_default() {
                        let end = if not_found { Error::NotFound } else { Error::Unavailable(e.to_string()) };
                        let _ = write.done.send(Err(end));
                    }
                }
            }
        }
    }
}

/// One transaction from begin to end. The flag says whether the connection can be used again.
fn transaction<T, E: From<Error>>(
    db: &mut Db,
    begin: impl FnOnce(&mut Db) -> diesel::QueryResult<()>,
    work: impl FnOnce(&mut Db) -> std::result::Result<T, E>,
) -> (std::result::Result<T, E>, bool) {
    if let Err(e) = begin(db) {
        return (Err(Error::from(e).into()), false);
    }
    match work(db) {
        Ok(value) => match dialect::commit(db) {
            Ok(()) => (Ok(value), true),
            Err(e) => (Err(Error::from(e).into()), false),
        },
        Err(e) => {
            let sound = dialect::rollback(db).is_ok();
            (Err(e), sound)
        }
    }
}
