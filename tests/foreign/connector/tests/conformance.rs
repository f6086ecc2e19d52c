//! The conformance kit over Heron, with a fake of it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use civicdesk_contract::{
    Connector,
    testkit::{self, Answered, Asked, Delivered, FakeHttp, Fixture, Planted},
};
use heron::{HeronSettings, connector};
use serde_json::{Value, json};

const TOKEN: &str = "heron-token-4711";

#[tokio::test]
async fn heron_keeps_the_contract() {
    let board = Arc::new(Board::default());
    let answers = Arc::clone(&board);
    let http = FakeHttp::start(move |asked| answers.answer(&asked)).await.unwrap();
    testkit::run(&HeronFixture { board, http, ids: Mutex::default() }).await;
}

/// What the fake remembers.
#[derive(Default)]
struct Board {
    notes: Mutex<Vec<Value>>,
    sent: Mutex<Vec<Value>>,
    loses_reply: AtomicBool,
}

impl Board {
    fn answer(&self, asked: &Asked) -> Option<Answered> {
        if asked.header("x-heron-token") != Some(TOKEN) {
            return Some(Answered::json(401, &json!({})));
        }
        let told = match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/notes") => json!({ "id": self.take(&asked.body)? }),
            ("GET", "/account") => json!({ "name": "riverton" }),
            (_, path) => self.above(path)?,
        };
        Some(Answered::json(200, &told))
    }

    fn take(&self, body: &[u8]) -> Option<String> {
        let note: Value = serde_json::from_slice(body).ok()?;
        let mut sent = self.sent.lock().unwrap();
        let known = sent.iter().position(|known| known["nonce"] == note["nonce"]);
        if known.is_none() {
            sent.push(note);
        }
        let at = known.unwrap_or(sent.len() - 1);
        (!self.loses_reply.swap(false, Ordering::Relaxed)).then(|| format!("ours-{at}"))
    }

    fn above(&self, path: &str) -> Option<Value> {
        let (above, most) = path.strip_prefix("/notes?above=")?.split_once("&most=")?;
        let (above, most): (usize, usize) = (above.parse().ok()?, most.parse().ok()?);
        Some(self.notes.lock().unwrap().iter().skip(above).take(most).cloned().collect())
    }
}

struct HeronFixture {
    board: Arc<Board>,
    http: FakeHttp,
    /// Which note a planted message became.
    ids: Mutex<BTreeMap<String, String>>,
}

#[async_trait]
impl Fixture for HeronFixture {
    fn connector(&self) -> Arc<dyn Connector> {
        connector()
    }

    fn settings(&self) -> Value {
        json!({ "url": self.http.url(), "token": TOKEN, "every_seconds": 1 })
    }

    fn bad_settings(&self) -> Vec<Value> {
        let nowhere = json!({ "url": "nowhere", "token": TOKEN });
        vec![json!({}), nowhere, json!({ "url": self.http.url(), "token": TOKEN, "every_seconds": 0 })]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        Some(json!({ "url": self.http.url(), "token": "another token" }))
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<HeronSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        false
    }

    async fn plant(&self, message: &Planted) {
        let (mut notes, mut ids) = (self.board.notes.lock().unwrap(), self.ids.lock().unwrap());
        let number = notes.len() + 1;
        let answers = message.answers.as_ref().and_then(|planted| ids.get(planted));
        let id = format!("note-{number}");
        notes.push(json!({
            "id": id, "number": number, "by": message.from.address, "words": message.text, "answers": answers,
        }));
        ids.insert(message.id.clone(), id);
    }

    async fn sent(&self) -> Vec<Delivered> {
        let delivered = |note: &Value| Delivered {
            to: serde_json::from_value(note["to"].clone()).unwrap(),
            text: note["words"].as_str().unwrap_or_default().to_owned(),
            answers: note["answers"].as_str().map(str::to_owned),
            ..Delivered::default()
        };
        self.board.sent.lock().unwrap().iter().map(delivered).collect()
    }

    async fn lose_next_reply(&self) {
        self.board.loses_reply.store(true, Ordering::Relaxed);
    }

    async fn go_down(&self) {
        self.http.go_down().await.unwrap();
    }

    async fn come_up(&self) {
        self.http.come_up().await.unwrap();
    }
}
