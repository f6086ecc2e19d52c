//! The conformance kit on the telephone.

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{
    Connector, HookCall,
    testkit::{self, Fixture, Planted, Signature},
};
use civicdesk_providers::twilio::{self, Twilio, voice::ATTESTED};
use civicdesk_voice::VoiceSettings;
use serde_json::{Value, json};

use crate::house::{CITIZEN, City, settings};

struct OnTwilio(City);

impl OnTwilio {
    fn twilio(&self) -> &Twilio {
        &self.0.twilio
    }

    fn with(&self, field: &str, value: &Value) -> Value {
        let mut changed = self.settings();
        changed[field] = value.clone();
        changed
    }
}

#[async_trait]
impl Fixture for OnTwilio {
    fn connector(&self) -> Arc<dyn Connector> {
        civicdesk_voice::connector()
    }

    fn settings(&self) -> Value {
        settings(self.twilio())
    }

    fn bad_settings(&self) -> Vec<Value> {
        let nothing = json!({ "standing": false, "message": false });
        let mut idle = self.settings();
        idle.as_object_mut().unwrap().remove("desk");
        idle.as_object_mut().unwrap().extend(nothing.as_object().unwrap().clone());
        vec![
            idle,
            self.with("account_sid", &json!("AC12")),
            self.with("auth_token", &json!(" ")),
            self.with("number", &json!("5005550100")),
            self.with("desk", &json!("the desk")),
            self.with("languages", &json!([])),
            self.with("languages", &json!(["en", "tlh"])),
            self.with("message_seconds", &json!(1)),
            self.with("desk_seconds", &json!(1000)),
            self.with("url", &json!("ftp://somewhere")),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(self.with("auth_token", &json!("another token")))
    }

    fn secrets(&self) -> Vec<String> {
        vec![twilio::TOKEN.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<VoiceSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    async fn go_down(&self) {
        self.twilio().http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.twilio().http.come_up().await.unwrap();
    }

    async fn hook(&self, message: &Planted) -> HookCall {
        assert_eq!(message.from.address, CITIZEN);
        let mut line = self.0.called(Some(ATTESTED)).await;
        self.0.press(&mut line, "2").await;
        line.speaks(message.text.as_bytes(), false).1
    }

    async fn question(&self) -> HookCall {
        let mut line = self.0.called(Some(ATTESTED)).await;
        self.0.press(&mut line, "1").await;
        line.presses("2026000001#")
    }

    fn signature(&self) -> Signature {
        Signature { header: "x-twilio-signature", covers_body: true }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let twice = call.headers.iter().chain(&call.headers).cloned().collect();
        vec![
            HookCall { public_url: "https://elsewhere.example/hooks/chn_4711".to_owned(), ..call.clone() },
            HookCall { query: call.query.replace("from=", "form="), ..call.clone() },
            HookCall { query: String::new(), ..call.clone() },
            HookCall { headers: twice, ..call.clone() },
        ]
    }
}

#[tokio::test]
async fn the_telephone_keeps_the_contract() {
    testkit::run(&OnTwilio(City::new().await.speaking("en"))).await;
}
