//! An agency has its log sent elsewhere, and every line arrives.

mod ends;
mod order;
mod sending;
mod walls;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use civicdesk_contract::{
    HookCall, Secret,
    testkit::{Answered, Asked, FakeHttp},
    webhooks::Key,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    http::testing::{Agency, Answered as Reply, TestApp},
    jobs::{self, runner::Runner},
    store::{Error, Time, Tx, jobs as rows},
};

type Says = Box<dyn FnMut(&Asked) -> Option<Answered> + Send>;

/// An endpoint of somebody else's, which remembers what it heard and says what it is told to say.
pub struct Receiver {
    pub http: FakeHttp,
    heard: Arc<Mutex<Vec<Asked>>>,
    says: Arc<Mutex<Says>>,
}

/// What an endpoint answers.
pub fn answer(status: u16) -> Answered {
    Answered::json(status, &json!({}))
}

impl Receiver {
    pub async fn start() -> Self {
        let heard: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let says: Arc<Mutex<Says>> = Arc::new(Mutex::new(Box::new(|_| Some(answer(204)))));
        let (notes, words) = (heard.clone(), says.clone());
        let http = FakeHttp::start(move |asked| {
            notes.lock().unwrap().push(asked.clone());
            (words.lock().unwrap())(&asked)
        });
        Self { http: http.await.unwrap(), heard, says }
    }

    pub fn url(&self) -> String {
        format!("{}/civicdesk", self.http.url())
    }

    /// Answers so from now on.
    pub fn says(&self, says: impl FnMut(&Asked) -> Option<Answered> + Send + 'static) {
        *self.says.lock().unwrap() = Box::new(says);
    }

    pub fn heard(&self) -> Vec<Asked> {
        self.heard.lock().unwrap().clone()
    }

    /// What it heard, once it is so much.
    pub async fn hears(&self, many: usize) -> Vec<Asked> {
        until(&format!("{many} calls"), async || self.heard().len() >= many).await;
        self.heard()
    }
}

/// What a call says.
pub fn said(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

/// The call's id.
pub fn id_of(asked: &Asked) -> String {
    asked.header("webhook-id").unwrap().to_owned()
}

/// Whether a call is rightly signed with this secret.
pub fn is_signed(desk: &TestApp, asked: &Asked, secret: &str) -> bool {
    let call = HookCall { headers: asked.headers.clone(), body: asked.body.clone(), ..HookCall::default() };
    Key::read(&Secret::new(secret)).unwrap().verify(&call, desk.app.now()).is_ok()
}

pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "not within half a minute: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An agency whose jobs are at work until this is dropped.
pub struct Office<'a> {
    pub desk: &'a TestApp,
    pub agency: Agency,
    runner: Runner,
    stop: CancellationToken,
}

impl Drop for Office<'_> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl<'a> Office<'a> {
    pub async fn open(desk: &'a TestApp, slug: &str) -> Self {
        let office = Self::asleep(desk, slug).await;
        office.wake_up();
        office
    }

    /// One whose jobs do not run yet.
    pub async fn asleep(desk: &'a TestApp, slug: &str) -> Self {
        let agency = desk.agency(slug).await;
        let app = &desk.app;
        let deps = jobs::Deps {
            intake: app.intake.clone(),
            opener: app.opener.clone(),
            recovery: app.recovery.clone(),
            paused: crate::outgoing::paused,
            patience: SignedDuration::from_mins(10),
            scanner: None,
        };
        let runner = Runner::new(app.store.clone(), app.clock.clone(), jobs::all(deps));
        Self { desk, agency, runner, stop: CancellationToken::new() }
    }

    pub fn wake_up(&self) {
        tokio::spawn(self.runner.clone().run(self.stop.clone()));
    }

    /// Moves the clock on once everything is done that was due, and lets the jobs see it.
    pub async fn pass(&self, seconds: i64) {
        self.rests().await;
        self.desk.pass(seconds);
        self.runner.nudge();
    }

    /// Waits until nothing is in hand and nothing is due.
    pub async fn rests(&self) {
        let door = self.desk.app.store.tenant(self.agency.id);
        let now = self.desk.app.time();
        until("nothing is due", async || {
            let look = move |tx: &mut Tx| Ok::<_, Error>((rows::held(tx, now)?, rows::next_due(tx)?));
            let (held, next): (Vec<rows::Job>, Option<Time>) = door.read(look).await.unwrap();
            held.is_empty() && next.is_none_or(|next| next > now)
        })
        .await;
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.desk.post(path, &self.agency.key, body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let got = self.desk.get(path, &self.agency.key).await;
        assert_eq!(got.status, 200, "{:?}", got.body);
        got.body
    }

    /// An endpoint that wants notes; the answer is its path and its secret.
    pub async fn notes_to(&self, receiver: &Receiver) -> (String, String) {
        self.webhook(json!({ "url": receiver.url(), "events": ["note.added"] })).await
    }

    pub async fn webhook(&self, new: Value) -> (String, String) {
        let made = self.post("/v1/webhooks", new).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let path = format!("/v1/webhooks/{}", made.body["id"].as_str().unwrap());
        (path, made.body["secret"].as_str().unwrap().to_owned())
    }

    pub async fn case(&self) -> String {
        let new = json!({ "subject": "Lamp", "contact": { "name": "Ann", "email": "ann@example.org" } });
        let made = self.post("/v1/cases", new).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Something that happens in a case; the answer is its event's id.
    pub async fn note(&self, case: &str) -> String {
        let made = self.post(&format!("/v1/cases/{case}/notes"), json!({ "text": "Seen." })).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let all = self.events(case).await;
        let last = all.iter().rfind(|event| event["type"] == "note.added").unwrap();
        last["id"].as_str().unwrap().to_owned()
    }

    async fn events(&self, case: &str) -> Vec<Value> {
        let (mut all, mut path) = (Vec::new(), format!("/v1/events?case_id={case}&limit=100"));
        let begin = path.clone();
        loop {
            let page = self.get(&path).await;
            all.extend(page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => path = format!("{begin}&cursor={next}"),
                None => return all,
            }
        }
    }

    /// How the lines for an endpoint stand, the oldest first: id, state, calls.
    pub async fn lines(&self, path: &str) -> Vec<(String, String, i64)> {
        let page = self.get(&format!("{path}/deliveries?limit=100")).await;
        let line = |line: &Value| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("id"), text("state"), line["attempts"].as_i64().unwrap())
        };
        let mut all: Vec<_> = page["data"].as_array().unwrap().iter().map(line).collect();
        all.reverse();
        all
    }

    /// The same, once it is so.
    pub async fn stand(&self, path: &str, states: &[(&str, i64)]) {
        let begin = Instant::now();
        loop {
            let lines = self.lines(path).await;
            let is: Vec<(&str, i64)> = lines.iter().map(|(_, state, calls)| (state.as_str(), *calls)).collect();
            if is == states {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{lines:?} are not {states:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
