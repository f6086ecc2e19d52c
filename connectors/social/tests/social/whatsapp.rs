//! WhatsApp: the contract, templates when a conversation has closed, receipts, and the days on which things go wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use civicdesk_contract::{
    Clock, Connector, HookCall, IdentityKind, Kind as Wrong, Outbound, OutboundAttachment, Party, ReceiptState, Retry,
    Sent, SystemClock,
    testkit::{self, Delivered, Fixture, Planted, Signature},
};
use civicdesk_providers::{
    Trouble,
    meta::{APP_SECRET, Kind, Meta, TOKEN, Taken, VERIFY_TOKEN},
};
use civicdesk_social::meta::whatsapp::{WhatsappSettings, connector};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    bench::{message, open},
    page::forgeries,
};

const MARIA: &str = "15005550006";
const HOOK: &str = "https://desk.riverton.example/hooks/hk_1";

struct WhatsappFixture {
    meta: Meta,
    /// Which id a planted message was given.
    ids: Mutex<BTreeMap<String, String>>,
}

fn settings(meta: &Meta) -> Value {
    json!({
        "phone_number_id": Kind::Whatsapp.account(), "token": TOKEN, "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN, "url": meta.url(),
    })
}

fn name(id: &str) -> String {
    format!("whatsapp:{}:{id}", Kind::Whatsapp.account())
}

#[async_trait]
impl Fixture for WhatsappFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        connector()
    }

    fn settings(&self) -> Value {
        settings(&self.meta)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let with = |field: &str, value: Value| {
            let mut settings = self.settings();
            settings[field] = value;
            settings
        };
        vec![
            json!({}),
            with("phone_number_id", json!("+1 500")),
            with("app_secret", json!("")),
            with("template", json!({ "name": "", "language": "en" })),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        let mut settings = self.settings();
        settings["token"] = "EAAG-another".into();
        Some(settings)
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned(), APP_SECRET.to_owned(), VERIFY_TOKEN.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<WhatsappSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    fn answered(&self) -> String {
        name("wamid.IN0")
    }

    async fn sent(&self) -> Vec<Delivered> {
        let delivered = |taken: Taken| Delivered {
            to: vec![format!("+{}", taken.to)],
            text: taken.text,
            attachments: taken.files,
            answers: taken.answers.as_deref().map(name),
            ..Delivered::default()
        };
        self.meta.taken().into_iter().map(delivered).collect()
    }

    async fn lose_next_reply(&self) {
        self.meta.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.meta.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.meta.http.come_up().await.unwrap();
    }

    async fn hook(&self, planted: &Planted) -> HookCall {
        let mut more = match planted.attachments.first() {
            None => json!({ "type": "text", "text": { "body": planted.text } }),
            Some(file) => {
                let id = self.meta.keep(&file.name, &file.content_type, &file.bytes);
                let mut document = json!({ "id": id, "filename": file.name, "mime_type": file.content_type });
                if !planted.text.is_empty() {
                    document["caption"] = planted.text.clone().into();
                }
                json!({ "type": "document", "document": document })
            }
        };
        let mut ids = self.ids.lock().unwrap();
        if let Some(answered) = planted.answers.as_ref().and_then(|id| ids.get(id)) {
            more["context"] = json!({ "from": MARIA, "id": answered });
        }
        let told = self.meta.number_message(MARIA, more);
        ids.insert(planted.id.clone(), told["id"].as_str().unwrap().to_owned());
        self.meta.call(HOOK, &[told])
    }

    fn signature(&self) -> Signature {
        Signature { header: "x-hub-signature-256", covers_body: true }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        forgeries(&self.meta, call)
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        let id = sent.id.0.rsplit(':').next().unwrap();
        let status = self.meta.number_status(id, "delivered", Value::Null);
        self.meta.number_call(HOOK, Kind::Whatsapp.account(), &[], &[status])
    }
}

#[tokio::test]
async fn whatsapp_keeps_the_contract() {
    testkit::run(&WhatsappFixture { meta: Meta::start(Kind::Whatsapp).await, ids: Mutex::default() }).await;
}

fn maria() -> Party {
    Party { kind: IdentityKind::Phone, address: format!("+{MARIA}"), name: None }
}

#[tokio::test]
async fn after_24_hours_an_answer_goes_out_as_the_template_or_not_at_all() {
    let meta = Meta::start(Kind::Whatsapp).await;
    let plain = open(&connector(), settings(&meta));
    let mut with_template = settings(&meta);
    with_template["template"] = json!({ "name": "answer_of_the_city", "language": "en_US" });
    let templated = open(&connector(), with_template);
    let heard_at = Some(SystemClock.now() - SignedDuration::from_hours(25));
    let answer = Outbound { heard_at, ..message(maria(), "It is mended.\n\nThank you.") };
    meta.silence(MARIA);
    assert_eq!(plain.send(&answer).await.unwrap_err().kind, Wrong::Refused);
    templated.send(&answer).await.unwrap();
    let taken = meta.taken().remove(0);
    assert_eq!((taken.text.as_str(), taken.by.as_deref()), ("It is mended. Thank you.", Some("answer_of_the_city")));
    let long = Outbound { text: "x".repeat(1025), ..answer.clone() };
    assert_eq!(templated.send(&long).await.unwrap_err().kind, Wrong::Refused);
    // Nobody told us the time, and Meta refuses with 131047.
    let refused = templated.send(&Outbound { heard_at: None, ..answer }).await.unwrap_err();
    assert_eq!((refused.kind, refused.retry), (Wrong::Refused, Retry::Never));
    assert!(refused.detail.contains("131047"), "{refused}");
    assert_eq!(meta.taken().len(), 1);
}

#[tokio::test]
async fn receipts_in_any_order_say_what_became_of_a_message_and_why() {
    let meta = Meta::start(Kind::Whatsapp).await;
    let channel = open(&connector(), settings(&meta));
    let why = json!([{ "code": 131_047, "title": "Re-engagement message", "error_data": { "details": "24 hours" } }]);
    let statuses = [
        meta.number_status("wamid.A", "read", Value::Null),
        meta.number_status("wamid.A", "delivered", Value::Null),
        meta.number_status("wamid.A", "sent", Value::Null),
        meta.number_status("wamid.B", "failed", why),
        meta.number_status("wamid.C", "warning", Value::Null),
        json!({ "status": "read" }),
    ];
    let call = meta.number_call(HOOK, Kind::Whatsapp.account(), &[], &statuses);
    let receipts = channel.receive(&call).await.unwrap().receipts;
    let states: Vec<ReceiptState> = receipts.iter().map(|receipt| receipt.state).collect();
    assert_eq!(states, [ReceiptState::Read, ReceiptState::Delivered, ReceiptState::Sent, ReceiptState::Failed]);
    assert_eq!(receipts[0].id.0, name("wamid.A"));
    assert_eq!(receipts[3].detail.as_deref(), Some("error 131047: 24 hours"));
    let others = meta.number_call(HOOK, "999", &[meta.number_message(MARIA, json!({ "type": "text" }))], &statuses);
    let received = channel.receive(&others).await.unwrap();
    assert!(received.items.is_empty() && received.receipts.is_empty(), "another number of the application");
}

#[tokio::test]
async fn every_kind_of_message_is_read_and_what_is_not_shown_is_said() {
    let meta = Meta::start(Kind::Whatsapp).await;
    let channel = open(&connector(), settings(&meta));
    let kinds = [
        json!({ "type": "location", "location": { "latitude": 52.5, "longitude": 13.25, "name": "Mill Lane" } }),
        json!({ "type": "button", "button": { "text": "Yes", "payload": "Y" } }),
        json!({ "type": "interactive", "interactive": { "type": "button_reply", "button_reply": { "id": "1", "title": "No" } } }),
        json!({ "type": "reaction", "reaction": { "message_id": "wamid.A", "emoji": "👍" } }),
        json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Bob" }, "phones": [{ "phone": "+1" }] }] }),
        json!({ "type": "voice", "voice": { "id": "77", "mime_type": "audio/ogg; codecs=opus" } }),
        json!({ "type": "unsupported" }),
        json!({ "type": "text", "text": { "body": "שלום" }, "from": "19990000000" }),
        json!({ "type": "text", "text": { "body": "hidden" }, "from": null, "from_user_id": "US.13491208655302741918" }),
    ];
    let told: Vec<Value> = kinds.into_iter().map(|kind| meta.number_message(MARIA, kind)).collect();
    let items = channel.receive(&meta.call(HOOK, &told)).await.unwrap().items;
    let read: Vec<_> = items.iter().map(|item| connector().read(item).unwrap()).collect();
    let texts: Vec<&str> = read.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["Mill Lane geo:52.5,13.25", "Yes", "No", "👍", "Bob +1", "", "", "שלום", "hidden"]);
    assert_eq!(read[0].from.as_ref().unwrap().name.as_deref(), Some("María Gómez"));
    assert_eq!(read[3].thread.in_reply_to, [name("wamid.A")]);
    assert_eq!(read[5].media[0].content_type.as_deref(), Some("audio/ogg"));
    assert!(read[6].oddities[0].contains("unsupported"));
    assert_eq!(read[7].from.as_ref().unwrap().name, None, "a sender without a name");
    let hidden = read[8].from.clone().unwrap();
    assert_eq!(hidden.kind, IdentityKind::Account);
    channel.send(&message(hidden, "Hello")).await.unwrap();
    assert_eq!(meta.taken()[0].to, "US.13491208655302741918");
}

#[tokio::test]
async fn a_message_that_would_lose_a_file_is_refused() {
    let meta = Meta::start(Kind::Whatsapp).await;
    let channel = open(&connector(), settings(&meta));
    let file = OutboundAttachment { name: "a".to_owned(), content_type: "text/plain".to_owned(), bytes: vec![1] };
    let two = Outbound { attachments: vec![file.clone(), file.clone()], ..message(maria(), "Two") };
    assert_eq!(channel.send(&two).await.unwrap_err().kind, Wrong::Refused);
    let long = Outbound { attachments: vec![file], ..message(maria(), &"x".repeat(1025)) };
    assert_eq!(channel.send(&long).await.unwrap_err().kind, Wrong::Refused);
    assert!(meta.taken().is_empty());
}
