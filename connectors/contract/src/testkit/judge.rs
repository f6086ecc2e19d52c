//! What every check stands on: a channel to try, fresh messages, and judgements with a time limit.

use std::{
    fmt::Debug,
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use super::{Fixture, Planted};
use crate::{
    Capabilities, Channel, Connector, Cursor, Error, ExternalId, IdentityKind, Kind, Outbound, Party, RawItem, Result,
    Settings, Tools,
};

/// No single call takes longer than this, or the host's poller would hang with it.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Kit<'a> {
    pub fixture: &'a dyn Fixture,
    pub connector: Arc<dyn Connector>,
    pub can: Capabilities,
    tools: Tools,
    secrets: Vec<String>,
    number: AtomicU64,
    /// Where the last poll ended, so that what lies before it is not fetched again and again.
    pub polled: Mutex<Option<Cursor>>,
    /// What a session has handed over already; it may offer the same again, as the host knows it by its id.
    pub handed_over: Mutex<Vec<ExternalId>>,
}

impl<'a> Kit<'a> {
    pub fn new(fixture: &'a dyn Fixture) -> Self {
        let connector = fixture.connector();
        let can = connector.about().capabilities;
        Self {
            fixture,
            connector,
            can,
            tools: fixture.tools(),
            secrets: fixture.secrets(),
            number: AtomicU64::new(1),
            polled: Mutex::default(),
            handed_over: Mutex::default(),
        }
    }

    /// Opens without judging.
    pub fn try_open(&self, settings: Value) -> Result<Arc<dyn Channel>> {
        self.connector.open(Settings(settings), self.tools.clone())
    }

    /// A working channel.
    pub fn open(&self) -> Arc<dyn Channel> {
        self.try_open(self.fixture.settings())
            .unwrap_or_else(|e| panic!("open refused Fixture::settings(), which must be right: {e}"))
    }

    /// Waits for one call of the connector, within reason.
    pub async fn soon<T>(&self, call: &str, future: impl Future<Output = T>) -> T {
        tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| {
            panic!("{call} did not come back within {PATIENCE:?}: give every step a time-out, or one account hangs")
        })
    }

    /// The call must work.
    pub async fn works<T>(&self, call: &str, future: impl Future<Output = Result<T>>) -> T {
        match self.soon(call, future).await {
            Ok(value) => value,
            Err(error) => {
                self.is_clean(&error);
                panic!("{call} was expected to work, and it is declared; it said: {error:?}")
            }
        }
    }

    /// The call must fail with this kind.
    pub fn fails<T>(&self, call: &str, result: Result<T>, kind: Kind, why: &str) -> Error {
        match result {
            Err(error) if error.kind == kind => {
                self.is_clean(&error);
                error
            }
            Err(error) => panic!("{call}: expected an error of kind `{}`, got {error:?}. {why}", kind.as_str()),
            Ok(_) => panic!("{call}: expected an error of kind `{}`, but it worked. {why}", kind.as_str()),
        }
    }

    /// Errors go into logs and health pages.
    pub fn is_clean(&self, error: &Error) {
        self.shows_no_secret("an error", &format!("{error} {error:?}"));
    }

    pub fn shows_no_secret(&self, what: &str, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "{what} shows a secret, and it will be read by people: {text}");
        }
    }

    /// A message from a citizen with this text.
    pub fn planted(&self, text: &str) -> Planted {
        let id = format!("planted-{}@kit.invalid", self.next());
        let subject = self.fixture.has_subjects().then(|| "A street lamp is out".to_owned());
        Planted {
            id,
            from: self.citizen(),
            subject,
            text: text.to_owned(),
            html: None,
            attachments: Vec::new(),
            answers: None,
        }
    }

    /// A message of ours with this text.
    pub fn outbound(&self, text: &str) -> Outbound {
        let number = self.next();
        Outbound {
            key: format!("kit-key-{number}"),
            message_id: format!("sent-{number}@kit.invalid"),
            from_name: None,
            to: vec![self.citizen()],
            cc: Vec::new(),
            reply_to: None,
            return_path: None,
            subject: self.fixture.has_subjects().then(|| format!("Your report, letter {number}")),
            text: text.to_owned(),
            html: None,
            attachments: Vec::new(),
            in_reply_to: None,
            references: Vec::new(),
            automatic: false,
            public: false,
            written_at: self.tools.clock.now(),
            heard_at: Some(self.tools.clock.now()),
        }
    }

    /// A number that this run has not used.
    pub fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Somebody outside, named as this network names people.
    fn citizen(&self) -> Party {
        let kind = self.can.identities.first().copied().unwrap_or(IdentityKind::Account);
        let address = match kind {
            IdentityKind::Email => "maria.gomez@example.org",
            IdentityKind::Phone => "+15005550006",
            IdentityKind::Handle => "mariagomez",
            IdentityKind::Account => "account-4711",
        };
        let address = self.fixture.citizen().unwrap_or_else(|| address.to_owned());
        Party { kind, address, name: None }
    }
}

/// Texts as networks may carry them: line ends and white space at the end are nobody's words.
pub(super) fn words(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// A long text in a few words, for a message.
pub(super) fn brief(text: &(impl Debug + ?Sized)) -> String {
    let shown = format!("{text:?}");
    match shown.char_indices().nth(200) {
        Some((end, _)) => format!("{}… ({} bytes)", &shown[..end], shown.len()),
        None => shown,
    }
}

pub(super) fn ids(items: &[RawItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.0.as_str()).collect()
}
