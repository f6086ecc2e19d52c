//! Messenger and Instagram: the contract, the hours in which an answer is possible, and the days on which things go wrong.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use civicdesk_contract::{
    Clock, Connector, HookCall, IdentityKind, Kind as Wrong, Outbound, Party, ReceiptState, Retry, Sent, SystemClock,
    testkit::{self, Delivered, Fixture, Planted, Signature},
};
use civicdesk_providers::{
    Trouble,
    meta::{APP_SECRET, Kind, Meta, REGAIN_MINUTES, TOKEN, VERIFY_TOKEN, calls},
};
use civicdesk_social::meta::{PageSettings, instagram, messenger};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bench::{message, open};

const MARIA: &str = "4711";
const HOOK: &str = "https://desk.riverton.example/hooks/hk_1";

struct PageFixture {
    meta: Meta,
    kind: Kind,
}

fn connector(kind: Kind) -> Arc<dyn Connector> {
    if kind == Kind::Messenger { messenger() } else { instagram() }
}

fn settings(meta: &Meta, kind: Kind) -> Value {
    json!({
        "account_id": kind.account(), "token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN,
        "url": meta.url(),
    })
}

#[async_trait]
impl Fixture for PageFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        connector(self.kind)
    }

    fn settings(&self) -> Value {
        settings(&self.meta, self.kind)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let with = |field: &str, value: &str| {
            let mut settings = self.settings();
            settings[field] = value.into();
            settings
        };
        vec![
            json!({}),
            with("account_id", "riverton"),
            with("app_secret", ""),
            with("verify_token", ""),
            with("url", "x"),
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
        format!("{:?}", serde_json::from_value::<PageSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    fn citizen(&self) -> Option<String> {
        Some(format!("{}:{MARIA}", connector(self.kind).about().id))
    }

    async fn sent(&self) -> Vec<Delivered> {
        let id = connector(self.kind).about().id;
        let delivered = |taken: civicdesk_providers::meta::Taken| Delivered {
            to: vec![format!("{id}:{}", taken.to)],
            text: taken.text,
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
        self.meta.call(HOOK, &[self.meta.page_event(MARIA, json!({ "text": planted.text }))])
    }

    fn signature(&self) -> Signature {
        Signature { header: "x-hub-signature-256", covers_body: true }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        forgeries(&self.meta, call)
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        let mid = sent.id.0.rsplit(':').next().unwrap();
        let told = match self.kind {
            Kind::Messenger => json!({ "delivery": { "mids": [mid], "watermark": 1_764_000_000_000_u64 } }),
            _ => json!({ "read": { "mid": mid } }),
        };
        self.meta.call(HOOK, &[self.meta.page_other(MARIA, told)])
    }
}

/// Written anew from its JSON, signed twice, and a challenge of somebody else.
pub fn forgeries(meta: &Meta, call: &HookCall) -> Vec<HookCall> {
    let told: Value = serde_json::from_slice(&call.body).unwrap();
    let anew = HookCall { body: serde_json::to_vec_pretty(&told).unwrap(), ..call.clone() };
    let mut twice = call.clone();
    twice.headers.push(call.headers[1].clone());
    let mut stranger = meta.challenge(HOOK, "1158201444");
    stranger.query = stranger.query.replace(VERIFY_TOKEN, "another");
    vec![anew, twice, stranger]
}

#[tokio::test]
async fn messenger_and_instagram_keep_the_contract() {
    for kind in [Kind::Messenger, Kind::Instagram] {
        testkit::run(&PageFixture { meta: Meta::start(kind).await, kind }).await;
    }
}

fn maria(kind: Kind) -> Party {
    let address = format!("{}:{MARIA}", connector(kind).about().id);
    Party { kind: IdentityKind::Account, address, name: None }
}

#[tokio::test]
async fn after_24_hours_only_people_answer_and_only_with_the_tag_and_for_seven_days() {
    let meta = Meta::start(Kind::Messenger).await;
    let plain = open(&messenger(), settings(&meta, Kind::Messenger));
    let mut with_tag = settings(&meta, Kind::Messenger);
    with_tag["human_agent"] = true.into();
    let tagged = open(&messenger(), with_tag);
    for (hours, automatic, channel, by) in [
        (23, false, &plain, Ok(None)),
        (25, false, &plain, Err(Wrong::Refused)),
        (25, false, &tagged, Ok(Some("HUMAN_AGENT"))),
        (25, true, &tagged, Err(Wrong::Refused)),
        (24 * 7 + 1, false, &tagged, Err(Wrong::Refused)),
    ] {
        let heard_at = Some(SystemClock.now() - SignedDuration::from_hours(hours));
        let answer = Outbound { heard_at, automatic, ..message(maria(Kind::Messenger), "It is mended.") };
        let sent = channel.send(&answer).await.map_err(|e| e.kind);
        let went = sent.map(|_| meta.taken().pop().unwrap().by);
        assert_eq!(went, by.map(|tag: Option<&str>| tag.map(str::to_owned)), "{hours} {automatic}");
    }
    // Nobody told us the time, and Meta refuses.
    meta.silence(MARIA);
    let refused = plain.send(&message(maria(Kind::Messenger), "It is mended.")).await.unwrap_err();
    assert_eq!((refused.kind, refused.retry), (Wrong::Refused, Retry::Never), "{refused}");
}

#[tokio::test]
async fn one_call_brings_many_messages_each_once_and_passes_over_the_rest() {
    let meta = Meta::start(Kind::Messenger).await;
    let channel = open(&messenger(), settings(&meta, Kind::Messenger));
    let echo = meta.page_event(MARIA, json!({ "text": "ours", "is_echo": true }));
    let mut own = meta.page_event(MARIA, json!({ "text": "also ours" }));
    own["sender"]["id"] = Kind::Messenger.account().into();
    let events = [
        meta.page_event(MARIA, json!({ "text": "one" })),
        echo,
        own,
        meta.page_event(MARIA, json!({ "text": "two" })),
        meta.page_other(MARIA, json!({ "reaction": { "emoji": "❤" } })),
        meta.page_other(MARIA, json!({ "postback": { "title": "Start", "payload": "X" } })),
        json!({}),
        json!(7),
    ];
    let received = channel.receive(&meta.call(HOOK, &events)).await.unwrap();
    let read: Vec<String> = received.items.iter().map(|item| messenger().read(item).unwrap().text).collect();
    assert_eq!(read, ["one", "two", "Start"]);
    for other in [
        json!({ "object": "page", "entry": [{ "id": "9999", "messaging": events }] }),
        json!({ "object": "instagram", "entry": [{ "id": Kind::Messenger.account(), "messaging": events }] }),
        json!({ "object": "page" }),
        json!([1]),
    ] {
        assert!(channel.receive(&calls::signed(HOOK, &other)).await.unwrap().items.is_empty(), "{other}");
    }
}

#[tokio::test]
async fn an_oversized_or_shapeless_call_is_malformed_and_brings_nothing() {
    let meta = Meta::start(Kind::Messenger).await;
    let channel = open(&messenger(), settings(&meta, Kind::Messenger));
    let oversized = calls::signed(HOOK, &json!({ "object": "page", "filler": "x".repeat(5 << 20) }));
    assert_eq!(channel.receive(&oversized).await.unwrap_err().kind, Wrong::Malformed);
    for shapeless in [json!(null), json!("page"), json!({ "object": "page", "entry": { "messaging": 7 } })] {
        assert!(channel.receive(&calls::signed(HOOK, &shapeless)).await.unwrap().items.is_empty(), "{shapeless}");
    }
}

#[tokio::test]
async fn what_was_read_is_told_by_its_moment() {
    let meta = Meta::start(Kind::Messenger).await;
    let channel = open(&messenger(), settings(&meta, Kind::Messenger));
    let read = meta.page_other(MARIA, json!({ "read": { "watermark": 1_764_000_000_000_u64 } }));
    let received = channel.receive(&meta.call(HOOK, &[read])).await.unwrap();
    assert!(received.receipts.is_empty());
    let told = &received.watermarks[0];
    assert_eq!((told.to.as_str(), told.state), ("messenger:4711", ReceiptState::Read));
    assert_eq!(told.until.as_millisecond(), 1_764_000_000_000);
}

#[tokio::test]
async fn the_challenge_is_answered_in_plain_text_whatever_it_holds() {
    let meta = Meta::start(Kind::Instagram).await;
    let channel = open(&instagram(), settings(&meta, Kind::Instagram));
    for (given, answered) in
        [("1158201444", "1158201444"), ("%3Cscript%3Ealert(1)%3C/script%3E", "<script>alert(1)</script>")]
    {
        let answer = channel.receive(&meta.challenge(HOOK, given)).await.unwrap().answer;
        assert_eq!((answer.status, answer.content_type), (200, "text/plain; charset=utf-8"));
        assert_eq!(answer.body, answered.as_bytes());
    }
}

#[tokio::test]
async fn metas_bad_days_are_named_for_what_they_are() {
    let meta = Meta::start(Kind::Messenger).await;
    let channel = open(&messenger(), settings(&meta, Kind::Messenger));
    for (trouble, kind, retry) in [
        (Trouble::TokenExpired, Wrong::Credentials, Retry::Never),
        (Trouble::Down(429), Wrong::Limited, Retry::After(Duration::from_secs(REGAIN_MINUTES * 60))),
        (Trouble::Down(500), Wrong::Unreachable, Retry::Unsure),
        (Trouble::Down(404), Wrong::Refused, Retry::Never),
    ] {
        meta.troubles().then(trouble.clone());
        let error = channel.send(&message(maria(Kind::Messenger), "Hello?")).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (kind, retry), "{trouble:?}: {error}");
        assert!(meta.taken().is_empty());
    }
}

#[tokio::test]
async fn files_places_and_taken_back_messages_are_read() {
    let meta = Meta::start(Kind::Instagram).await;
    let channel = open(&instagram(), settings(&meta, Kind::Instagram));
    let attachments = json!([
        { "type": "image", "payload": { "url": "https://cdn.example/a/photo.jpg?oe=1" } },
        { "type": "location", "payload": { "coordinates": { "lat": 52.5, "long": 13.25 } } },
        { "type": "ig_reel", "payload": {} },
    ]);
    let events = [
        meta.page_event(MARIA, json!({ "attachments": attachments, "reply_to": { "mid": "m_0" } })),
        meta.page_event(MARIA, json!({ "is_deleted": true })),
        meta.page_other(MARIA, json!({ "message_edit": { "mid": "m_1", "text": "better", "num_edit": 2 } })),
    ];
    let items = channel.receive(&meta.call(HOOK, &events)).await.unwrap().items;
    let read: Vec<_> = items.iter().map(|item| instagram().read(item).unwrap()).collect();
    assert_eq!(read.len(), 2);
    assert_eq!((read[0].text.as_str(), read[0].media[0].name.as_deref()), ("geo:52.5,13.25", Some("photo.jpg")));
    assert!(read[0].oddities[0].contains("ig_reel") && read[0].from.as_ref().unwrap().name.is_none());
    assert_eq!(read[1].thread.in_reply_to, ["instagram:17841400000000001:m_1"]);
}
