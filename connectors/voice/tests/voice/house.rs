//! What the tests share: a channel on the fake, and calls led through it.

use std::sync::Arc;

use civicdesk_contract::{Ask, Channel, HookCall, Received, Settings, Standing, Told, testkit};
use civicdesk_providers::twilio::{self, Twilio, voice::Line};
use serde_json::{Value, json};

/// Where the number is set up to call.
pub const ADDRESS: &str = "https://city.example/hooks/chn_4711";
pub const CITIZEN: &str = "+15005550006";
pub const DESK: &str = "+15005550199";

pub fn settings(fake: &Twilio) -> Value {
    json!({
        "account_sid": twilio::ACCOUNT, "auth_token": twilio::TOKEN, "number": twilio::NUMBER, "desk": DESK,
        "desk_seconds": 25, "url": fake.url(),
    })
}

pub fn open(settings: Value) -> Arc<dyn Channel> {
    civicdesk_voice::connector().open(Settings(settings), testkit::tools()).unwrap()
}

/// An agency with one channel, and what it tells.
pub struct City {
    pub twilio: Twilio,
    pub channel: Arc<dyn Channel>,
    pub told: Told,
}

impl City {
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With settings of its own.
    pub async fn with(own: Value) -> Self {
        let twilio = Twilio::start().await;
        let mut all = settings(&twilio);
        for (name, value) in own.as_object().unwrap() {
            all[name] = value.clone();
        }
        let told = Told { agency: "City of Riverton".to_owned(), ..Told::default() };
        Self { channel: open(all), twilio, told }
    }

    /// Whose callers are known to speak this language.
    pub fn speaking(mut self, language: &str) -> Self {
        self.told.language = Some(language.to_owned());
        self
    }

    /// That says this of every case.
    pub fn standing(mut self, standing: Standing) -> Self {
        self.told.standing = Some(standing);
        self
    }

    /// Carries a request of the line to the channel, and its answer back. Redirects are followed.
    pub async fn carry(&self, line: &mut Line<'_>, call: HookCall) -> Received {
        let received = self.channel.receive(&call).await.unwrap();
        let ask = received.ask.clone().expect("a caller who waits for an answer makes the channel ask");
        let mut next = line.takes(200, &self.answer(&call, &ask));
        while let Some(call) = next {
            let ask = self.channel.receive(&call).await.unwrap().ask.unwrap();
            next = line.takes(200, &self.answer(&call, &ask));
        }
        received
    }

    fn answer(&self, call: &HookCall, ask: &Ask) -> Vec<u8> {
        let standing = self.told.standing.clone().filter(|_| ask.reference.is_some());
        let answer = self.channel.reply(call, &Told { standing, ..self.told.clone() }).unwrap();
        assert_eq!((answer.status, answer.content_type), (200, "text/xml; charset=utf-8"));
        answer.body
    }

    /// A call that has been taken.
    pub async fn called(&self, stir: Option<&str>) -> Line<'_> {
        let mut line = self.twilio.line(ADDRESS, CITIZEN, stir);
        let rings = line.rings();
        self.carry(&mut line, rings).await;
        line
    }

    pub async fn press(&self, line: &mut Line<'_>, keys: &str) -> Received {
        let call = line.presses(keys);
        self.carry(line, call).await
    }

    pub async fn wait(&self, line: &mut Line<'_>) -> Received {
        let call = line.waits();
        self.carry(line, call).await
    }
}
