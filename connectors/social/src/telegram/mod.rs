//! Telegram: a bot that citizens write to, by webhook or by asking, and its answers.
//!
//! `settings` what a tenant says · `api` asks the Bot API · `fetching` by getUpdates · `read` an update · `send` answers.
//!
//! A bot has one webhook or one asker. With `webhook_secret` and a webhook set at Telegram, messages are pushed and
//! asking stays quiet; without, they are fetched. Only private chats are read: in a group the bot would answer in front
//! of all. The secret token does not cover the body: who steals it can write anything, so the webhook needs TLS.

mod api;
mod fetching;
mod read;
mod send;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Batch, Capabilities, Channel, Connector, Cursor, ExternalId, HookCall, Identity, IdentityKind, Inbound,
    InboundAttachment, Media, Outbound, RawItem, Received, Result, Sent, Settings, TextUnit, Tools, Visibility,
};

use crate::{hook, sign};
use api::Bot;
pub use settings::TelegramSettings;

/// The id, and the first word of its messages' names.
pub const ID: &str = "telegram";
/// The longest message in UTF-16 code units.
const MAX_TEXT: usize = 4096;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Telegram)
}

struct Telegram;

impl Connector for Telegram {
    fn about(&self) -> About {
        About {
            id: ID,
            name: "Telegram",
            capabilities: Capabilities {
                poll: true,
                hooks: true,
                send: true,
                attachments: true,
                threads: true,
                visibility: Visibility::Private,
                max_text: Some(MAX_TEXT),
                text_unit: TextUnit::Utf16,
                identities: vec![IdentityKind::Account],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(TelegramSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings = settings.read::<TelegramSettings>()?.checked()?;
        Ok(Arc::new(TelegramChannel { bot: Bot::new(settings, tools) }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::read(item)
    }
}

struct TelegramChannel {
    bot: Bot,
}

#[async_trait]
impl Channel for TelegramChannel {
    async fn check(&self) -> Result<Identity> {
        self.bot.check().await
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        let given = hook::only_header(call, "x-telegram-bot-api-secret-token")?;
        let Some(secret) = &self.bot.settings.webhook_secret else {
            return Err(hook::forged("the settings name no webhook_secret"));
        };
        if !sign::same(given.as_bytes(), secret.expose().as_bytes()) {
            return Err(hook::forged("the secret token is another"));
        }
        let update = hook::json(call)?;
        let items = read::item(self.bot.id(), &update, call.body.clone()).into_iter().collect();
        Ok(Received { items, ..Received::default() })
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        self.bot.poll(cursor, limit).await
    }

    async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        self.bot.wait(cursor).await
    }

    async fn committed(&self, _items: &[ExternalId]) -> Result<()> {
        // The next question names what was committed, and Telegram forgets it then.
        Ok(())
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        self.bot.fetch(media, most).await
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        self.bot.send(message).await
    }
}
