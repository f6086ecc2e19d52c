//! The connector `lmtp`: an agency's mail server pushes mail to us, and takes our answers by SMTP.
//!
//! What comes in comes through the program's listeners, which find the channel by its address. Everything else is the
//! mail connector's: how a mail is read, and how an answer goes out.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, HookCall, Identity, IdentityKind, Inbound, Outbound, RawItem,
    Received, Result, Sent, Settings, Tools,
};
use serde::Deserialize;
use serde_json::Value;

use crate::people::addresses;

/// The connector's id, by which the listeners know their channels.
pub const ID: &str = "lmtp";
/// Settings of the mail connector that only make sense where mail is fetched.
const FETCHING: [&str; 3] = ["imap", "folders", "after"];

/// The connector, over the one that reads and sends mail.
pub fn connector(mail: Arc<dyn Connector>) -> Arc<dyn Connector> {
    Arc::new(Lmtp { mail })
}

struct Lmtp {
    mail: Arc<dyn Connector>,
}

/// Settings of a channel that only receives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Silent {
    address: String,
    /// Beside the address; used only where answers go out.
    #[serde(rename = "name")]
    _name: Option<String>,
}

impl Connector for Lmtp {
    fn about(&self) -> About {
        let mail = self.mail.about();
        let mut settings_schema = mail.settings_schema;
        if let Some(properties) = settings_schema.get_mut("properties").and_then(Value::as_object_mut) {
            FETCHING.iter().for_each(|name| {
                properties.remove(*name);
            });
        }
        let capabilities = Capabilities { poll: false, session: false, hooks: false, ..mail.capabilities };
        About { id: ID, name: "Mail server (LMTP or SMTP)", capabilities, settings_schema }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        if let Some(name) = FETCHING.into_iter().find(|name| settings.0.get(name).is_some()) {
            return Err(Error::settings(format!(
                "`{name}`: nothing is fetched for this channel, mail is pushed to it"
            )));
        }
        if settings.0.get("smtp").is_some_and(|smtp| !smtp.is_null()) {
            let address = settings.0.get("address").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Ok(Arc::new(Pushed { address, answers: Some(self.mail.open(settings, tools)?) }));
        }
        let Silent { address, .. } = settings.read()?;
        if addresses::normal(IdentityKind::Email, &address).is_none() {
            return Err(Error::settings("`address` is no mail address"));
        }
        Ok(Arc::new(Pushed { address, answers: None }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        self.mail.read(item)
    }

    fn outline(&self, item: &RawItem) -> Option<Inbound> {
        self.mail.outline(item)
    }
}

struct Pushed {
    address: String,
    /// The way out, where the settings name a server for it.
    answers: Option<Arc<dyn Channel>>,
}

#[async_trait]
impl Channel for Pushed {
    async fn check(&self) -> Result<Identity> {
        match &self.answers {
            Some(answers) => answers.check().await,
            None => Ok(Identity {
                address: self.address.clone(),
                detail: "mail can be pushed to it; without `smtp` no answer goes out".to_owned(),
            }),
        }
    }

    async fn receive(&self, _: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        match &self.answers {
            Some(answers) => answers.send(message).await,
            None => Err(Error::settings("the channel has no `smtp`: name the server that takes its answers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::{SystemClock, memory};
    use serde_json::json;

    use super::*;
    use crate::channels::net;

    #[test]
    fn what_cannot_be_right_is_refused_in_words() {
        let connector = connector(memory::connector(memory::MemoryNetwork::new()));
        let tools = net::tools(Arc::new(SystemClock), &net::Reach::new(|_| false)).unwrap();
        let open = |settings| connector.open(Settings(settings), tools.clone()).map(|_| ()).map_err(|e| e.detail);
        assert_eq!(open(json!({ "address": "help@riverton.example" })), Ok(()));
        assert!(open(json!({ "address": "help" })).unwrap_err().contains("`address`"));
        assert!(open(json!({ "address": "a@x.example", "imap": {} })).unwrap_err().contains("`imap`"));
        assert!(open(json!({ "address": "a@x.example", "port": 25 })).unwrap_err().contains("port"));
        assert!(!connector.about().capabilities.poll);
    }
}
