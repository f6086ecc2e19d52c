//! Messenger and Instagram: messages to a page or a professional account, which differ in little but their names.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, ExternalId, HookCall, Identity, IdentityKind, Inbound,
    InboundAttachment, Kind, Media, Outbound, RawItem, Received, Result, Retry, Secret, Sent, Settings, TextUnit,
    Tools, Visibility,
};
use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    graph::Graph,
    graph_api,
    hook::{self, Call},
    window::Window,
};
use crate::{call, ids};

mod events;

/// A page on Messenger, or a professional account on Instagram.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageSettings {
    /// The number of the page (Messenger) or of the professional account (Instagram).
    pub account_id: String,
    /// The access token of the page or the account, one that does not expire.
    pub token: Secret,
    /// The application's secret, with which Meta signs its calls.
    pub app_secret: Secret,
    /// The word that was given as the verify token when the webhook was set up.
    pub verify_token: Secret,
    /// Meta has granted the application the tag Human Agent: staff may answer for seven days instead of one.
    #[serde(default)]
    pub human_agent: bool,
    /// Where the Graph API is, with its version.
    #[serde(default = "graph_api")]
    pub url: String,
}

/// What the two networks differ in.
#[derive(Clone, Copy)]
struct Network {
    id: &'static str,
    name: &'static str,
    /// What Meta calls its accounts in an event.
    object: &'static str,
    /// The field with the account's name.
    named: &'static str,
    max_text: usize,
    text_unit: TextUnit,
}

pub fn messenger() -> Arc<dyn Connector> {
    Arc::new(Network {
        id: "messenger",
        name: "Messenger",
        object: "page",
        named: "name",
        max_text: 2000,
        text_unit: TextUnit::Characters,
    })
}

pub fn instagram() -> Arc<dyn Connector> {
    Arc::new(Network {
        id: "instagram",
        name: "Instagram",
        object: "instagram",
        named: "username",
        max_text: 1000,
        text_unit: TextUnit::Bytes,
    })
}

impl Connector for Network {
    fn about(&self) -> About {
        About {
            id: self.id,
            name: self.name,
            capabilities: Capabilities {
                hooks: true,
                send: true,
                receipts: true,
                visibility: Visibility::Private,
                max_text: Some(self.max_text),
                text_unit: self.text_unit,
                identities: vec![IdentityKind::Account],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(PageSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings: PageSettings = settings.read()?;
        if settings.account_id.is_empty() || !settings.account_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::settings("account_id is not a number"));
        }
        hook::check_secrets(&settings.token, &settings.app_secret, &settings.verify_token)?;
        let url = call::base("url", &settings.url)?;
        let graph = Graph { url, token: settings.token, app_secret: settings.app_secret, tools };
        let (account, verify_token, human_agent) = (settings.account_id, settings.verify_token, settings.human_agent);
        Ok(Arc::new(Page { network: *self, account, verify_token, human_agent, graph }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        events::read(self.id, item)
    }
}

struct Page {
    network: Network,
    account: String,
    verify_token: Secret,
    human_agent: bool,
    graph: Graph,
}

#[async_trait]
impl Channel for Page {
    async fn check(&self) -> Result<Identity> {
        let me = self.graph.ask("check", &self.account, self.network.named).await?;
        let address = me[self.network.named].as_str().unwrap_or(&self.account).to_owned();
        Ok(Identity { address, detail: "the token was accepted".to_owned() })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        match hook::verified(call, &self.graph.app_secret, &self.verify_token)? {
            Call::Challenge(received) => Ok(received),
            Call::Events(told) => Ok(events::received(&self.network, &self.account, &told)),
        }
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        // Meta's address of the file is signed by itself, for some days.
        call::download(self.graph.tools.http.get(&media.handle), media, most).await
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        let person = self.person(message)?;
        let mut body = json!({ "recipient": { "id": person }, "message": { "text": message.text } });
        match Window::of(message, self.graph.tools.clock.now()) {
            Window::Open => body["messaging_type"] = "RESPONSE".into(),
            Window::People if self.human_agent => {
                body["messaging_type"] = "MESSAGE_TAG".into();
                body["tag"] = "HUMAN_AGENT".into();
            }
            Window::People => return Err(closed("24 hours; the application has no tag Human Agent")),
            Window::Closed => return Err(closed("the time that Meta gives for an answer")),
        }
        let request = self.graph.request(Method::POST, "me/messages", "").json(&body);
        let told = self.graph.told("send", call::act("send", request).await?)?;
        let id = told["message_id"].as_str().ok_or_else(|| {
            Error::new(Kind::Unreachable, Retry::Unsure, "send", "Meta's answer does not name the message")
        })?;
        let id = ExternalId(ids::name(self.network.id, &self.account, id));
        Ok(Sent { id, detail: "Meta took it".to_owned() })
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "send", why)
}

fn closed(after: &str) -> Error {
    refused(format!("the person has not written for more than {after}; nothing can be sent until they write again"))
}

impl Page {
    /// The one person it goes to, where the message fits.
    fn person<'m>(&self, message: &'m Outbound) -> Result<&'m str> {
        if !message.attachments.is_empty() {
            return Err(Error::unsupported("attachments"));
        }
        let ([to], []) = (message.to.as_slice(), message.cc.as_slice()) else {
            return Err(refused("a message here goes to one person"));
        };
        let (long, most) = (self.network.text_unit.count(&message.text), self.network.max_text);
        if long > most || message.text.trim().is_empty() {
            let unit = self.network.text_unit.as_str();
            return Err(refused(format!("the text has {long} {unit}; 1 to {most} are possible")));
        }
        ids::person_of(self.network.id, &to.address).ok_or_else(|| refused("the address is none of this network"))
    }
}
