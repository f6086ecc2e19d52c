//! A connector whose network is a struct in this process: the first to pass the kit, and the fake in the host's tests.
//!
//! A test keeps the [`MemoryNetwork`] and opens mailboxes on it; a channel with the settings
//! `{"network": NAME, "secret": SECRET}` speaks to the mailbox of that name.

mod channel;
mod letter;
mod mailbox;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

pub use letter::{File, Letter};
pub use mailbox::{Mailbox, SIGNATURE, Trouble};

use crate::{
    About, Capabilities, Channel, Connector, Error, IdentityKind, Inbound, RawItem, Result, Secret, Settings, Tools,
};

/// The mailboxes that channels can be opened on.
#[derive(Default)]
pub struct MemoryNetwork {
    mailboxes: Mutex<BTreeMap<String, Arc<Mailbox>>>,
}

impl MemoryNetwork {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The mailbox of this name; opened with this secret if it is new.
    pub fn mailbox(&self, name: &str, secret: &str) -> Arc<Mailbox> {
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(mailboxes.entry(name.to_owned()).or_insert_with(|| Arc::new(Mailbox::new(name, secret))))
    }

    fn find(&self, name: &str) -> Option<Arc<Mailbox>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone)
    }
}

/// A channel's settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySettings {
    /// The mailbox's name.
    network: String,
    /// What the mailbox was opened with.
    secret: Secret,
}

/// Everything the memory connector can do.
pub fn capabilities() -> Capabilities {
    Capabilities {
        poll: true,
        hooks: true,
        send: true,
        idempotent_send: true,
        html: true,
        attachments: true,
        threads: true,
        receipts: true,
        identities: vec![IdentityKind::Email, IdentityKind::Handle],
        ..Capabilities::none()
    }
}

/// The connector `memory`.
pub fn connector(network: Arc<MemoryNetwork>) -> Arc<dyn Connector> {
    connector_with("memory", capabilities(), network)
}

/// A memory connector of another name that can do less: what is not declared is refused.
pub fn connector_with(id: &'static str, capabilities: Capabilities, network: Arc<MemoryNetwork>) -> Arc<dyn Connector> {
    Arc::new(Memory { id, capabilities, network, bills: false })
}

/// The same, whose network bills by the part: every 160 characters.
pub fn billing_connector(
    id: &'static str,
    capabilities: Capabilities,
    network: Arc<MemoryNetwork>,
) -> Arc<dyn Connector> {
    Arc::new(Memory { id, capabilities, network, bills: true })
}

struct Memory {
    id: &'static str,
    capabilities: Capabilities,
    network: Arc<MemoryNetwork>,
    bills: bool,
}

impl Connector for Memory {
    fn about(&self) -> About {
        About {
            id: self.id,
            name: "Memory",
            capabilities: self.capabilities.clone(),
            settings_schema: schema_for!(MemorySettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, _tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings: MemorySettings = settings.read()?;
        let mailbox = self
            .network
            .find(&settings.network)
            .ok_or_else(|| Error::settings(format!("there is no mailbox named {:?}", settings.network)))?;
        Ok(Arc::new(channel::MemoryChannel {
            mailbox,
            secret: settings.secret,
            capabilities: self.capabilities.clone(),
            bills: self.bills,
        }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        Letter::read(item)
    }
}
