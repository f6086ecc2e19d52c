//! The conformance kit on each of the three connectors.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    Connector, HookCall, Sent,
    testkit::{self, Delivered, Fixture, Planted, Signature},
};
use civicdesk_providers::{Trouble, notify, twilio, vonage};
use civicdesk_sms::{notify::NotifySettings, twilio::TwilioSettings, vonage::VonageSettings};
use serde_json::{Value, json};

use crate::house::{ADDRESS, notify_settings, twilio_settings, vonage_settings};

/// The same settings with one of them changed.
fn with(mut settings: Value, field: &str, value: &Value) -> Value {
    settings[field] = value.clone();
    settings
}

fn without(mut settings: Value, field: &str) -> Value {
    settings.as_object_mut().unwrap().remove(field);
    settings
}

fn delivered(to: &str, text: &str) -> Delivered {
    Delivered { to: vec![to.to_owned()], text: text.to_owned(), ..Delivered::default() }
}

struct OnTwilio(twilio::Twilio);

#[async_trait]
impl Fixture for OnTwilio {
    fn connector(&self) -> Arc<dyn Connector> {
        civicdesk_sms::twilio::connector()
    }

    fn settings(&self) -> Value {
        twilio_settings(&self.0)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let good = self.settings();
        vec![
            without(good.clone(), "auth_token"),
            with(good.clone(), "auth_token", &json!("")),
            with(good.clone(), "account_sid", &json!("AC12")),
            without(good.clone(), "from"),
            with(good.clone(), "messaging_service_sid", &json!(format!("MG{:032}", 1))),
            with(good, "url", &json!("ftp://somewhere")),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(with(self.settings(), "auth_token", &json!("another token")))
    }

    fn secrets(&self) -> Vec<String> {
        vec![twilio::TOKEN.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<TwilioSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    async fn sent(&self) -> Vec<Delivered> {
        self.0.taken().iter().map(|taken| delivered(&taken.to, &taken.body)).collect()
    }

    async fn lose_next_reply(&self) {
        self.0.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.0.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.0.http.come_up().await.unwrap();
    }

    async fn hook(&self, message: &Planted) -> HookCall {
        self.0.text(ADDRESS, &message.from.address, &message.text, &[])
    }

    fn signature(&self) -> Signature {
        Signature { header: "x-twilio-signature", covers_body: true }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let twice = call.headers.iter().chain(&call.headers).cloned().collect();
        vec![
            HookCall { public_url: "https://elsewhere.example/hooks/chn_4711".to_owned(), ..call.clone() },
            HookCall { query: "a=b".to_owned(), ..call.clone() },
            HookCall { headers: twice, ..call.clone() },
        ]
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        self.0.status(ADDRESS, &sent.id.0, "delivered", None)
    }
}

struct OnVonage(vonage::Vonage);

#[async_trait]
impl Fixture for OnVonage {
    fn connector(&self) -> Arc<dyn Connector> {
        civicdesk_sms::vonage::connector()
    }

    fn settings(&self) -> Value {
        vonage_settings(&self.0)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let good = self.settings();
        vec![
            without(good.clone(), "private_key"),
            with(good.clone(), "private_key", &json!("no key at all")),
            with(good.clone(), "signature_secret", &json!(" ")),
            with(good.clone(), "api", &json!("sms")),
            with(good, "from", &json!("")),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(with(self.settings(), "private_key", &json!(vonage::ANOTHER_KEY)))
    }

    fn secrets(&self) -> Vec<String> {
        vec![vonage::PRIVATE_KEY.to_owned(), vonage::SIGNATURE_SECRET.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<VonageSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    async fn sent(&self) -> Vec<Delivered> {
        self.0.taken().iter().map(|taken| delivered(&format!("+{}", taken.to), &taken.text)).collect()
    }

    async fn lose_next_reply(&self) {
        self.0.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.0.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.0.http.come_up().await.unwrap();
    }

    async fn hook(&self, message: &Planted) -> HookCall {
        self.0.text(ADDRESS, &message.from.address, &message.text)
    }

    fn signature(&self) -> Signature {
        Signature { header: "authorization", covers_body: true }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        let now = testkit::tools().clock.now().as_second();
        vec![
            vonage::calls::signed(ADDRESS, &body, now - 400, vonage::APPLICATION),
            vonage::calls::signed(ADDRESS, &body, now + 400, vonage::APPLICATION),
            vonage::calls::signed(ADDRESS, &body, now, "another-application-of-the-account"),
        ]
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        self.0.status(ADDRESS, &sent.id.0, "delivered", None)
    }
}

struct OnNotify(notify::Notify);

#[async_trait]
impl Fixture for OnNotify {
    fn connector(&self) -> Arc<dyn Connector> {
        civicdesk_sms::notify::connector()
    }

    fn settings(&self) -> Value {
        notify_settings(&self.0)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let good = self.settings();
        vec![
            with(good.clone(), "api_key", &json!(notify::SECRET)),
            with(good.clone(), "template_id", &json!("the usual one")),
            with(good.clone(), "callback_token", &json!("short")),
            with(good, "field", &json!("")),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        let another = format!("riverton-{}-{}", notify::SERVICE, notify::TEMPLATE);
        Some(with(self.settings(), "api_key", &json!(another)))
    }

    fn secrets(&self) -> Vec<String> {
        vec![notify::API_KEY.to_owned(), notify::CALLBACK_TOKEN.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<NotifySettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    async fn sent(&self) -> Vec<Delivered> {
        self.0.taken().iter().map(|taken| delivered(&taken.to, &taken.message)).collect()
    }

    async fn lose_next_reply(&self) {
        self.0.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.0.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.0.http.come_up().await.unwrap();
    }

    async fn hook(&self, message: &Planted) -> HookCall {
        self.0.text(ADDRESS, &message.from.address, &message.text)
    }

    fn signature(&self) -> Signature {
        Signature { header: "authorization", covers_body: false }
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        self.0.status(ADDRESS, &sent.id.0, "delivered")
    }
}

#[tokio::test]
async fn twilio_keeps_the_contract() {
    testkit::run(&OnTwilio(twilio::Twilio::start().await)).await;
}

#[tokio::test]
async fn vonage_keeps_the_contract() {
    testkit::run(&OnVonage(vonage::Vonage::start().await)).await;
}

#[tokio::test]
async fn notify_keeps_the_contract() {
    testkit::run(&OnNotify(notify::Notify::start().await)).await;
}
