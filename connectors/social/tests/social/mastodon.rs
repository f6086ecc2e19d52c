//! Mastodon: the contract, who sees an answer, and the days on which things go wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use civicdesk_contract::{
    Channel, Clock, Connector, Cursor, IdentityKind, Inbound, Kind, Outbound, Party, Retry, SystemClock,
    testkit::{self, Delivered, Fixture, Planted},
};
use civicdesk_providers::{
    Trouble,
    mastodon::{MAX_CHARACTERS, Mastodon, RESET_SECONDS, TOKEN},
};
use civicdesk_social::mastodon::{MastodonSettings, connector};
use serde_json::{Value, json};

use crate::bench::{message, open};

const MARIA: &str = "maria@far.example";

struct MastodonFixture {
    mastodon: Mastodon,
    /// Which post a planted message became.
    posts: Mutex<BTreeMap<String, u64>>,
    answered: u64,
}

impl MastodonFixture {
    async fn start() -> Self {
        let mastodon = Mastodon::start().await;
        let answered = mastodon.mention(MARIA, "An older post.", "direct", json!({}));
        Self { mastodon, posts: Mutex::default(), answered }
    }
}

fn settings(mastodon: &Mastodon) -> Value {
    json!({ "url": mastodon.url(), "token": TOKEN, "every_seconds": 1 })
}

#[async_trait]
impl Fixture for MastodonFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        connector()
    }

    fn settings(&self) -> Value {
        settings(&self.mastodon)
    }

    fn bad_settings(&self) -> Vec<Value> {
        let url = self.mastodon.url();
        vec![
            json!({ "url": url }),
            json!({ "url": "social.example", "token": TOKEN }),
            json!({ "url": url, "token": "" }),
            json!({ "url": url, "token": TOKEN, "every_seconds": 0 }),
            json!({ "url": url, "token": TOKEN, "since": "yesterday" }),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(json!({ "url": self.mastodon.url(), "token": "another-token" }))
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<MastodonSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    fn citizen(&self) -> Option<String> {
        Some(MARIA.to_owned())
    }

    fn answered(&self) -> String {
        name(&self.mastodon, self.answered)
    }

    /// Posts carry images, and no names of files.
    fn file_kind(&self) -> (Option<&'static str>, &'static str) {
        (None, "image/png")
    }

    fn longest(&self) -> Option<usize> {
        Some(MAX_CHARACTERS - "@maria ".len())
    }

    async fn plant(&self, planted: &Planted) {
        let mut posts = self.posts.lock().unwrap();
        let keep = |file: &civicdesk_contract::InboundAttachment| {
            self.mastodon.keep(&file.name, &file.content_type, &file.bytes)
        };
        let answers = planted.answers.as_ref().and_then(|id| posts.get(id)).map(u64::to_string);
        let more = json!({
            "in_reply_to_id": answers, "media_attachments": planted.attachments.iter().map(keep).collect::<Vec<_>>(),
        });
        posts.insert(planted.id.clone(), self.mastodon.mention(MARIA, &planted.text, "direct", more));
    }

    async fn sent(&self) -> Vec<Delivered> {
        let delivered = |taken: civicdesk_providers::mastodon::Taken| {
            let (to, text) = taken.text.split_once(' ').unwrap();
            Delivered {
                to: vec![to.trim_start_matches('@').to_owned()],
                text: text.to_owned(),
                attachments: taken.files,
                answers: taken.answers.map(|id| format!("mastodon:{}:{id}", self.mastodon.host())),
                ..Delivered::default()
            }
        };
        self.mastodon.taken().into_iter().map(delivered).collect()
    }

    async fn lose_next_reply(&self) {
        // The limits are asked for first.
        self.mastodon.troubles().then(Trouble::Slow(Duration::ZERO));
        self.mastodon.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.mastodon.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.mastodon.http.come_up().await.unwrap();
    }
}

#[tokio::test]
async fn mastodon_keeps_the_contract() {
    testkit::run(&MastodonFixture::start().await).await;
}

fn maria() -> Party {
    Party { kind: IdentityKind::Handle, address: MARIA.to_owned(), name: None }
}

fn name(mastodon: &Mastodon, post: u64) -> String {
    format!("mastodon:{}:{post}", mastodon.host())
}

fn answer(mastodon: &Mastodon, post: u64, public: bool) -> Outbound {
    Outbound { in_reply_to: Some(name(mastodon, post)), public, ..message(maria(), "It is mended.") }
}

async fn all(channel: &Arc<dyn Channel>, cursor: Option<&Cursor>) -> (Vec<Inbound>, Cursor) {
    let batch = channel.poll(cursor, 50).await.unwrap();
    (batch.items.iter().map(|item| connector().read(item).unwrap()).collect(), batch.cursor)
}

#[tokio::test]
async fn an_answer_is_seen_by_no_more_people_than_what_it_answers() {
    let mastodon = Mastodon::start().await;
    let channel = open(&connector(), settings(&mastodon));
    for (asked, public, seen) in [
        ("public", true, Some("public")),
        ("unlisted", true, Some("unlisted")),
        ("private", true, None),
        ("direct", true, None),
        ("public", false, Some("direct")),
        ("unlisted", false, Some("direct")),
        ("private", false, Some("direct")),
        ("direct", false, Some("direct")),
    ] {
        let post = mastodon.mention(MARIA, "The lamp is out.", asked, json!({}));
        let mut answer = answer(&mastodon, post, public);
        answer.key = format!("{asked}-{public}");
        let sent = channel.send(&answer).await;
        let taken = mastodon.taken();
        let last = taken.last().filter(|taken| taken.answers == Some(post.to_string()));
        assert_eq!(last.map(|taken| taken.visibility.as_str()), seen, "{asked} {public}");
        assert_eq!(sent.map_err(|e| e.kind).err(), seen.is_none().then_some(Kind::Refused), "{asked} {public}");
    }
    let gone = channel.send(&answer(&mastodon, 9999, true)).await;
    assert_eq!(gone.unwrap_err().kind, Kind::Refused, "what it answers was deleted");
}

#[tokio::test]
async fn posts_are_public_where_anyone_can_read_them() {
    let mastodon = Mastodon::start().await;
    for visibility in ["public", "unlisted", "private", "direct"] {
        mastodon.mention(MARIA, visibility, visibility, json!({}));
    }
    let (read, _) = all(&open(&connector(), settings(&mastodon)), None).await;
    let public: Vec<bool> = read.iter().map(|message| message.public).collect();
    assert_eq!(public, [true, true, false, false]);
}

#[tokio::test]
async fn a_private_answer_that_names_a_third_person_is_refused() {
    let mastodon = Mastodon::start().await;
    let channel = open(&connector(), settings(&mastodon));
    for (text, goes) in [
        ("Ask @mayor@riverton.example about it.", false),
        ("(@mayor)", false),
        (".@mayor has it.", false),
        ("@maria of our own instance is somebody else.", false),
        ("@MARIA@far.example, you are right.", true),
        ("Write to help@riverton.example.", true),
        ("@maria@far.example you are right.", true),
        ("5 @ 3 euro", true),
    ] {
        let told = channel.send(&Outbound { key: text.to_owned(), ..message(maria(), text) }).await;
        assert_eq!(told.is_ok(), goes, "{text}: {told:?}");
    }
    assert_eq!(mastodon.taken()[2].text, "@maria@far.example you are right.", "her name is there once");
}

#[tokio::test]
async fn a_post_that_the_instance_would_refuse_is_refused_before_it_is_sent() {
    let mastodon = Mastodon::start().await;
    let channel = open(&connector(), settings(&mastodon));
    let room = MAX_CHARACTERS - "@maria ".len();
    let link = format!(" https://riverton.example/{}", "x".repeat(1000));
    for (text, goes) in [
        ("x".repeat(room), true),
        ("x".repeat(room + 1), false),
        ("x".repeat(room - 24) + &link, true),
        ("x".repeat(room - 23) + &link, false),
        ("ש".repeat(room), true),
    ] {
        let told = channel.send(&Outbound { key: text.clone(), ..message(maria(), &text) }).await;
        assert_eq!(told.map_err(|e| e.kind).err(), (!goes).then_some(Kind::Refused), "{}", text.len());
    }
}

#[tokio::test]
async fn mastodons_bad_days_are_named_for_what_they_are() {
    let mastodon = Mastodon::start().await;
    let channel = open(&connector(), settings(&mastodon));
    for (trouble, kind) in [(Trouble::Down(503), Kind::Unreachable), (Trouble::TokenExpired, Kind::Credentials)] {
        mastodon.troubles().then(trouble.clone());
        assert_eq!(channel.poll(None, 10).await.unwrap_err().kind, kind);
        mastodon.troubles().then(Trouble::Slow(Duration::ZERO));
        mastodon.troubles().then(trouble);
        assert_eq!(channel.send(&message(maria(), "Hello?")).await.unwrap_err().kind, kind);
    }
    mastodon.troubles().then(Trouble::Slow(Duration::ZERO));
    mastodon.troubles().then(Trouble::Down(500));
    assert_eq!(channel.send(&message(maria(), "Hello?")).await.unwrap_err().retry, Retry::Unsure);
    mastodon.troubles().then(Trouble::Down(429));
    let limited = channel.poll(None, 10).await.unwrap_err();
    let Retry::After(wait) = limited.retry else { panic!("{limited:?}") };
    assert!(wait <= Duration::from_secs(RESET_SECONDS.unsigned_abs()) && wait > Duration::from_secs(60), "{wait:?}");
}

#[tokio::test]
async fn a_mention_that_is_committed_late_under_a_lower_number_is_not_missed() {
    let mastodon = Mastodon::start().await;
    let channel = open(&connector(), settings(&mastodon));
    mastodon.mention(MARIA, "first", "public", json!({}));
    let late = mastodon.skip_number();
    mastodon.mention(MARIA, "third", "public", json!({}));
    let (read, cursor) = all(&channel, None).await;
    assert_eq!(read.len(), 2);
    mastodon.late_mention(late, MARIA, "second");
    let (read, cursor) = all(&channel, Some(&cursor)).await;
    assert_eq!(read.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["second"]);
    assert!(all(&channel, Some(&cursor)).await.0.is_empty());
}

#[tokio::test]
async fn many_mentions_come_once_each_over_pages_of_any_size() {
    let mastodon = Mastodon::start().await;
    for number in 0..150 {
        mastodon.mention(MARIA, &format!("number {number}"), "public", json!({}));
    }
    let channel = open(&connector(), settings(&mastodon));
    for limit in [1, 7, 60, 1000] {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let batch = channel.poll(cursor.as_ref(), limit).await.unwrap();
            seen.extend(batch.items.iter().map(|item| connector().read(item).unwrap().text));
            cursor = Some(batch.cursor);
            if !batch.more {
                break;
            }
        }
        assert_eq!(seen, (0..150).map(|number| format!("number {number}")).collect::<Vec<_>>(), "limit {limit}");
    }
}

#[tokio::test]
async fn a_retry_after_the_instance_forgot_the_key_does_not_post_twice() {
    let mastodon = Mastodon::start().await;
    let channel = open(&connector(), settings(&mastodon));
    let post = mastodon.mention(MARIA, "The lamp is out.", "public", json!({}));
    // The host keeps the moment over its retries.
    let written_at = SystemClock.now() - jiff::SignedDuration::from_hours(2);
    let answer = Outbound { written_at, ..answer(&mastodon, post, true) };
    let first = channel.send(&answer).await.unwrap();
    mastodon.forget_keys();
    let again = channel.send(&answer).await.unwrap();
    assert_eq!((mastodon.taken().len(), &again.id), (1, &first.id));
    let other = Outbound { key: "key-2".to_owned(), text: "Mended, truly.".to_owned(), ..answer };
    channel.send(&other).await.unwrap();
    assert_eq!(mastodon.taken().len(), 2);
}

#[tokio::test]
async fn odd_posts_are_read() {
    let mastodon = Mastodon::start().await;
    let nameless = json!({ "account": { "acct": "bob", "display_name": " ", "bot": true }, "spoiler_text": "rats" });
    mastodon.mention("bob", "<b> & שלום", "direct", nameless);
    mastodon.mention(MARIA, "to my followers", "private", json!({ "poll": { "id": "1" } }));
    let (read, _) = all(&open(&connector(), settings(&mastodon)), None).await;
    let bob = read[0].from.clone().unwrap();
    assert_eq!((bob.address, bob.name), (format!("bob@{}", mastodon.host()), None));
    assert_eq!(read[0].text, "rats\n\n<b> & שלום");
    assert_eq!(read[0].automatic, civicdesk_contract::Automatic::Reply);
    assert_eq!(read[1].oddities.len(), 2);
}

#[tokio::test]
async fn what_was_written_before_the_channels_time_is_passed_over() {
    let mastodon = Mastodon::start().await;
    mastodon.mention(MARIA, "old", "public", json!({ "created_at": "2020-01-01T00:00:00.000Z" }));
    mastodon.mention(MARIA, "new", "public", json!({}));
    let mut settings = settings(&mastodon);
    settings["since"] = "2026-01-01T00:00:00Z".into();
    let (read, _) = all(&open(&connector(), settings), None).await;
    assert_eq!(read.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["new"]);
}
