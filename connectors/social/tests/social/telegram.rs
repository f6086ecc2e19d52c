//! Telegram: the contract, and the days on which things go wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use civicdesk_contract::{
    Connector, HookCall, IdentityKind, Kind, OutboundAttachment, Party, Retry,
    testkit::{self, Delivered, Fixture, Planted, Signature},
};
use civicdesk_providers::{
    Trouble,
    telegram::{BOT, RETRY_AFTER, SECRET, TOKEN, Telegram},
};
use civicdesk_social::telegram::{TelegramSettings, connector};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::{message, open};

const MARIA: i64 = 4711;
const HOOK: &str = "https://desk.riverton.example/hooks/hk_1";

struct TelegramFixture {
    telegram: Telegram,
    /// Which message of the chat a planted one became.
    numbers: Mutex<BTreeMap<String, i64>>,
}

impl TelegramFixture {
    async fn start() -> Self {
        Self { telegram: Telegram::start().await, numbers: Mutex::default() }
    }

    fn update(&self, planted: &Planted) -> Value {
        let mut more = json!({});
        match planted.attachments.first() {
            None => more["text"] = planted.text.clone().into(),
            Some(file) => {
                let id = self.telegram.keep(&file.name, &file.bytes);
                more["document"] = json!({ "file_id": id, "file_name": file.name, "mime_type": file.content_type });
                if !planted.text.is_empty() {
                    more["caption"] = planted.text.clone().into();
                }
            }
        }
        let mut numbers = self.numbers.lock().unwrap();
        if let Some(answered) = planted.answers.as_ref().and_then(|id| numbers.get(id)) {
            more["reply_to_message"] = json!({ "message_id": answered, "text": "The lamp is out." });
        }
        let update = self.telegram.update(MARIA, more);
        numbers.insert(planted.id.clone(), update["message"]["message_id"].as_i64().unwrap());
        update
    }
}

fn settings(telegram: &Telegram) -> Value {
    json!({ "token": TOKEN, "webhook_secret": SECRET, "url": telegram.url() })
}

#[async_trait]
impl Fixture for TelegramFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        connector()
    }

    fn settings(&self) -> Value {
        settings(&self.telegram)
    }

    fn bad_settings(&self) -> Vec<Value> {
        vec![
            json!({}),
            json!({ "token": "no colon" }),
            json!({ "token": TOKEN, "webhook_secret": "" }),
            json!({ "token": TOKEN, "webhook_secret": "with a blank" }),
            json!({ "token": TOKEN, "url": "nowhere" }),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(json!({ "token": "990011:another", "url": self.telegram.url() }))
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned(), SECRET.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<TelegramSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    fn citizen(&self) -> Option<String> {
        Some(format!("telegram:{MARIA}"))
    }

    fn answered(&self) -> String {
        format!("telegram:{BOT}:{MARIA}:1")
    }

    async fn plant(&self, planted: &Planted) {
        self.telegram.queue(self.update(planted));
    }

    async fn sent(&self) -> Vec<Delivered> {
        let taken = self.telegram.taken().into_iter();
        taken
            .map(|taken| Delivered {
                to: vec![format!("telegram:{}", taken.chat)],
                text: taken.text,
                attachments: taken.files,
                answers: taken.answers.map(|number| format!("telegram:{BOT}:{}:{number}", taken.chat)),
                ..Delivered::default()
            })
            .collect()
    }

    async fn lose_next_reply(&self) {
        self.telegram.troubles().then(Trouble::LostReply);
    }

    async fn go_down(&self) {
        self.telegram.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.telegram.http.come_up().await.unwrap();
    }

    async fn hook(&self, planted: &Planted) -> HookCall {
        self.telegram.call(HOOK, &self.update(planted))
    }

    fn signature(&self) -> Signature {
        Signature { header: "x-telegram-bot-api-secret-token", covers_body: false }
    }

    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let mut twice = call.clone();
        twice.headers.push(("x-telegram-bot-api-secret-token".to_owned(), SECRET.to_owned()));
        vec![twice]
    }
}

#[tokio::test]
async fn telegram_keeps_the_contract() {
    testkit::run(&TelegramFixture::start().await).await;
}

fn maria() -> Party {
    Party { kind: IdentityKind::Account, address: format!("telegram:{MARIA}"), name: None }
}

#[tokio::test]
async fn a_citizen_who_blocked_the_bot_is_refused_for_good_and_the_channel_stays_well() {
    let telegram = Telegram::start().await;
    telegram.block(MARIA);
    let channel = open(&connector(), settings(&telegram));
    let error = channel.send(&message(maria(), "Hello?")).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Kind::Refused, Retry::Never), "{error}");
    assert!(error.detail.contains("blocked"), "{error}");
    channel.check().await.unwrap();
}

#[tokio::test]
async fn telegrams_bad_days_are_named_for_what_they_are() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    for (trouble, kind, retry) in [
        (
            Trouble::Limited { seconds: RETRY_AFTER },
            Kind::Limited,
            Retry::After(Duration::from_secs(RETRY_AFTER.into())),
        ),
        (Trouble::Down(500), Kind::Unreachable, Retry::Unsure),
        (Trouble::Down(502), Kind::Unreachable, Retry::Unsure),
        (Trouble::TokenExpired, Kind::Credentials, Retry::Never),
        (Trouble::Down(404), Kind::Credentials, Retry::Never),
    ] {
        telegram.troubles().then(trouble.clone());
        let error = channel.send(&message(maria(), "Hello?")).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (kind, retry), "{trouble:?}: {error}");
        assert!(telegram.taken().is_empty());
    }
    telegram.troubles().then(Trouble::TokenExpired);
    assert_eq!(channel.poll(None, 10).await.unwrap_err().kind, Kind::Credentials);
}

#[tokio::test]
async fn while_telegram_calls_us_fetching_stays_quiet_and_an_unknown_webhook_is_said() {
    let telegram = Telegram::start().await;
    telegram.queue(telegram.update(MARIA, json!({ "text": "Hello" })));
    telegram.set_webhook(HOOK);
    let batch = open(&connector(), settings(&telegram)).poll(None, 10).await.unwrap();
    assert!(batch.items.is_empty() && !batch.more);
    let fetched = open(&connector(), json!({ "token": TOKEN, "url": telegram.url() }));
    assert_eq!(fetched.poll(None, 10).await.unwrap_err().kind, Kind::Settings);
    assert_eq!(fetched.check().await.unwrap_err().kind, Kind::Settings);
    telegram.set_webhook("");
    assert_eq!(fetched.poll(None, 10).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn what_a_bot_cannot_answer_alone_brings_no_message() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    let group = json!({ "id": -100, "type": "supergroup", "title": "Neighbours" });
    for update in [
        telegram.update(MARIA, json!({ "text": "to all", "chat": group })),
        json!({ "update_id": 1, "poll_answer": { "poll_id": "1" } }),
        json!({ "update_id": 2 }),
        json!([]),
        json!({ "update_id": 3, "message": { "text": "no chat" } }),
    ] {
        let received = channel.receive(&telegram.call(HOOK, &update)).await.unwrap();
        assert!(received.items.is_empty(), "{update}");
        assert_eq!(received.answer.status, 204);
    }
}

#[tokio::test]
async fn people_without_a_name_and_messages_without_words_are_read() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    let read = async |more: Value| {
        let items = channel.receive(&telegram.call(HOOK, &telegram.update(MARIA, more))).await.unwrap().items;
        connector().read(&items[0]).unwrap()
    };
    let nameless = read(json!({ "text": "מי אני?", "from": { "id": MARIA, "is_bot": false, "first_name": "" } })).await;
    assert_eq!(nameless.from, Some(maria()));
    let there = read(json!({ "location": { "latitude": 52.5, "longitude": 13.25 } })).await;
    assert_eq!(there.text, "geo:52.5,13.25");
    let sizes = json!([{ "file_id": "small" }, { "file_id": "large" }]);
    let photo = read(json!({ "photo": sizes, "caption": "Here" })).await;
    assert_eq!((photo.media.len(), photo.media[0].handle.as_str(), photo.text.as_str()), (1, "large", "Here"));
    let vote = read(json!({ "poll": { "question": "?" } })).await;
    assert!(vote.oddities[0].contains("poll"));
}

#[tokio::test]
async fn an_edited_message_comes_as_another_that_names_the_first() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    let mut update = telegram.update(MARIA, json!({ "text": "The lamp is out." }));
    let first = channel.receive(&telegram.call(HOOK, &update)).await.unwrap().items.remove(0);
    let mut message = update["message"].take();
    message["edit_date"] = 1_764_000_900.into();
    message["text"] = "Two lamps are out.".into();
    let edit = json!({ "update_id": 9, "edited_message": message });
    let second = channel.receive(&telegram.call(HOOK, &edit)).await.unwrap().items.remove(0);
    assert_ne!(first.id, second.id);
    let (first, second) = (connector().read(&first).unwrap(), connector().read(&second).unwrap());
    assert_eq!(second.thread.in_reply_to, [first.message_id.unwrap()]);
    assert_eq!(second.text, "Two lamps are out.");
    assert!(second.oddities[0].contains("changed"));
}

#[tokio::test]
async fn several_files_go_out_as_one_message_and_a_long_caption_is_refused() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    let file = |name: &str| OutboundAttachment {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: name.as_bytes().to_vec(),
    };
    let mut both = message(maria(), "Two files.");
    both.attachments = vec![file("one.txt"), file("two.txt")];
    channel.send(&both).await.unwrap();
    let taken = telegram.taken().remove(0);
    assert_eq!((taken.text.as_str(), taken.files), ("Two files.", both.attachments.clone()));
    both.text = "x".repeat(1025);
    assert_eq!(channel.send(&both).await.unwrap_err().kind, Kind::Refused);
    assert_eq!(telegram.taken().len(), 1);
}

#[tokio::test]
async fn an_answer_to_another_network_or_chat_names_no_message_here() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    for foreign in ["mail-1@example.org", "telegram:1:4711:5", &format!("telegram:{BOT}:47110:5"), "telegram:", ""] {
        let mut answer = message(maria(), "Here we are.");
        answer.in_reply_to = Some((*foreign).to_owned());
        channel.send(&answer).await.unwrap();
        assert_eq!(telegram.taken().pop().unwrap().answers, None, "{foreign}");
    }
}

#[tokio::test]
async fn after_a_week_of_silence_a_lower_number_is_not_missed() {
    let telegram = Telegram::start().await;
    let channel = open(&connector(), settings(&telegram));
    telegram.queue(telegram.update(MARIA, json!({ "text": "Hello" })));
    // The last message was written in November 2025, and Telegram has numbered anew since.
    let long_ago = civicdesk_contract::Cursor("900000000:1764000000".to_owned());
    assert_eq!(channel.poll(Some(&long_ago), 10).await.unwrap().items.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any text of a webhook header but the right one is refused.
    #[test]
    fn no_other_secret_token_is_believed(given in "[ -~]{0,40}") {
        prop_assume!(given != SECRET);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let call = HookCall {
            headers: vec![("x-telegram-bot-api-secret-token".to_owned(), given)],
            body: br#"{"update_id":1}"#.to_vec(),
            ..HookCall::default()
        };
        let settings = json!({ "token": TOKEN, "webhook_secret": SECRET });
        let received = runtime.block_on(open(&connector(), settings).receive(&call));
        prop_assert_eq!(received.unwrap_err().kind, Kind::Forged);
    }
}
