//! The telephone for CivicDesk: calls to a Twilio number, led by keypad alone and answered in TwiML.
//!
//! A call is a chain of requests that know nothing of each other. What the next one must know stands in the address that
//! Twilio is told to call, which its signature covers: no call is remembered here.
//!
//! `settings` what a tenant says · `channel` one account at work · `turn` where a call is · `talk` what is answered there ·
//! `words` in which words · `twiml` the form of it · `who` who calls · `read` what stays of a call.

mod channel;
mod read;
mod settings;
mod talk;
mod turn;
mod twiml;
mod who;
mod words;

use std::sync::Arc;

use civicdesk_contract::{
    About, Capabilities, Channel, Connector, IdentityKind, Inbound, RawItem, Result, Settings, Tools,
};

pub use settings::VoiceSettings;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Voice)
}

struct Voice;

impl Connector for Voice {
    fn about(&self) -> About {
        About {
            id: "voice",
            name: "Telephone by Twilio",
            capabilities: Capabilities {
                hooks: true,
                spoken: true,
                identities: vec![IdentityKind::Phone],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(VoiceSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings = settings.read::<VoiceSettings>()?.checked()?;
        Ok(Arc::new(channel::VoiceChannel { settings, http: tools.http }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::call(&item.raw)
    }
}
