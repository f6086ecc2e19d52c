//! Mastodon: people who mention the agency's account, in public or in private, and its answers.
//!
//! `settings` what a tenant says · `api` asks the instance · `fetching` mentions, page by page · `waiting` streaming as a
//! hint · `read` a mention · `html` its text · `limits` what the instance takes · `send` answers.
//!
//! An answer is never seen by more people than what it answers: public and unlisted stay what they are, all else goes to
//! those it names alone. That holds for followers-only posts too, whose readers are the writer's followers and not ours.

mod api;
mod fetching;
mod html;
mod limits;
mod read;
mod send;
mod settings;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Batch, Capabilities, Channel, Connector, Cursor, Error, ExternalId, HookCall, Identity, IdentityKind,
    Inbound, InboundAttachment, Media, Outbound, RawItem, Received, Result, Sent, Settings, Tools, Visibility,
};

use crate::call;
use api::Instance;
pub use settings::MastodonSettings;

/// The id, and the first word of its messages' names.
pub const ID: &str = "mastodon";

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Mastodon)
}

struct Mastodon;

impl Connector for Mastodon {
    fn about(&self) -> About {
        About {
            id: ID,
            name: "Mastodon",
            capabilities: Capabilities {
                poll: true,
                send: true,
                idempotent_send: true,
                attachments: true,
                threads: true,
                visibility: Visibility::Both,
                // Each instance says its own; it is asked before a message is sent.
                max_text: None,
                identities: vec![IdentityKind::Handle],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(MastodonSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings = settings.read::<MastodonSettings>()?.checked()?;
        Ok(Arc::new(MastodonChannel { instance: Instance::new(settings, tools)? }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::read(item)
    }
}

struct MastodonChannel {
    instance: Instance,
}

#[async_trait]
impl Channel for MastodonChannel {
    async fn check(&self) -> Result<Identity> {
        self.instance.check().await
    }

    async fn receive(&self, _call: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        self.instance.poll(cursor, limit).await
    }

    async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        self.instance.wait(cursor).await
    }

    async fn committed(&self, _items: &[ExternalId]) -> Result<()> {
        // Notifications are left as they are: staff may read them elsewhere too.
        Ok(())
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        // Files often lie at another host, which must not see the token.
        call::download(self.instance.tools.http.get(&media.handle), media, most).await
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        self.instance.send(message).await
    }
}
