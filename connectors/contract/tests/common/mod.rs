//! The memory connector's fixture, for any connector that stands on a memory mailbox.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use civicdesk_contract::{
    Ask, Capabilities, Connector, HookCall, IdentityKind, Media, Party, ReceiptState, Sent,
    memory::{self, File, Letter, Mailbox, MemoryNetwork, MemorySettings, SIGNATURE, Trouble},
    testkit::{Delivered, Fixture, Planted, Signature},
};
use serde_json::{Value, json};

const SECRET: &str = "open-sesame-4711";

pub struct MemoryFixture {
    pub connector: Arc<dyn Connector>,
    pub mailbox: Arc<Mailbox>,
}

impl MemoryFixture {
    /// The memory connector itself.
    pub fn new() -> Self {
        Self::with(memory::capabilities())
    }

    /// A memory connector that declares only this.
    pub fn with(capabilities: Capabilities) -> Self {
        let network = MemoryNetwork::new();
        let mailbox = network.mailbox("riverton", SECRET);
        Self { connector: memory::connector_with("memory", capabilities, network), mailbox }
    }
}

#[async_trait]
impl Fixture for MemoryFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::clone(&self.connector)
    }

    fn settings(&self) -> Value {
        json!({ "network": "riverton", "secret": SECRET })
    }

    fn bad_settings(&self) -> Vec<Value> {
        vec![json!({}), json!({ "network": "riverton" }), json!({ "network": "nowhere", "secret": SECRET })]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(json!({ "network": "riverton", "secret": "close-sesame" }))
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<MemorySettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        true
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn plant(&self, message: &Planted) {
        self.mailbox.plant(&letter(message));
    }

    async fn sent(&self) -> Vec<Delivered> {
        let delivered = |sent: civicdesk_contract::Outbound| Delivered {
            to: sent.to.into_iter().map(|party| party.address).collect(),
            subject: sent.subject,
            text: sent.text,
            html: sent.html,
            attachments: sent.attachments,
            answers: sent.in_reply_to,
        };
        self.mailbox.sent().into_iter().map(delivered).collect()
    }

    async fn lose_next_reply(&self) {
        self.mailbox.trouble(Some(Trouble::LostReply));
    }

    async fn go_down(&self) {
        self.mailbox.trouble(Some(Trouble::Unreachable));
    }

    async fn come_up(&self) {
        self.mailbox.trouble(None);
    }

    async fn hook(&self, message: &Planted) -> HookCall {
        let mut letter = letter(message);
        if self.connector.about().capabilities.spoken {
            let recording = File {
                name: "recording.wav".to_owned(),
                content_type: "audio/x-wav".to_owned(),
                bytes: std::mem::take(&mut letter.text).into_bytes(),
            };
            self.mailbox.keep(&message.id, recording);
            letter.text = "A recording".to_owned();
            letter.media = vec![Media { handle: message.id.clone(), ..Media::default() }];
        }
        self.mailbox.hook_call(&letter)
    }

    async fn question(&self) -> HookCall {
        let who = Party { kind: IdentityKind::Phone, address: "+15005550006".to_owned(), name: None };
        let reference = Some("KIT-2026-000001".to_owned());
        self.mailbox.ask_call(&Ask { who: Some(who), reference, ..Ask::default() })
    }

    fn signature(&self) -> Signature {
        Signature { header: SIGNATURE, covers_body: true }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let stranger = MemoryNetwork::new().mailbox("riverton", "another secret");
        let mut forged = stranger.hook_call(&Letter::from_email("eve@example.org", "Hello", "It is me."));
        forged.public_url.clone_from(&call.public_url);
        vec![forged]
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        self.mailbox.receipt_call(&sent.id, ReceiptState::Delivered)
    }
}

fn letter(message: &Planted) -> Letter {
    let file = |file: &civicdesk_contract::InboundAttachment| File {
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        bytes: file.bytes.clone(),
    };
    Letter {
        id: Some(message.id.clone()),
        from: Some(message.from.clone()),
        subject: message.subject.clone(),
        text: message.text.clone(),
        html: message.html.clone(),
        attachments: message.attachments.iter().map(file).collect(),
        in_reply_to: message.answers.iter().cloned().collect(),
        ..Letter::default()
    }
}
