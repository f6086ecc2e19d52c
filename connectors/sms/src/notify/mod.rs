//! GOV.UK Notify: texts by templates only, receipts and received texts by callback.
//!
//! A callback is proven by its bearer token alone: neither body nor address is signed, so whoever learns the token can say
//! anything. The token belongs to this channel alone and travels by https only.

mod channel;
mod errors;
mod key;
mod plain;
mod read;
mod settings;

use std::sync::Arc;

use civicdesk_contract::{About, Capabilities, Channel, Connector, Inbound, RawItem, Result, Settings, Tools};

use crate::texts;

pub use plain::plain;
pub use settings::NotifySettings;

/// The longest text with everything that the template adds: six segments.
const LONGEST: usize = 918;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Notify)
}

struct Notify;

impl Connector for Notify {
    fn about(&self) -> About {
        About {
            id: "notify",
            name: "SMS by GOV.UK Notify",
            capabilities: Capabilities { templates_only: true, ..texts(LONGEST) },
            settings_schema: schemars::schema_for!(NotifySettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let (settings, key) = settings.read::<NotifySettings>()?.checked()?;
        Ok(Arc::new(channel::NotifyChannel { settings, key, tools }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::text(&item.raw)
    }
}
