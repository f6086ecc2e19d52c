//! The two traits: a kind of network, and one account on it.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Answer, Capabilities, Cursor, Error, ExternalId, HookCall, Inbound, InboundAttachment, Measure, Media, Outbound,
    RawItem, Received, Result, Sent, Told, Tools,
};

/// What a connector is.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// Lower-case word that never changes, such as `email`.
    pub id: &'static str,
    pub name: &'static str,
    pub capabilities: Capabilities,
    /// JSON Schema of the settings; secrets are marked `writeOnly`.
    pub settings_schema: serde_json::Value,
}

/// A channel's settings as the tenant gave them.
#[derive(Clone)]
pub struct Settings(pub serde_json::Value);

impl Settings {
    /// Reads them into the connector's own type. Unknown fields are refused by that type (`deny_unknown_fields`).
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_value(self.0).map_err(|e| Error::settings(e.to_string()))
    }
}

/// A kind of network. Stateless; one value per process.
pub trait Connector: Send + Sync {
    fn about(&self) -> About;

    /// Checks the form of the settings and prepares a channel. Does no I/O.
    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>>;

    /// Reads one stored item. Pure and total: any bytes give a message or [`crate::Kind::Malformed`], and no panic.
    fn read(&self, item: &RawItem) -> Result<Inbound>;

    /// From whom and about what an item is that `read` refused, without its body, so that staff see that somebody wrote.
    /// As pure as `read`. Nothing where its beginning does not tell.
    fn outline(&self, _item: &RawItem) -> Option<Inbound> {
        None
    }
}

/// One account of one tenant.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Proves that the account works, and sends nothing. Says who we are there.
    async fn check(&self) -> Result<Identity>;

    /// Verifies and reads a provider's call. MUST refuse a signature that does not hold with [`crate::Kind::Forged`],
    /// hence no default; a channel that is never called says [`Error::unsupported`].
    async fn receive(&self, call: &HookCall) -> Result<Received>;

    /// Answers a call that `receive` verified and that asked, with what the host told. Pure, and quick: somebody waits on
    /// the line.
    fn reply(&self, _call: &HookCall, _told: &Told) -> Result<Answer> {
        Err(Error::unsupported("reply"))
    }

    /// What arrived after `cursor`, oldest first, at most `limit` items. The same cursor gives the same answer.
    async fn poll(&self, _cursor: Option<&Cursor>, _limit: usize) -> Result<Batch> {
        Err(Error::unsupported("poll"))
    }

    /// Returns when there may be news after `cursor`, or when it is time to look anyway. A hint: `poll` is the truth.
    async fn wait(&self, _cursor: Option<&Cursor>) -> Result<()> {
        Err(Error::unsupported("wait"))
    }

    /// The host has committed these items: now the network may be told (flag, move). Failing here loses nothing, and
    /// it may be called twice.
    async fn committed(&self, _items: &[ExternalId]) -> Result<()> {
        Err(Error::unsupported("committed"))
    }

    /// Fetches a file that an item named, unless it is larger than `most` bytes.
    async fn fetch(&self, _media: &Media, _most: usize) -> Result<InboundAttachment> {
        Err(Error::unsupported("fetch"))
    }

    /// Holds a session until it breaks; each item is acknowledged to the network only after `inbox.accept` resolved.
    async fn run(&self, _inbox: Arc<dyn Inbox>) -> Result<()> {
        Err(Error::unsupported("run"))
    }

    /// What this text would cost, where the network bills by the part. Pure, and quick enough for every keystroke.
    fn measure(&self, _text: &str) -> Option<Measure> {
        None
    }

    /// Sends one message, whole or not at all. What may have gone out although it failed is [`crate::Retry::Unsure`].
    async fn send(&self, _message: &Outbound) -> Result<Sent> {
        Err(Error::unsupported("send"))
    }
}

/// Who we are on the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    pub address: String,
    /// For staff: what was proven, such as `IMAP and SMTP sign-in worked; 3 folders`.
    pub detail: String,
}

/// One step of fetching. The host commits items and cursor together.
#[derive(Clone, Debug)]
pub struct Batch {
    pub items: Vec<RawItem>,
    pub cursor: Cursor,
    /// More is waiting: poll again without `wait`.
    pub more: bool,
}

/// Where a session hands its items over.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Resolves when the item is durable. An error means that it is not: the sender must keep it.
    async fn accept(&self, item: RawItem) -> Result<Accepted>;
}

/// The item is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New,
    /// It was there already.
    Known,
}
