//! One mailbox at work: its incoming half, its outgoing half, or both.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    Batch, Channel, Cursor, Error, ExternalId, HookCall, Identity, Kind, Outbound, Received, Result, Retry, Sent, Tools,
};

use crate::{
    compose::{Sender, address, compose},
    imap::Imap,
    oauth::Tokens,
    settings::EmailSettings,
    smtp::Smtp,
    tls::Connector,
};

/// A tenant's mailbox.
pub struct Mailbox {
    sender: Sender,
    imap: Option<Imap>,
    smtp: Option<Smtp>,
}

impl Mailbox {
    pub fn new(mut settings: EmailSettings, tools: Tools) -> Result<Self> {
        let own = address(&settings.address).map_err(|e| Error::settings(format!("address: {}", e.detail)))?;
        let connector = Arc::new(Connector::new(tools.clone(), settings.ca_file.clone()));
        let tokens = settings.oauth.take().map(|oauth| Arc::new(Tokens::new(oauth, tools)));
        let (imap, smtp) = (settings.imap.take(), settings.smtp.take());
        Ok(Self {
            imap: imap.map(|imap| Imap::new(&settings, imap, connector.clone(), tokens.clone())),
            smtp: smtp.map(|smtp| Smtp::new(smtp, own.domain().to_owned(), connector, tokens)),
            sender: Sender { address: own, name: settings.name },
        })
    }

    fn incoming(&self, operation: &'static str) -> Result<&Imap> {
        self.imap.as_ref().ok_or_else(|| absent(operation, "this channel has no `imap`: it only sends"))
    }
}

fn absent(operation: &'static str, detail: &str) -> Error {
    Error::new(Kind::Unsupported, Retry::Never, operation, detail)
}

#[async_trait]
impl Channel for Mailbox {
    async fn check(&self) -> Result<Identity> {
        let mut proven = Vec::new();
        if let Some(imap) = &self.imap {
            proven.push(imap.check().await.map_err(|e| told_apart("IMAP", e))?);
        }
        if let Some(smtp) = &self.smtp {
            proven.push(smtp.check().await.map_err(|e| told_apart("SMTP", e))?);
        }
        Ok(Identity { address: self.sender.address.to_string(), detail: proven.join("; ") })
    }

    async fn receive(&self, _call: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        self.incoming("poll")?.poll(cursor, limit).await
    }

    async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        self.incoming("wait")?.wait(cursor).await
    }

    async fn committed(&self, items: &[ExternalId]) -> Result<()> {
        self.incoming("committed")?.committed(items).await
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        let smtp = self.smtp.as_ref().ok_or_else(|| absent("send", "this channel has no `smtp`: it only receives"))?;
        let detail = smtp.send(&compose(&self.sender, message)?).await?;
        Ok(Sent { id: ExternalId(message.message_id.clone()), detail })
    }
}

/// Staff see which half of the settings to look at.
fn told_apart(half: &str, error: Error) -> Error {
    Error { detail: format!("{half}: {}", error.detail), ..error }
}
