//! X: posts that mention the agency's account and direct messages to it, pushed by the Account Activity API, and answers.
//!
//! `settings` what a tenant says · `crc` the challenge and the signature · `events` what X's calls bring · `read` one
//! item · `oauth` signs what we ask · `api` its refusals · `send` posts and direct messages · `weight` how long a post is.
//!
//! A webhook belongs to one application, and most of X's plans allow one webhook: each channel needs an application of its
//! own. What was public is answered by a post, everything else by a direct message.

mod api;
mod crc;
mod events;
mod oauth;
mod read;
mod send;
mod settings;
mod weight;

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, HookCall, Identity, IdentityKind, Inbound, InboundAttachment, Media,
    Outbound, RawItem, Received, Result, Sent, Settings, Tools, Visibility,
};

use crate::{call, hook};
use api::Account;
pub use settings::XSettings;

/// The id, and the first word of its messages' names.
pub const ID: &str = "x";
/// The longest direct message in characters; a post is shorter, and counted by `weight`.
const MAX_TEXT: usize = 10_000;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(X)
}

struct X;

impl Connector for X {
    fn about(&self) -> About {
        About {
            id: ID,
            name: "X",
            capabilities: Capabilities {
                hooks: true,
                send: true,
                receipts: true,
                visibility: Visibility::Both,
                max_text: Some(MAX_TEXT),
                identities: vec![IdentityKind::Account],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(XSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings = settings.read::<XSettings>()?.checked()?;
        Ok(Arc::new(XChannel { account: Account { settings, tools } }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::read(item)
    }
}

struct XChannel {
    account: Account,
}

#[async_trait]
impl Channel for XChannel {
    async fn check(&self) -> Result<Identity> {
        self.account.check().await
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        let secret = &self.account.settings.consumer_secret;
        if call.method == "GET" {
            return crc::challenge(call, secret);
        }
        crc::verify(call, secret)?;
        Ok(events::received(&self.account.settings.user_id, &hook::json(call)?))
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        call::download(self.account.file(&media.handle), media, most).await
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        self.account.send(message).await
    }
}
