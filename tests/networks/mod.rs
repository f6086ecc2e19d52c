//! The networks whose providers call us, each with its fake: one table for whatever is promised of all of them.

mod calls;
mod desk;

use civicdesk_providers::{
    Troubles,
    bridge::{self, Bridge},
    meta::{self, Kind, Meta},
    notify::{self, Notify},
    telegram::{self, Telegram},
    twilio::{self, Twilio},
    vonage::{self, Vonage},
    x::{self, X},
};
use serde_json::{Value, json};

pub use calls::forgeries;
pub use desk::{Line, PUBLIC, desk, options};

use crate::harness::block_on;

/// One network, with one account of ours at its fake provider.
pub struct Network {
    pub name: &'static str,
    fake: Fake,
}

enum Fake {
    Twilio(Twilio),
    Vonage(Vonage),
    VonageSms(Vonage),
    Notify(Notify),
    Meta(Meta, Kind),
    X(X),
    Telegram(Telegram),
    Bridge(Bridge),
}

/// Every network that calls. Vonage has two ways of doing it.
pub const NAMES: [&str; 10] =
    ["twilio", "vonage", "vonage-sms", "notify", "messenger", "instagram", "whatsapp", "x", "telegram", "bridge"];

impl Network {
    pub fn start(name: &'static str) -> Self {
        let meta = |kind| async move { Fake::Meta(Meta::start(kind).await, kind) };
        let fake = block_on(async {
            match name {
                "twilio" => Fake::Twilio(Twilio::start().await),
                "vonage" => Fake::Vonage(Vonage::start().await),
                "vonage-sms" => Fake::VonageSms(Vonage::start().await),
                "notify" => Fake::Notify(Notify::start().await),
                "messenger" => meta(Kind::Messenger).await,
                "instagram" => meta(Kind::Instagram).await,
                "whatsapp" => meta(Kind::Whatsapp).await,
                "x" => Fake::X(X::start().await),
                "telegram" => Fake::Telegram(Telegram::start().await),
                "bridge" => Fake::Bridge(Bridge::start().await),
                _ => panic!("there is no network `{name}`"),
            }
        });
        Self { name, fake }
    }

    pub fn connector(&self) -> &'static str {
        if self.name == "vonage-sms" { "vonage" } else { self.name }
    }

    /// Its place among the networks.
    fn number(&self) -> usize {
        NAMES.iter().position(|name| *name == self.name).unwrap_or_default()
    }

    /// What a channel on it is told, where its provider is the fake.
    pub fn settings(&self) -> Value {
        match &self.fake {
            Fake::Twilio(fake) => json!({
                "account_sid": twilio::ACCOUNT, "auth_token": twilio::TOKEN, "from": twilio::NUMBER, "url": fake.url(),
            }),
            Fake::Vonage(fake) => json!({
                "application_id": vonage::APPLICATION, "private_key": vonage::PRIVATE_KEY, "from": vonage::NUMBER,
                "signature_secret": vonage::SIGNATURE_SECRET, "url": fake.url(),
            }),
            Fake::VonageSms(fake) => json!({
                "api": "sms", "api_key": vonage::API_KEY, "api_secret": vonage::API_SECRET, "from": vonage::NUMBER,
                "signature_secret": vonage::SIGNATURE_SECRET, "signature_method": "sha256", "url": fake.url(),
            }),
            Fake::Notify(fake) => json!({
                "api_key": notify::API_KEY, "template_id": notify::TEMPLATE, "callback_token": notify::CALLBACK_TOKEN,
                "url": fake.url(),
            }),
            Fake::Meta(fake, kind) => {
                let account = if *kind == Kind::Whatsapp { "phone_number_id" } else { "account_id" };
                json!({
                    account: kind.account(), "token": meta::TOKEN, "app_secret": meta::APP_SECRET,
                    "verify_token": meta::VERIFY_TOKEN, "url": fake.url(),
                })
            }
            Fake::X(fake) => json!({
                "user_id": x::ME, "consumer_key": x::CONSUMER_KEY, "consumer_secret": x::CONSUMER_SECRET,
                "access_token": x::TOKEN, "access_token_secret": x::TOKEN_SECRET, "url": fake.url(),
            }),
            Fake::Telegram(fake) => {
                json!({ "token": telegram::TOKEN, "webhook_secret": telegram::SECRET, "url": fake.url() })
            }
            Fake::Bridge(fake) => json!({
                "network": bridge::NETWORK, "url": fake.url(), "secret": bridge::SECRET, "can": ["push", "send"],
                "max_text": bridge::LONGEST,
            }),
        }
    }

    /// The part of the settings that the provider can revoke.
    pub fn token(&self) -> Value {
        match &self.fake {
            Fake::Twilio(_) => json!({ "auth_token": twilio::TOKEN }),
            Fake::Vonage(_) => json!({ "private_key": vonage::PRIVATE_KEY }),
            Fake::VonageSms(_) => json!({ "api_secret": vonage::API_SECRET }),
            Fake::Notify(_) => json!({ "api_key": notify::API_KEY }),
            Fake::Meta(..) => json!({ "token": meta::TOKEN }),
            Fake::X(_) => json!({ "access_token": x::TOKEN }),
            Fake::Telegram(_) => json!({ "token": telegram::TOKEN }),
            Fake::Bridge(_) => json!({ "secret": bridge::SECRET }),
        }
    }

    pub fn troubles(&self) -> &Troubles {
        match &self.fake {
            Fake::Twilio(fake) => fake.troubles(),
            Fake::Vonage(fake) | Fake::VonageSms(fake) => fake.troubles(),
            Fake::Notify(fake) => fake.troubles(),
            Fake::Meta(fake, _) => fake.troubles(),
            Fake::X(fake) => fake.troubles(),
            Fake::Telegram(fake) => fake.troubles(),
            Fake::Bridge(fake) => fake.troubles(),
        }
    }

    /// How many texts were given more than once to a provider that knows a repetition by its key; the others know none.
    pub fn repeated(&self) -> Option<usize> {
        let Fake::Bridge(fake) = &self.fake else { return None };
        Some(fake.taken().into_iter().filter(|taken| taken.times > 1).count())
    }

    /// The texts that were given to the provider to deliver, oldest first.
    pub fn taken(&self) -> Vec<String> {
        match &self.fake {
            Fake::Twilio(fake) => fake.taken().into_iter().map(|taken| taken.body).collect(),
            Fake::Vonage(fake) | Fake::VonageSms(fake) => fake.taken().into_iter().map(|taken| taken.text).collect(),
            Fake::Notify(fake) => fake.taken().into_iter().map(|taken| taken.message).collect(),
            Fake::Meta(fake, _) => fake.taken().into_iter().map(|taken| taken.text).collect(),
            Fake::X(fake) => fake.taken().into_iter().map(|taken| taken.text).collect(),
            Fake::Telegram(fake) => fake.taken().into_iter().map(|taken| taken.text).collect(),
            Fake::Bridge(fake) => fake.taken().into_iter().map(|taken| taken.text).collect(),
        }
    }

    /// A text that is one letter longer than the network carries.
    pub fn too_long(&self) -> String {
        let most = match &self.fake {
            Fake::Twilio(_) => 1600,
            Fake::Vonage(_) | Fake::VonageSms(_) => 1000,
            Fake::Notify(_) => 918,
            Fake::Meta(_, Kind::Messenger) => 2000,
            Fake::Meta(_, Kind::Instagram) => 1000,
            Fake::Meta(_, Kind::Whatsapp) | Fake::Telegram(_) => 4096,
            Fake::X(_) => 10_000,
            Fake::Bridge(_) => bridge::LONGEST,
        };
        "a".repeat(most + 1)
    }

    /// Whether the provider is one with many networks, all of whose calls it signs with the same secret.
    pub fn is_metas(&self) -> bool {
        matches!(self.fake, Fake::Meta(..))
    }

    pub fn is_billed_by_segments(&self) -> bool {
        matches!(self.fake, Fake::Twilio(_) | Fake::Vonage(_) | Fake::VonageSms(_) | Fake::Notify(_))
    }

    /// Whether the provider signs what it says, to the byte. The others show a token beside it.
    pub fn signs(&self) -> bool {
        !matches!(self.fake, Fake::Notify(_) | Fake::Telegram(_))
    }
}
