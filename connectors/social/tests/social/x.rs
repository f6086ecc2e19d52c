//! X: the contract, what is public and what is not, and the days on which things go wrong.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use civicdesk_contract::{
    Connector, HookCall, IdentityKind, Inbound, Kind, Outbound, Party, ReceiptState, Retry, Sent,
    testkit::{self, Delivered, Fixture, Planted, Signature},
};
use civicdesk_providers::{
    Trouble,
    x::{CONSUMER_KEY, CONSUMER_SECRET, ME, RESET_SECONDS, TOKEN, TOKEN_SECRET, Taken, X, activity},
};
use civicdesk_social::x::{XSettings, connector};
use serde_json::{Value, json};

use crate::bench::{message, open};

const MARIA: &str = "4711";
const HOOK: &str = "https://desk.riverton.example/hooks/hk_1";

struct XFixture {
    x: X,
}

fn settings(x: &X) -> Value {
    json!({
        "user_id": ME, "consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET, "access_token": TOKEN,
        "access_token_secret": TOKEN_SECRET, "url": x.url(),
    })
}

#[async_trait]
impl Fixture for XFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        connector()
    }

    fn settings(&self) -> Value {
        settings(&self.x)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let with = |field: &str, value: &str| {
            let mut settings = self.settings();
            settings[field] = value.into();
            settings
        };
        vec![json!({}), with("user_id", "@riverton"), with("consumer_secret", ""), with("url", "x.com")]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        let mut settings = self.settings();
        settings["access_token_secret"] = "another-secret".into();
        Some(settings)
    }

    fn secrets(&self) -> Vec<String> {
        vec![CONSUMER_SECRET.to_owned(), TOKEN.to_owned(), TOKEN_SECRET.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<XSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    fn citizen(&self) -> Option<String> {
        Some(format!("x:{MARIA}"))
    }

    async fn sent(&self) -> Vec<Delivered> {
        let delivered = |taken: Taken| Delivered {
            to: taken.to.iter().map(|person| format!("x:{person}")).collect(),
            text: taken.text,
            ..Delivered::default()
        };
        self.x.taken().into_iter().map(delivered).collect()
    }

    async fn lose_next_reply(&self) {
        self.x.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.x.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.x.http.come_up().await.unwrap();
    }

    async fn hook(&self, planted: &Planted) -> HookCall {
        let told = self.x.direct_message(MARIA, &planted.text, json!({}));
        self.x.call(HOOK, "direct_message_events", &told)
    }

    fn signature(&self) -> Signature {
        Signature { header: "x-twitter-webhooks-signature", covers_body: true }
    }

    /// A challenge that is a body would give its asker a signature for it.
    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let mut oracle = self.x.challenge(HOOK, "");
        oracle.query = "crc_token=%7B%22for_user_id%22%3A%222244994945%22%7D".to_owned();
        let mut twice = call.clone();
        twice.headers.push(call.headers[1].clone());
        vec![oracle, twice, self.x.challenge(HOOK, ""), self.x.challenge(HOOK, &"a".repeat(201))]
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        let last = sent.id.0.rsplit(':').next().unwrap();
        self.x.call(HOOK, "direct_message_mark_read_events", &self.x.mark_read(MARIA, last))
    }
}

#[tokio::test]
async fn x_keeps_the_contract() {
    testkit::run(&XFixture { x: X::start().await }).await;
}

fn maria() -> Party {
    Party { kind: IdentityKind::Account, address: format!("x:{MARIA}"), name: None }
}

async fn read(x: &X, kind: &str, event: &Value) -> Vec<Inbound> {
    let channel = open(&connector(), settings(x));
    let items = channel.receive(&x.call(HOOK, kind, event)).await.unwrap().items;
    items.iter().map(|item| connector().read(item).unwrap()).collect()
}

#[tokio::test]
async fn a_public_answer_is_a_post_below_what_it_answers_and_all_else_a_direct_message() {
    let x = X::start().await;
    let channel = open(&connector(), settings(&x));
    let asked = read(&x, "tweet_create_events", &x.post(MARIA, "The lamp is out.", json!({}))).await.remove(0);
    assert!(asked.public);
    let answer = Outbound { in_reply_to: asked.message_id.clone(), public: true, ..message(maria(), "Mended.") };
    let sent = channel.send(&answer).await.unwrap();
    let taken = x.taken().remove(0);
    assert_eq!((taken.to, taken.answers.as_deref()), (None, asked.message_id.as_deref().unwrap().rsplit(':').next()));
    assert_eq!(sent.id.0, format!("x:{ME}:post:{}", taken.id));
    channel.send(&Outbound { public: false, ..answer.clone() }).await.unwrap();
    assert_eq!(x.taken()[1].to.as_deref(), Some(MARIA));

    let direct = read(&x, "direct_message_events", &x.direct_message(MARIA, "In private.", json!({}))).await.remove(0);
    assert!(!direct.public);
    for foreign in [direct.message_id, None, Some("mail@example.org".to_owned())] {
        let refused = channel.send(&Outbound { in_reply_to: foreign, ..answer.clone() }).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Refused, "nothing public to answer");
    }
    assert_eq!(x.taken().len(), 2);
}

#[tokio::test]
async fn only_what_speaks_to_the_account_is_taken() {
    let x = X::start().await;
    let silent = json!({ "user_mentions": [], "urls": [] });
    for post in [
        x.post(ME, "our own", json!({})),
        x.post(MARIA, "RT", json!({ "retweeted_status": { "id_str": "1" } })),
        x.post(MARIA, "about something else", json!({ "entities": silent })),
        json!({}),
    ] {
        assert!(read(&x, "tweet_create_events", &post).await.is_empty(), "{post}");
    }
    assert!(read(&x, "direct_message_events", &x.direct_message(ME, "our own", json!({}))).await.is_empty());
    assert!(read(&x, "favorite_events", &json!({ "id": "1" })).await.is_empty());
    let channel = open(&connector(), settings(&x));
    let other = activity::signed(HOOK, r#"{"for_user_id":"1","direct_message_events":[{"type":"message_create"}]}"#);
    assert!(channel.receive(&other).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn posts_are_read_whole_with_their_links_and_protected_ones_are_not_public() {
    let x = X::start().await;
    let long = json!({
        "text": "The lamp… https://t.co/b",
        "extended_tweet": {
            "full_text": "The lamp &amp; the bin at https://t.co/a שלום",
            "entities": { "urls": [{ "url": "https://t.co/a", "expanded_url": "https://map.example/12" }] },
            "extended_entities": { "media": [{ "media_url_https": "https://pbs.example/m/photo.jpg" }] },
        },
        "user": { "id_str": MARIA, "name": " ", "protected": true },
        "in_reply_to_status_id_str": "1900",
    });
    let read = read(&x, "tweet_create_events", &x.post(MARIA, "", long)).await.remove(0);
    assert_eq!(read.text, "The lamp & the bin at https://map.example/12 שלום");
    assert_eq!(read.media[0].name.as_deref(), Some("photo.jpg"));
    assert_eq!(read.thread.in_reply_to, [format!("x:{ME}:post:1900")]);
    assert_eq!((read.public, read.from), (false, Some(maria())));
}

#[tokio::test]
async fn a_post_over_280_as_x_counts_is_refused_before_it_is_sent() {
    let x = X::start().await;
    let channel = open(&connector(), settings(&x));
    for (text, goes) in
        [("a".repeat(280), true), ("a".repeat(281), false), ("漢".repeat(140), true), ("漢".repeat(141), false)]
    {
        let in_reply_to = Some(format!("x:{ME}:post:1900"));
        let told = channel.send(&Outbound { in_reply_to, public: true, ..message(maria(), &text) }).await;
        assert_eq!(told.map_err(|e| e.kind).err(), (!goes).then_some(Kind::Refused));
    }
    assert_eq!(x.taken().len(), 2);
}

#[tokio::test]
async fn the_bad_days_of_x_are_named_for_what_they_are() {
    let x = X::start().await;
    let channel = open(&connector(), settings(&x));
    for (trouble, kind, retry) in [
        (Trouble::TokenExpired, Kind::Credentials, Retry::Never),
        (Trouble::Down(403), Kind::Credentials, Retry::Never),
        (Trouble::Down(503), Kind::Unreachable, Retry::Unsure),
    ] {
        x.troubles().then(trouble.clone());
        let error = channel.send(&message(maria(), "Hello?")).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (kind, retry), "{trouble:?}: {error}");
    }
    x.troubles().then(Trouble::Down(429));
    let Retry::After(wait) = channel.check().await.unwrap_err().retry else { panic!("no time to wait") };
    assert!(wait <= Duration::from_secs(RESET_SECONDS.unsigned_abs()) && wait > Duration::from_secs(60), "{wait:?}");
    x.close(MARIA);
    let closed = channel.send(&message(maria(), "Hello?")).await.unwrap_err();
    assert_eq!((closed.kind, closed.retry), (Kind::Refused, Retry::Never));
    assert!(x.taken().is_empty());
}

#[tokio::test]
async fn what_was_read_is_told_by_message_and_by_moment() {
    let x = X::start().await;
    let channel = open(&connector(), settings(&x));
    let call = x.call(HOOK, "direct_message_mark_read_events", &x.mark_read(MARIA, "1900"));
    let received = channel.receive(&call).await.unwrap();
    assert_eq!(received.receipts[0].id.0, format!("x:{ME}:dm:1900"));
    assert_eq!((received.watermarks[0].to.as_str(), received.watermarks[0].state), ("x:4711", ReceiptState::Read));
}
