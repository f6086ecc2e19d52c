//! What the tests share: settings for a channel on each fake, and messages to send.

use std::sync::Arc;

use civicdesk_contract::{Channel, Connector, IdentityKind, Outbound, Party, Settings, testkit};
use civicdesk_providers::{notify, twilio, vonage};
use serde_json::{Value, json};

/// Where the providers were told to call.
pub const ADDRESS: &str = "https://city.example/hooks/chn_4711";
pub const CITIZEN: &str = "+15005550006";

pub fn twilio_settings(fake: &twilio::Twilio) -> Value {
    json!({
        "account_sid": twilio::ACCOUNT, "auth_token": twilio::TOKEN, "from": twilio::NUMBER, "url": fake.url(),
        "status_callback": ADDRESS,
    })
}

pub fn vonage_settings(fake: &vonage::Vonage) -> Value {
    json!({
        "application_id": vonage::APPLICATION, "private_key": vonage::PRIVATE_KEY, "from": vonage::NUMBER,
        "signature_secret": vonage::SIGNATURE_SECRET, "url": fake.url(),
    })
}

pub fn vonage_sms_settings(fake: &vonage::Vonage) -> Value {
    json!({
        "api": "sms", "api_key": vonage::API_KEY, "api_secret": vonage::API_SECRET, "from": vonage::NUMBER,
        "signature_secret": vonage::SIGNATURE_SECRET, "signature_method": "sha256", "url": fake.url(),
    })
}

pub fn notify_settings(fake: &notify::Notify) -> Value {
    json!({
        "api_key": notify::API_KEY, "template_id": notify::TEMPLATE, "callback_token": notify::CALLBACK_TOKEN,
        "url": fake.url(),
    })
}

pub fn open(connector: &Arc<dyn Connector>, settings: Value) -> Arc<dyn Channel> {
    connector.open(Settings(settings), testkit::tools()).unwrap()
}

/// A text to the citizen.
pub fn text(words: &str) -> Outbound {
    Outbound {
        key: "msg_4711".to_owned(),
        message_id: "msg_4711@city.example".to_owned(),
        from_name: None,
        to: vec![phone(CITIZEN)],
        cc: Vec::new(),
        reply_to: None,
        return_path: None,
        subject: None,
        text: words.to_owned(),
        html: None,
        attachments: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        automatic: false,
        public: false,
        written_at: "2026-11-22T12:00:00Z".parse().unwrap(),
        heard_at: None,
    }
}

pub fn phone(number: &str) -> Party {
    Party { kind: IdentityKind::Phone, address: number.to_owned(), name: None }
}
