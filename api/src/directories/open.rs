//! The directory of each agency, opened from its sealed settings and kept while they stay.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use civicdesk_contract::Tools;
use serde_json::Value;
use uuid::Uuid;

use super::{Directory, Down, builtin::BuiltIn, settings};
use crate::{
    auth::{passwords::Passwords, seal::Seal},
    fail::Fail,
    ids::Ids,
    store::{
        self, Store, Time, Tx,
        directories::{self, FAILING, OK},
    },
};

/// Opens directories. Cheap to clone; all clones share what is open.
#[derive(Clone)]
pub struct Directories(Arc<Inner>);

/// What is open, by agency, with the version of the settings that it was opened by.
type Opened = HashMap<Uuid, (i64, Arc<dyn Directory>)>;

struct Inner {
    store: Store,
    tools: Tools,
    seal: Seal,
    ids: Ids,
    passwords: Passwords,
    open: Mutex<Opened>,
}

/// What an agency has.
#[derive(Clone)]
pub struct Held {
    pub directory: Arc<dyn Directory>,
    /// It is not our own tables.
    pub elsewhere: bool,
    pub tenant: Uuid,
    health: String,
}

impl Directories {
    pub fn new(store: Store, (tools, seal, ids): (Tools, Seal, Ids), passwords: Passwords) -> Self {
        Self(Arc::new(Inner { store, tools, seal, ids, passwords, open: Mutex::default() }))
    }

    /// The directory that holds an agency's accounts.
    pub async fn of(&self, tenant: Uuid) -> Result<Held, Fail> {
        let read = |tx: &mut Tx| directories::get(tx);
        let row: Option<directories::Directory> = self.0.store.tenant(tenant).read(read).await.map_err(Fail::from)?;
        let Some(row) = row else {
            let (store, passwords) = (self.0.store.clone(), self.0.passwords.clone());
            let own = BuiltIn { store, tenant, passwords, clock: self.0.tools.clock.clone() };
            return Ok(Held { directory: Arc::new(own), elsewhere: false, tenant, health: OK.to_owned() });
        };
        Ok(Held { directory: self.opened(&row)?, elsewhere: true, tenant, health: row.health })
    }

    fn opened(&self, row: &directories::Directory) -> Result<Arc<dyn Directory>, Fail> {
        let tenant = row.tenant_id.0;
        if let Some((version, directory)) = self.open().get(&tenant)
            && *version == row.version
        {
            return Ok(directory.clone());
        }
        let directory = self.from(&self.unseal(row)?)?;
        self.open().insert(tenant, (row.version, directory.clone()));
        Ok(directory)
    }

    /// The directory that settings speak of, whether they are kept or not.
    pub fn from(&self, given: &Value) -> Result<Arc<dyn Directory>, Fail> {
        settings::open(settings::read(given)?, &self.0.tools, &self.0.ids)
    }

    /// Notes how a directory answered, where that is news: who asks for a code is told so, whoever it is.
    pub async fn note<T>(&self, held: &Held, answered: &Result<T, Down>) -> Result<(), Fail> {
        let health = if answered.is_ok() { OK } else { FAILING };
        if !held.elsewhere || held.health == health {
            return Ok(());
        }
        let (detail, now) = (answered.as_ref().err().map(|down| down.0.clone()), Time::new(self.0.tools.clock.now()));
        if let Some(detail) = &detail {
            tracing::warn!(tenant = %held.tenant, detail, "an agency's directory does not answer");
        }
        let write = move |tx: &mut Tx| directories::note_health(tx, health, detail.as_deref(), now);
        let noted: store::Result<bool> = self.0.store.tenant(held.tenant).write(write).await;
        Ok(noted.map(drop)?)
    }

    /// Looks whether an agency's directory answers, and notes it.
    pub async fn look(&self, tenant: Uuid) -> Result<Result<String, Down>, Fail> {
        let held = self.of(tenant).await?;
        let said = held.directory.health().await;
        self.note(&held, &said).await?;
        Ok(said)
    }

    pub fn seal(&self, tenant: Uuid, given: &Value) -> Result<Vec<u8>, Fail> {
        self.0.seal.seal(&place(tenant), given.to_string().as_bytes())
    }

    /// The settings as they were given, secrets among them.
    pub fn unseal(&self, row: &directories::Directory) -> Result<Value, Fail> {
        let bytes = self.0.seal.open(&place(row.tenant_id.0), &row.sealed)?;
        serde_json::from_slice(&bytes).map_err(|_| Fail::Broken("a directory's settings are no JSON".to_owned()))
    }

    fn open(&self) -> MutexGuard<'_, Opened> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(tenant: Uuid) -> String {
    format!("{tenant}|directories.sealed")
}
