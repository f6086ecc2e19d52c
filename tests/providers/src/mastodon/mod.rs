//! A fake of a Mastodon instance: notifications, statuses, media, limits, streaming and rate limits.
//!
//! From the documentation of the REST API, of its rate limits and of streaming.

mod people;
mod statuses;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use civicdesk_contract::{
    Clock, SystemClock,
    testkit::{Answered, Asked, FakeHttp},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Troubles, form};
pub use statuses::Taken;

pub const TOKEN: &str = "mastodon-token-4711";
/// The account's name on the instance.
pub const NAME: &str = "riverton";
pub const MAX_CHARACTERS: usize = 500;
/// When a refusal for too many requests says that the limit is set back.
pub const RESET_SECONDS: i64 = 90;

/// One instance, with one account of ours on it.
pub struct Mastodon {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    instance: Mutex<Instance>,
}

#[derive(Default)]
struct Instance {
    taken: Vec<Taken>,
    /// Notifications by number, in whatever order they appeared.
    notifications: BTreeMap<u64, Value>,
    statuses: BTreeMap<u64, Value>,
    media: BTreeMap<u64, statuses::File>,
    keys: BTreeMap<String, Value>,
    last: u64,
    streaming: u64,
    own: String,
}

impl Mastodon {
    pub async fn start() -> Self {
        let state = Arc::new(State::default());
        let answers = Arc::clone(&state);
        let http = FakeHttp::start(move |asked| {
            // Files are handed out by another server, which knows no token and has no bad day.
            let file = answers.instance().file(&asked);
            file.map_or_else(
                || answers.troubles.around(&asked, general, |asked| answers.instance().answer(asked)),
                Some,
            )
        });
        let http = http.await.expect("a port on the loopback");
        state.instance().own = http.url();
        Self { http, state }
    }

    /// What stands in for `https://mastodon.example`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    /// The instance's name in handles and in messages' names.
    pub fn host(&self) -> String {
        self.url().trim_start_matches("http://").to_owned()
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    /// What was given to it to publish, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.instance().taken.clone()
    }

    /// More than an hour passed: no Idempotency-Key is remembered.
    pub fn forget_keys(&self) {
        self.state.instance().keys.clear();
    }
}

impl State {
    fn instance(&self) -> MutexGuard<'_, Instance> {
        self.instance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    fn file(&self, asked: &Asked) -> Option<Answered> {
        let number = asked.path.strip_prefix("/files/")?.split('/').next()?.parse().ok()?;
        assert_eq!(asked.header("authorization"), None, "a file's server must not see the token");
        let file = self.media.get(&number)?;
        let content_type = if file.content_type == "image/png" { "image/png" } else { "application/octet-stream" };
        Some(Answered::new(200, content_type, file.bytes.clone()))
    }

    fn answer(&mut self, asked: &Asked) -> Answered {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        if (asked.method.as_str(), path) == ("GET", "/api/v2/instance") {
            return Answered::json(200, &instance());
        }
        if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return general(401);
        }
        let query = form::read(query.as_bytes());
        match (asked.method.as_str(), path) {
            ("GET", "/api/v1/accounts/verify_credentials") => Answered::json(200, &self.me()),
            ("GET", "/api/v1/notifications") => self.notifications(&query),
            ("GET", "/api/v1/streaming/user/notification") => self.stream(),
            ("GET", "/api/v1/accounts/1/statuses") => {
                let mine = self.statuses.values().rev().filter(|status| status["account"]["id"] == "1");
                Answered::json(200, &Value::from(mine.cloned().collect::<Vec<_>>()))
            }
            ("POST", "/api/v1/statuses") => self.publish(asked),
            ("POST", "/api/v2/media") => self.keep(asked),
            ("GET", path) if path.starts_with("/api/v1/statuses/") => {
                let status = path.rsplit('/').next().and_then(|id| self.statuses.get(&id.parse().ok()?));
                status.map_or_else(|| general(404), |status| Answered::json(200, status))
            }
            _ => general(404),
        }
    }

    fn me(&self) -> Value {
        json!({ "id": "1", "username": NAME, "acct": NAME, "display_name": "City of Riverton", "bot": true })
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// An event where something is new since the last stream, otherwise a sign of life.
    fn stream(&mut self) -> Answered {
        let newest = self.notifications.keys().next_back().copied().unwrap_or(0);
        let news = std::mem::replace(&mut self.streaming, newest) < newest;
        let (text, after) = match news {
            true => (format!("event: notification\ndata: {{\"id\":\"{newest}\"}}\n\n"), Duration::ZERO),
            false => (":thump\n".to_owned(), Duration::from_millis(200)),
        };
        Answered { after, ..Answered::new(200, "text/event-stream", text) }
    }
}

fn instance() -> Value {
    let types = ["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "audio/mpeg"];
    json!({
        "domain": "riverton.example", "title": "Riverton", "version": "4.5.0",
        "configuration": {
            "statuses": { "max_characters": MAX_CHARACTERS, "max_media_attachments": 4, "characters_reserved_per_url": 23 },
            "media_attachments": { "supported_mime_types": types, "image_size_limit": 16_777_216, "video_size_limit": 103_809_024 },
        },
    })
}

fn refusal(status: u16, error: &str) -> Answered {
    Answered::json(status, &json!({ "error": error }))
}

fn general(status: u16) -> Answered {
    match status {
        401 => refusal(401, "The access token is invalid"),
        404 => refusal(404, "Record not found"),
        429 => {
            let reset = SystemClock.now() + SignedDuration::from_secs(RESET_SECONDS);
            let limited = refusal(429, "Too many requests").with_header("x-ratelimit-limit", "300");
            limited.with_header("x-ratelimit-remaining", "0").with_header("x-ratelimit-reset", reset.to_string())
        }
        _ => refusal(status, "Remote data could not be fetched"),
    }
}
