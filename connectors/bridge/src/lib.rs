//! A channel written in any language: a program of the agency's own that speaks signed HTTP with us, both ways.
//!
//! `settings` what a tenant says · `wire` the forms of JSON · `ask` our calls to the bridge · `told` its calls to us.
//! `README.md` says it for those who write a bridge; `example/bridge.py` is a whole one.

mod ask;
mod settings;
mod told;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use civicdesk_contract::{
    About, Batch, Capabilities, Channel, Connector, Cursor, Error, ExternalId, HookCall, Identity, IdentityKind,
    Inbound, Outbound, RawItem, Received, Result, Sent, Settings, Tools, Visibility, webhooks,
};

pub use settings::{Ability, BridgeSettings};

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Bridge)
}

struct Bridge;

impl Connector for Bridge {
    /// What bridges can do at most; what one of them can is in its settings.
    fn about(&self) -> About {
        About {
            id: wire::ID,
            name: "Bridge",
            capabilities: Capabilities {
                poll: true,
                hooks: true,
                send: true,
                idempotent_send: true,
                attachments: true,
                threads: true,
                receipts: true,
                visibility: Visibility::Both,
                identities: vec![IdentityKind::Email, IdentityKind::Phone, IdentityKind::Handle, IdentityKind::Account],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(BridgeSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let (settings, key) = settings.read::<BridgeSettings>()?.checked()?;
        Ok(Arc::new(BridgeChannel { settings, key, tools }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        wire::read(item)
    }
}

struct BridgeChannel {
    settings: BridgeSettings,
    key: webhooks::Key,
    tools: Tools,
}

impl BridgeChannel {
    fn can(&self, ability: Ability) -> bool {
        self.settings.can.contains(&ability)
    }
}

#[async_trait]
impl Channel for BridgeChannel {
    async fn check(&self) -> Result<Identity> {
        self.ask_check().await
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        self.told(call)
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        if !self.can(Ability::Poll) {
            let cursor = cursor.cloned().unwrap_or(Cursor(String::new()));
            return Ok(Batch { items: Vec::new(), cursor, more: false });
        }
        self.ask_poll(cursor, limit).await
    }

    async fn wait(&self, _cursor: Option<&Cursor>) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(self.settings.every_seconds.into())).await;
        Ok(())
    }

    async fn committed(&self, _items: &[ExternalId]) -> Result<()> {
        // The next cursor says it.
        Ok(())
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        if !self.can(Ability::Send) {
            return Err(Error::unsupported("send"));
        }
        if !message.attachments.is_empty() && !self.can(Ability::Attachments) {
            return Err(Error::unsupported("attachments"));
        }
        self.ask_send(message).await
    }
}
