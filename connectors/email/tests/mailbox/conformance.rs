//! The contract's conformance kit, over fake servers.

use async_trait::async_trait;
use civicdesk_contract::{
    Connector, InboundAttachment, OutboundAttachment,
    testkit::{self, Delivered, Fixture, Planted},
};
use civicdesk_email::EmailSettings;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{
    fake_imap::{self, FakeImap},
    fake_smtp::{self, FakeSmtp, Trick},
    imap_faults, smtp_faults,
};

struct Mailbox {
    imap: FakeImap,
    smtp: FakeSmtp,
}

#[tokio::test]
async fn the_email_connector_keeps_what_it_declares() {
    let mailbox = Mailbox { imap: FakeImap::start().await, smtp: FakeSmtp::start().await };
    testkit::run(&mailbox).await;
}

#[async_trait]
impl Fixture for Mailbox {
    fn connector(&self) -> Arc<dyn Connector> {
        civicdesk_email::connector()
    }

    fn settings(&self) -> Value {
        let mut settings = smtp_faults::settings(&self.smtp);
        settings["imap"] = imap_faults::settings(&self.imap)["imap"].clone();
        settings["after"] = json!("flag");
        settings
    }

    fn bad_settings(&self) -> Vec<Value> {
        let changed = |change: fn(&mut Value)| {
            let mut settings = self.settings();
            change(&mut settings);
            settings
        };
        vec![
            changed(|s| s["imap"]["port"] = json!(99_999)),
            changed(|s| s["address"] = json!("nobody")),
            changed(|s| s["imap"]["host"] = json!("mail.riverton.example")),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        let mut settings = self.settings();
        settings["imap"]["password"] = json!("not the password");
        settings["smtp"]["password"] = json!("not the password");
        Some(settings)
    }

    fn secrets(&self) -> Vec<String> {
        vec![fake_imap::PASSWORD.to_owned(), fake_smtp::PASSWORD.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<EmailSettings>(self.settings()).unwrap())
    }

    fn has_subjects(&self) -> bool {
        true
    }

    async fn plant(&self, message: &Planted) {
        let raw = written(message);
        self.imap.store(|store| store.add("INBOX", raw));
    }

    async fn sent(&self) -> Vec<Delivered> {
        self.smtp.taken().iter().map(|taken| delivered(&taken.to, &taken.raw)).collect()
    }

    async fn lose_next_reply(&self) {
        let mut once = true;
        self.smtp.plan(move |at, _| (at == "verdict" && std::mem::take(&mut once)).then_some(Trick::Drop));
    }

    async fn go_down(&self) {
        self.imap.go_down().await;
        self.smtp.go_down().await;
    }

    async fn come_up(&self) {
        self.imap.come_up();
        self.smtp.come_up();
    }
}

/// A mail as a citizen's program writes it: by hand, so that it does not share the connector's own mistakes.
fn written(message: &Planted) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let words = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        let pieces =
            chars.chunks(10).map(|piece| format!("=?utf-8?b?{}?=", STANDARD.encode(piece.iter().collect::<String>())));
        pieces.collect::<Vec<_>>().join("\r\n ")
    };
    let wrapped = |bytes: &[u8]| bytes.chunks(57).map(|line| STANDARD.encode(line) + "\r\n").collect::<String>();
    let part = |kind: &str, more: &str, bytes: &[u8]| {
        format!("--outer\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{more}\r\n{}", wrapped(bytes))
    };
    let mut mail = format!(
        "From: <{}>\r\nTo: <service@riverton.example>\r\nMessage-ID: <{}>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\
         MIME-Version: 1.0\r\n",
        message.from.address, message.id
    );
    if let Some(subject) = &message.subject {
        mail += &format!("Subject: {}\r\n", words(subject));
    }
    if let Some(answers) = &message.answers {
        mail += &format!("In-Reply-To: <{answers}>\r\nReferences: <{answers}>\r\n");
    }
    let kind = if message.attachments.is_empty() { "alternative" } else { "mixed" };
    mail += &format!("Content-Type: multipart/{kind}; boundary=outer\r\n\r\n");
    mail += &part("text/plain; charset=utf-8", "", message.text.as_bytes());
    if let Some(html) = &message.html {
        mail += &part("text/html; charset=utf-8", "", html.as_bytes());
    }
    for InboundAttachment { name, content_type, bytes, .. } in &message.attachments {
        let name = format!("Content-Disposition: attachment; filename=\"{}\"\r\n", words(name));
        mail += &part(content_type, &name, bytes);
    }
    (mail + "--outer--\r\n").into_bytes()
}

fn delivered(to: &[String], raw: &[u8]) -> Delivered {
    let mail = MessageParser::new().parse(raw).unwrap();
    let html = mail.html_bodies().find(|part| part.is_text_html()).map(|part| part.text_contents().unwrap().to_owned());
    let attachments = mail.attachments().map(|part| {
        let kind = part.content_type().unwrap();
        OutboundAttachment {
            name: part.attachment_name().unwrap().to_owned(),
            content_type: format!("{}/{}", kind.ctype(), kind.subtype().unwrap()),
            bytes: part.contents().to_vec(),
        }
    });
    Delivered {
        to: to.to_vec(),
        subject: mail.subject().map(str::to_owned),
        text: mail.body_text(0).unwrap().into_owned(),
        html,
        attachments: attachments.collect(),
        answers: mail.in_reply_to().as_text().map(str::to_owned),
    }
}
