//! Twilio: texts by its Messages API, its signed calls, and its error codes in words.

mod channel;
mod codes;
mod read;
mod settings;

use std::sync::Arc;

use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Inbound, RawItem, Result, Settings, TextUnit, Tools,
};

use crate::texts;

pub use civicdesk_contract::twilio::verify;
pub use settings::TwilioSettings;

/// The longest body that the Messages API takes.
const LONGEST: usize = 1600;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Twilio)
}

struct Twilio;

impl Connector for Twilio {
    fn about(&self) -> About {
        About {
            id: "twilio",
            name: "SMS by Twilio",
            capabilities: Capabilities { text_unit: TextUnit::Utf16, ..texts(LONGEST) },
            settings_schema: schemars::schema_for!(TwilioSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings = settings.read::<TwilioSettings>()?.checked()?;
        Ok(Arc::new(channel::TwilioChannel { settings, http: tools.http }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::text(&item.raw)
    }
}
