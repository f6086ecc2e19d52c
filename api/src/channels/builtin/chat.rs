//! The connector `chat`: a talk on the agency's own pages. Nothing is carried anywhere: what is sent lies in the case, where
//! the citizen's page reads it.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, ExternalId, HookCall, Identity, IdentityKind, Inbound, Outbound,
    RawItem, Received, Result, Sent, Settings, Tools,
};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use crate::cases::plain;

pub const ID: &str = "chat";

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Chat)
}

struct Chat;

/// There is nothing to set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Connector for Chat {
    fn about(&self) -> About {
        let capabilities = Capabilities {
            send: true,
            idempotent_send: true,
            threads: true,
            identities: vec![IdentityKind::Account],
            ..Capabilities::none()
        };
        About { id: ID, name: "Web chat", capabilities, settings_schema: schema_for!(Nothing).to_value() }
    }

    fn open(&self, settings: Settings, _: Tools) -> Result<Arc<dyn Channel>> {
        let Nothing {} = settings.read()?;
        Ok(Arc::new(Chat))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        plain::read(item)
    }
}

#[async_trait]
impl Channel for Chat {
    async fn check(&self) -> Result<Identity> {
        let detail = "it is part of this program; there is nothing to sign in to".to_owned();
        Ok(Identity { address: String::new(), detail })
    }

    async fn receive(&self, _: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        if !message.attachments.is_empty() {
            return Err(Error::unsupported("attachments"));
        }
        if message.html.is_some() {
            return Err(Error::unsupported("html"));
        }
        Ok(Sent { id: ExternalId(message.key.clone()), detail: "it lies in the talk".to_owned() })
    }
}
