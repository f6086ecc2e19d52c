//! Vonage: texts by its Messages API or by the older SMS API, and the signed calls of both.

mod channel;
mod errors;
mod hooks;
mod legacy;
mod read;
mod settings;
pub mod signature;
pub mod token;

use std::sync::Arc;

use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Inbound, RawItem, Result, Settings, TextUnit, Tools,
};

use crate::texts;

pub use settings::{Api, VonageSettings};

/// The longest text that the Messages API takes; the SMS API would take more.
const LONGEST: usize = 1000;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Vonage)
}

struct Vonage;

impl Connector for Vonage {
    fn about(&self) -> About {
        About {
            id: "vonage",
            name: "SMS by Vonage",
            capabilities: Capabilities { text_unit: TextUnit::Utf16, ..texts(LONGEST) },
            settings_schema: schemars::schema_for!(VonageSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let (settings, account) = settings.read::<VonageSettings>()?.checked()?;
        Ok(Arc::new(channel::VonageChannel { settings, account, tools }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::text(&item.raw)
    }
}
