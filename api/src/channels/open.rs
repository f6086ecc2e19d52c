//! From a channel's row to a channel that works: settings unsealed, connector opened, and kept while the row stays.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use civicdesk_contract::{Capabilities, Channel, Connector, Error, Kind, Measure, Retry, Settings, Tools};
use uuid::Uuid;

use super::registry::Registry;
use crate::{
    acting::Acting,
    auth::seal::Seal,
    cases::{budget, reach::Kinds},
    fail::Fail,
    store::{Tx, Uid, channels, messages::Message},
};

/// A channel at work.
#[derive(Clone)]
pub struct Opened {
    pub channel: Arc<dyn Channel>,
    pub connector: Arc<dyn Connector>,
    pub capabilities: Capabilities,
}

/// Opens channels. Cheap to clone; all clones share what is open, and with it the connections.
#[derive(Clone)]
pub struct Opener(Arc<Inner>);

struct Inner {
    registry: Registry,
    tools: Tools,
    seal: Seal,
    open: Mutex<HashMap<(Uuid, Uid), (i64, Opened)>>,
}

impl Opener {
    pub fn new(registry: Registry, tools: Tools, seal: Seal) -> Self {
        Self(Arc::new(Inner { registry, tools, seal, open: Mutex::default() }))
    }

    /// What is lent to every channel.
    pub fn tools(&self) -> &Tools {
        &self.0.tools
    }

    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// What the installed connectors declare, for the rules.
    pub fn kinds(&self) -> Kinds {
        let registry = self.0.registry.clone();
        Arc::new(move |id| registry.find(id).map(|(about, _)| about.capabilities.clone()))
    }

    /// The channel of this row. One whose row has not changed is the same as before.
    pub fn open(&self, row: &channels::Channel) -> Result<Opened, Error> {
        let key = (row.tenant_id.0, row.id);
        if let Some((version, opened)) = self.opened().get(&key)
            && *version == row.version
        {
            return Ok(opened.clone());
        }
        let settings = self.unseal(row).map_err(|e| Error::new(Kind::Settings, Retry::Never, "open", e.to_string()))?;
        let opened = self.try_open(&row.connector, settings)?;
        self.opened().insert(key, (row.version, opened.clone()));
        Ok(opened)
    }

    /// What a text would cost on this channel; none where its network does not bill by the part, or it cannot be opened.
    pub fn price(&self, row: &channels::Channel, text: &str) -> Option<Measure> {
        self.open(row).ok()?.channel.measure(text)
    }

    /// Refuses a message that its network bills, where nothing is left of the agency's budget. Belongs in the transaction
    /// that queues it.
    pub fn afford(&self, tx: &mut Tx, act: &Acting, message: &Message) -> Result<(), Fail> {
        let row = message.channel_id.map(|id| channels::get(tx, id)).transpose()?;
        let price = row.and_then(|row| self.price(&row, &message.text));
        budget::admit(tx, act, price.as_ref())
    }

    /// Opens a channel that is not stored: to see whether its settings can be right.
    pub fn try_open(&self, connector: &str, settings: serde_json::Value) -> Result<Opened, Error> {
        let Some((about, connector)) = self.0.registry.find(connector) else {
            return Err(Error::settings(format!("this program has no connector `{connector}`")));
        };
        let channel = connector.open(Settings(settings), self.0.tools.clone())?;
        Ok(Opened { channel, connector: connector.clone(), capabilities: about.capabilities.clone() })
    }

    /// Lets a channel go, so that its connections end.
    pub fn forget(&self, tenant: Uuid, channel: Uid) {
        self.opened().remove(&(tenant, channel));
    }

    /// The row's settings, secrets among them.
    pub fn unseal(&self, row: &channels::Channel) -> Result<serde_json::Value, Fail> {
        let bytes = self.0.seal.open(&place(row.tenant_id.0, row.id), &row.sealed)?;
        serde_json::from_slice(&bytes).map_err(|_| Fail::Broken("a channel's settings are no JSON".to_owned()))
    }

    /// Settings as the row keeps them.
    pub fn seal(&self, tenant: Uuid, channel: Uid, settings: &serde_json::Value) -> Result<Vec<u8>, Fail> {
        self.0.seal.seal(&place(tenant, channel), settings.to_string().as_bytes())
    }

    /// The last part of the address that this channel's provider calls. The tenant in it is a hint and no proof.
    pub fn hook_token(&self, tenant: Uuid, channel: Uid) -> String {
        format!("{}_{}", tenant.simple(), self.0.seal.mark(&format!("{tenant}|hook|{channel}")))
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<(Uuid, Uid), (i64, Opened)>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sealed settings open only in the row for which they were sealed.
fn place(tenant: Uuid, channel: Uid) -> String {
    format!("{tenant}|channels.sealed|{channel}")
}
