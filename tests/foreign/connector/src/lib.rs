//! Heron for CivicDesk: an imaginary notice-board with a small HTTP API, written against the contract alone.

mod channel;

use std::sync::Arc;

use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, IdentityKind, Inbound, Party, RawItem, Result, Secret, Settings,
    ThreadHints, Tools,
};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

/// The longest note.
pub(crate) const MAX_TEXT: usize = 1000;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Heron)
}

struct Heron;

/// An account on Heron.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeronSettings {
    /// Where Heron is, such as `https://heron.example`.
    pub url: String,
    /// The account's token.
    pub token: Secret,
    /// How often to look for notes.
    #[serde(default = "half_a_minute")]
    pub every_seconds: u32,
}

fn half_a_minute() -> u32 {
    30
}

/// One note as Heron writes it.
#[derive(Deserialize)]
struct Note {
    id: String,
    by: String,
    words: String,
    answers: Option<String>,
}

impl Connector for Heron {
    fn about(&self) -> About {
        let capabilities = Capabilities {
            poll: true,
            send: true,
            idempotent_send: true,
            threads: true,
            max_text: Some(MAX_TEXT),
            identities: vec![IdentityKind::Handle],
            ..Capabilities::none()
        };
        About { id: "heron", name: "Heron", capabilities, settings_schema: schema_for!(HeronSettings).to_value() }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings: HeronSettings = settings.read()?;
        if reqwest::Url::parse(&settings.url).is_err() {
            return Err(Error::settings("url is not an address"));
        }
        if settings.every_seconds == 0 {
            return Err(Error::settings("every_seconds must be at least 1"));
        }
        Ok(Arc::new(channel::HeronChannel { settings, http: tools.http }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        let note: Note = serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not a note"))?;
        Ok(Inbound {
            message_id: Some(note.id),
            thread: ThreadHints { in_reply_to: note.answers.into_iter().collect(), ..ThreadHints::default() },
            from: Some(Party { kind: IdentityKind::Handle, address: note.by, name: None }),
            fresh_text: note.words.clone(),
            text: note.words,
            ..Inbound::default()
        })
    }
}
