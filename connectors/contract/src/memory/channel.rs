//! A channel on a mailbox of the memory network.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Mailbox,
    mailbox::{News, SIGNATURE, sign},
};
use crate::{
    Answer, Batch, Capabilities, Channel, Cursor, Envelope, Error, ExternalId, HookCall, Identity, InboundAttachment,
    Inbox, Kind, Measure, Media, Outbound, RawItem, Receipt, Received, Result, Retry, Secret, Sent, Told,
};

pub(super) struct MemoryChannel {
    pub mailbox: Arc<Mailbox>,
    pub secret: Secret,
    pub capabilities: Capabilities,
    pub bills: bool,
}

/// Characters of one part.
const PART: usize = 160;

#[async_trait]
impl Channel for MemoryChannel {
    async fn check(&self) -> Result<Identity> {
        self.mailbox.enter("check", &self.secret).await?;
        Ok(Identity { address: self.mailbox.address(), detail: "the mailbox took the secret".to_owned() })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        if !self.capabilities.hooks {
            return Err(Error::unsupported("receive"));
        }
        let given = call.header(SIGNATURE).unwrap_or_default();
        if !same(given, &sign(&self.secret, &call.body)) {
            return Err(Error::new(Kind::Forged, Retry::Never, "receive", "the signature does not hold"));
        }
        let news = serde_json::from_slice(&call.body)
            .map_err(|_| Error::malformed("receive", "signed, but not in a form we know"))?;
        Ok(match news {
            News::Letter(letter) => {
                Received { items: vec![item(&letter.to_bytes(), &call.body)], ..Received::default() }
            }
            News::Receipt { id, state } => {
                let receipts = vec![Receipt { id, state, detail: None }];
                Received { receipts, ..Received::default() }
            }
            News::Ask(ask) => {
                self.need(self.capabilities.spoken, "ask")?;
                Received { ask: Some(ask), ..Received::default() }
            }
        })
    }

    fn reply(&self, _call: &HookCall, told: &Told) -> Result<Answer> {
        self.need(self.capabilities.spoken, "reply")?;
        let body = serde_json::to_vec(told).unwrap_or_default();
        Ok(Answer { status: 200, content_type: "application/json", body })
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        self.need(self.capabilities.poll, "poll")?;
        self.mailbox.enter("poll", &self.secret).await?;
        let (items, cursor, more) = self.mailbox.after(cursor, limit)?;
        Ok(Batch { items, cursor, more })
    }

    async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        self.need(self.capabilities.poll, "wait")?;
        self.mailbox.enter("wait", &self.secret).await?;
        self.mailbox.news(cursor).await
    }

    async fn committed(&self, items: &[ExternalId]) -> Result<()> {
        self.need(self.capabilities.poll, "committed")?;
        self.mailbox.enter("committed", &self.secret).await?;
        self.mailbox.commit(items);
        Ok(())
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        self.need(self.capabilities.attachments || self.capabilities.spoken, "fetch")?;
        self.mailbox.enter("fetch", &self.secret).await?;
        let file = self.mailbox.file(&media.handle)?;
        if file.bytes.len() > most {
            return Err(Error::new(Kind::Refused, Retry::Never, "fetch", format!("the file is over {most} bytes")));
        }
        Ok(file.into_attachment())
    }

    async fn run(&self, inbox: Arc<dyn Inbox>) -> Result<()> {
        self.need(self.capabilities.session, "run")?;
        self.mailbox.enter("run", &self.secret).await?;
        let _session = self.mailbox.begin_session();
        // What the host has accepted is taken off the line for good: the next session begins after it.
        loop {
            let line = self.mailbox.line();
            let (items, next, _) = self.mailbox.after(line.as_ref(), usize::MAX)?;
            for item in items {
                inbox.accept(item).await?;
            }
            self.mailbox.taken_off(next.clone());
            self.mailbox.news(Some(&next)).await?;
            self.mailbox.enter("run", &self.secret).await?;
        }
    }

    fn measure(&self, text: &str) -> Option<Measure> {
        let units = text.chars().count();
        let parts = units.div_ceil(PART);
        let left = parts.max(1) * PART - units;
        self.bills.then_some(Measure { encoding: "characters", units, parts, left })
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        self.need(self.capabilities.send, "send")?;
        self.need(self.capabilities.attachments || message.attachments.is_empty(), "attachments")?;
        self.need(self.capabilities.html || message.html.is_none(), "html")?;
        if self.capabilities.max_text.is_some_and(|most| message.text.chars().count() > most) {
            return Err(Error::new(Kind::Refused, Retry::Never, "send", "the text is too long"));
        }
        self.mailbox.enter("send", &self.secret).await?;
        let id = self.mailbox.take(message, self.capabilities.idempotent_send)?;
        Ok(Sent { detail: format!("taken as {}", id.0), id })
    }
}

impl MemoryChannel {
    fn need(&self, declared: bool, operation: &'static str) -> Result<()> {
        if declared { Ok(()) } else { Err(Error::unsupported(operation)) }
    }
}

/// A letter that came by a call is named by its bytes, so that the same call again brings the same item.
fn item(letter: &[u8], body: &[u8]) -> RawItem {
    RawItem {
        id: ExternalId(sign(&Secret::new("item"), body)),
        place: None,
        envelope: Envelope::default(),
        raw: letter.to_vec(),
    }
}

/// Compares without telling by its time how much was right.
fn same(given: &str, right: &str) -> bool {
    let differences = given.bytes().zip(right.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == right.len() && differences == 0
}
