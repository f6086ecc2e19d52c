//! Email for CivicDesk: IMAP in, SMTP out, MIME read with suspicion.
//!
//! `settings` what a tenant says · `imap` mail in · `smtp` mail out · `compose` writes a mail · `mime` reads one ·
//! `oauth` access tokens · `tls` connections · `channel` one mailbox at work.

mod channel;
mod compose;
mod imap;
pub mod mime;
mod oauth;
mod settings;
mod smtp;
mod text;
mod tls;

use std::sync::Arc;

use civicdesk_contract::{
    About, Capabilities, Channel, Connector, Error, IdentityKind, Inbound, RawItem, Result, Settings, Tools, Visibility,
};

pub use mime::read_mail;
pub use settings::{After, EmailSettings, ImapSettings, OAuthSettings, Security, SmtpSettings};

/// The email connector.
pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Email)
}

struct Email;

impl Connector for Email {
    fn about(&self) -> About {
        About {
            id: "email",
            name: "Email",
            capabilities: Capabilities {
                poll: true,
                send: true,
                html: true,
                attachments: true,
                threads: true,
                visibility: Visibility::Private,
                identities: vec![IdentityKind::Email],
                ..Capabilities::none()
            },
            settings_schema: schemars::schema_for!(EmailSettings).to_value(),
        }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(channel::Mailbox::new(settings.read::<EmailSettings>()?.checked()?, tools)?))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        // Only the server's half of the mail is there: showing it as the whole would hide the rest.
        if let Some(rest) = item.raw.strip_prefix(imap::INCOMPLETE.as_bytes()) {
            let line = rest.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let why = text::brief(&String::from_utf8_lossy(line));
            return Err(Error::malformed("imap fetch", format!("the mail is not here whole: {why}")));
        }
        read_mail(&item.raw, &item.envelope)
    }

    fn outline(&self, item: &RawItem) -> Option<Inbound> {
        let header = match item.raw.strip_prefix(imap::INCOMPLETE.as_bytes()) {
            Some(rest) => rest.get(rest.iter().position(|byte| *byte == b'\n')? + 1..)?,
            None => &item.raw,
        };
        mime::outline(header, &item.envelope)
    }
}
