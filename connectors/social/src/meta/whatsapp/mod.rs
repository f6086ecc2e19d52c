//! WhatsApp Business by the Cloud API: messages to a number, what became of ours, and answers.
//!
//! `settings` what a tenant says · `events` what Meta's calls bring · `read` one message · `send` answers and templates.
//!
//! 24 hours after a citizen last wrote only an approved template goes out. The settings may name one whose body has one
//! variable, such as "Your city answers: {{1}}"; the text becomes that variable, its line breaks become blanks.

mod events;
mod read;
mod send;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, HookCall, Identity, IdentityKind, Inbound, InboundAttachment,
    Media, Outbound, RawItem, Received, Result, Secret, Sent, Settings, Tools, Visibility,
};
use reqwest::Method;

use super::{
    graph::Graph,
    hook::{self, Call},
};
use crate::call;
pub use settings::{Template, WhatsappSettings};

/// The id, and the first word of its messages' names.
pub const ID: &str = "whatsapp";
/// The longest text in characters.
const MAX_TEXT: usize = 4096;

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Whatsapp)
}

struct Whatsapp;

impl Connector for Whatsapp {
    fn about(&self) -> About {
        About {
            id: ID,
            name: "WhatsApp",
            capabilities: Capabilities {
                hooks: true,
                send: true,
                attachments: true,
                threads: true,
                receipts: true,
                templates_only: true,
                visibility: Visibility::Private,
                max_text: Some(MAX_TEXT),
                identities: vec![IdentityKind::Phone, IdentityKind::Account],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(WhatsappSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings = settings.read::<WhatsappSettings>()?.checked()?;
        let graph = Graph { url: settings.url, token: settings.token, app_secret: settings.app_secret, tools };
        let (number, verify_token, template) = (settings.phone_number_id, settings.verify_token, settings.template);
        Ok(Arc::new(Number { number, verify_token, template, graph }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        read::read(item)
    }
}

/// One number of a business.
struct Number {
    number: String,
    verify_token: Secret,
    template: Option<Template>,
    graph: Graph,
}

#[async_trait]
impl Channel for Number {
    async fn check(&self) -> Result<Identity> {
        let fields = "display_phone_number,verified_name,quality_rating";
        let me = self.graph.ask("check", &self.number, fields).await?;
        let word = |field: &str| me[field].as_str().unwrap_or("unknown").to_owned();
        let detail = format!("{}; quality {}", word("verified_name"), word("quality_rating"));
        Ok(Identity { address: word("display_phone_number"), detail })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        match hook::verified(call, &self.graph.app_secret, &self.verify_token)? {
            Call::Challenge(received) => Ok(received),
            Call::Events(told) => Ok(events::received(&self.number, &told)),
        }
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        let asked = self.graph.request(Method::GET, &media.handle, &format!("&phone_number_id={}", self.number));
        let told = self.graph.told("fetch", call::look("fetch", asked).await?)?;
        if told["file_size"].as_u64().is_some_and(|size| usize::try_from(size).is_ok_and(|size| size > most)) {
            return Err(call::too_large(most));
        }
        let address = told["url"].as_str().ok_or_else(|| Error::unreachable("fetch", "the file has no address"))?;
        let mut request = self.graph.tools.http.get(address);
        // Only Meta's own servers may see the token.
        let host = call::host(address).unwrap_or_default();
        if host == "lookaside.fbsbx.com" || Some(host) == call::host(&self.graph.url) {
            request = request.bearer_auth(self.graph.token.expose());
        }
        call::download(request, media, most).await
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        self.post(message).await
    }
}
