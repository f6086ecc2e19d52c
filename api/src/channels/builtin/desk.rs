//! The connectors `web`, `phone` and `counter`: what citizens ask through a form, on the telephone or in person is written
//! down by our own operations, and answered on a channel that reaches them.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, HookCall, Identity, IdentityKind, Inbound, RawItem, Received,
    Result, Settings, Tools,
};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use crate::cases::plain;

/// The request form.
pub const WEB: &str = "web";
/// Notes of telephone calls.
pub const PHONE: &str = "phone";
/// Notes of visits.
pub const COUNTER: &str = "counter";

/// The three connectors, in the order in which they are shown.
pub fn connectors() -> Vec<Arc<dyn Connector>> {
    let own = |id, name, identities| -> Arc<dyn Connector> { Arc::new(Own { id, name, identities }) };
    vec![
        own(WEB, "Request form", vec![IdentityKind::Email, IdentityKind::Phone]),
        own(PHONE, "Telephone notes", vec![IdentityKind::Phone]),
        own(COUNTER, "Counter notes", vec![IdentityKind::Phone, IdentityKind::Email]),
    ]
}

struct Own {
    id: &'static str,
    name: &'static str,
    identities: Vec<IdentityKind>,
}

/// There is nothing to set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Connector for Own {
    fn about(&self) -> About {
        let capabilities =
            Capabilities { attachments: self.id == WEB, identities: self.identities.clone(), ..Capabilities::none() };
        let settings_schema = schema_for!(Nothing).to_value();
        About { id: self.id, name: self.name, capabilities, settings_schema }
    }

    fn open(&self, settings: Settings, _: Tools) -> Result<Arc<dyn Channel>> {
        let Nothing {} = settings.read()?;
        Ok(Arc::new(Written))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        plain::read(item)
    }
}

/// A channel on which only our own operations write.
struct Written;

#[async_trait]
impl Channel for Written {
    async fn check(&self) -> Result<Identity> {
        Ok(Identity {
            address: String::new(),
            detail: "it is part of this program; there is nothing to sign in to".to_owned(),
        })
    }

    async fn receive(&self, _: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }
}
