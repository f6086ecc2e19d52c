//! One mailbox of the memory network: what lies in it, what was sent from it, and what is wrong with it today.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::{File, Letter};
use crate::{
    Ask, Cursor, Envelope, Error, ExternalId, HookCall, Kind, Outbound, Place, RawItem, ReceiptState, Result, Retry,
    Secret,
};

/// The header that carries a call's signature.
pub const SIGNATURE: &str = "memory-signature";

const FOLDER: &str = "INBOX";

/// What can be wrong with a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Unreachable,
    /// The secret is refused, whatever it is.
    Credentials,
    /// Every step takes this long.
    Slow(Duration),
    /// The network names a time to wait.
    Limited(Duration),
    /// No message is taken.
    Refused,
    /// Whoever is written to has told the network that they want nothing from us.
    OptedOut,
    /// The next message is taken, but its sender is not told. Heals by itself.
    LostReply,
}

/// Items are numbered from 1 within an epoch, as in an IMAP folder.
pub struct Mailbox {
    name: String,
    secret: Secret,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    epoch: u64,
    items: Vec<Stored>,
    sent: Vec<Outbound>,
    committed: Vec<ExternalId>,
    trouble: Option<Trouble>,
    files: BTreeMap<String, File>,
    sessions: usize,
    /// Where the next session begins.
    line: Option<Cursor>,
}

#[derive(Clone)]
struct Stored {
    envelope: Envelope,
    raw: Vec<u8>,
}

/// What a call of the network says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum News {
    Letter(Box<Letter>),
    Receipt { id: ExternalId, state: ReceiptState },
    Ask(Ask),
}

impl Mailbox {
    pub(super) fn new(name: &str, secret: &str) -> Self {
        Self { name: name.to_owned(), secret: Secret::new(secret), state: Mutex::default(), news: Notify::new() }
    }

    /// The mailbox's own address.
    pub fn address(&self) -> String {
        format!("{}@memory.invalid", self.name)
    }

    /// Lays a letter into the mailbox, as if it had just arrived.
    pub fn plant(&self, letter: &Letter) -> ExternalId {
        let envelope = Envelope {
            from: letter.from.as_ref().map(|from| from.address.clone()),
            to: vec![self.address()],
            received_at: letter.sent_at,
        };
        self.store(Stored { envelope, raw: letter.to_bytes() })
    }

    /// Lays any bytes into the mailbox; most of them are no letter.
    pub fn plant_raw(&self, raw: Vec<u8>) -> ExternalId {
        self.store(Stored { envelope: Envelope::default(), raw })
    }

    fn store(&self, item: Stored) -> ExternalId {
        let mut state = self.state();
        state.items.push(item);
        let id = item_id(state.epoch, state.items.len());
        drop(state);
        self.news.notify_waiters();
        id
    }

    /// What was sent, oldest first. The n-th is named `sent-n` on the network.
    pub fn sent(&self) -> Vec<Outbound> {
        self.state().sent.clone()
    }

    /// What the host said it had committed, in that order.
    pub fn committed(&self) -> Vec<ExternalId> {
        self.state().committed.clone()
    }

    /// Keeps a file that letters name in `media`.
    pub fn keep(&self, handle: &str, file: File) {
        self.state().files.insert(handle.to_owned(), file);
    }

    pub(super) fn file(&self, handle: &str) -> Result<File> {
        let found = self.state().files.get(handle).cloned();
        found.ok_or_else(|| Error::new(Kind::Refused, Retry::Never, "fetch", "there is no such file"))
    }

    /// How many sessions are held open.
    pub fn sessions(&self) -> usize {
        self.state().sessions
    }

    pub(super) fn begin_session(&self) -> Session<'_> {
        self.state().sessions += 1;
        Session(self)
    }

    pub(super) fn line(&self) -> Option<Cursor> {
        self.state().line.clone()
    }

    pub(super) fn taken_off(&self, next: Cursor) {
        self.state().line = Some(next);
    }

    /// Makes the mailbox fail until told otherwise; `None` heals it.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        self.state().trouble = trouble;
        self.news.notify_waiters();
    }

    /// Begins a new epoch: every item is still there, under another id.
    pub fn renumber(&self) {
        self.state().epoch += 1;
        self.news.notify_waiters();
    }

    /// The network's call that brings this letter; it does not lie in the mailbox as well.
    pub fn hook_call(&self, letter: &Letter) -> HookCall {
        self.call(&News::Letter(Box::new(letter.clone())))
    }

    /// The network's call that says what became of a message.
    pub fn receipt_call(&self, id: &ExternalId, state: ReceiptState) -> HookCall {
        self.call(&News::Receipt { id: id.clone(), state })
    }

    /// The network's call by which somebody asks.
    pub fn ask_call(&self, ask: &Ask) -> HookCall {
        self.call(&News::Ask(ask.clone()))
    }

    fn call(&self, news: &News) -> HookCall {
        self.signed_call(serde_json::to_vec(news).unwrap_or_default())
    }

    /// A call of the network with any body, rightly signed.
    pub fn signed_call(&self, body: Vec<u8>) -> HookCall {
        HookCall {
            method: "POST".to_owned(),
            public_url: format!("https://memory.invalid/hooks/{}", self.name),
            query: String::new(),
            headers: vec![(SIGNATURE.to_owned(), sign(&self.secret, &body))],
            body,
        }
    }

    /// What every step meets first: slowness, a dead line, a wrong secret.
    pub(super) async fn enter(&self, operation: &'static str, secret: &Secret) -> Result<()> {
        let trouble = self.state().trouble;
        match trouble {
            Some(Trouble::Unreachable) => return Err(Error::unreachable(operation, "the mailbox does not answer")),
            Some(Trouble::Limited(wait)) => {
                return Err(Error::new(Kind::Limited, Retry::After(wait), operation, "too many requests"));
            }
            Some(Trouble::Slow(pause)) => tokio::time::sleep(pause).await,
            _ => {}
        }
        if trouble == Some(Trouble::Credentials) || secret.expose() != self.secret.expose() {
            return Err(Error::new(Kind::Credentials, Retry::Never, operation, "the mailbox refused the secret"));
        }
        Ok(())
    }

    /// The items after the cursor, the cursor after the last of them, and whether more are waiting.
    pub(super) fn after(&self, cursor: Option<&Cursor>, limit: usize) -> Result<(Vec<RawItem>, Cursor, bool)> {
        let state = self.state();
        let seen = state.seen(cursor)?;
        let place = Place { folder: FOLDER.to_owned(), epoch: state.epoch.to_string() };
        let items: Vec<RawItem> = state
            .items
            .iter()
            .enumerate()
            .skip(seen)
            .take(limit)
            .map(|(index, item)| RawItem {
                id: item_id(state.epoch, index + 1),
                place: Some(place.clone()),
                envelope: item.envelope.clone(),
                raw: item.raw.clone(),
            })
            .collect();
        let last = seen + items.len();
        Ok((items, Cursor(format!("{}:{last}", state.epoch)), last < state.items.len()))
    }

    /// Resolves when something lies after the cursor, or when the mailbox fell into trouble.
    pub(super) async fn news(&self, cursor: Option<&Cursor>) -> Result<()> {
        let before = self.state().trouble;
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            {
                let state = self.state();
                if state.trouble != before || state.seen(cursor)? < state.items.len() {
                    return Ok(());
                }
            }
            news.await;
        }
    }

    pub(super) fn commit(&self, items: &[ExternalId]) {
        self.state().committed.extend_from_slice(items);
    }

    /// Takes a message; the same key twice is one message where `once` holds.
    pub(super) fn take(&self, message: &Outbound, once: bool) -> Result<ExternalId> {
        let mut state = self.state();
        if state.trouble == Some(Trouble::Refused) {
            return Err(Error::new(Kind::Refused, Retry::Never, "send", "the mailbox takes no message"));
        }
        if state.trouble == Some(Trouble::OptedOut) {
            return Err(Error::new(Kind::OptedOut, Retry::Never, "send", "the mailbox's owner wants nothing from us"));
        }
        let known = state.sent.iter().position(|sent| once && sent.key == message.key);
        let index = known.unwrap_or(state.sent.len());
        if known.is_none() {
            state.sent.push(message.clone());
        }
        if state.trouble == Some(Trouble::LostReply) {
            state.trouble = None;
            return Err(Error::new(Kind::Unreachable, Retry::Unsure, "send", "the reply was lost"));
        }
        Ok(ExternalId(format!("sent-{}", index + 1)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open session, for as long as it lives.
pub(super) struct Session<'a>(&'a Mailbox);

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.0.state().sessions -= 1;
    }
}

impl State {
    /// How many items of this epoch lie before the cursor; a cursor of another epoch says nothing about this one.
    fn seen(&self, cursor: Option<&Cursor>) -> Result<usize> {
        let Some(Cursor(text)) = cursor else { return Ok(0) };
        let unknown = || Error::malformed("poll", "this cursor is not ours");
        let (epoch, seen) = text.split_once(':').ok_or_else(unknown)?;
        let epoch: u64 = epoch.parse().map_err(|_| unknown())?;
        let seen: usize = seen.parse().map_err(|_| unknown())?;
        Ok(if epoch == self.epoch { seen.min(self.items.len()) } else { 0 })
    }
}

fn item_id(epoch: u64, number: usize) -> ExternalId {
    ExternalId(format!("{epoch}:{number}"))
}

/// Binds the body to the secret. Hashed twice, so that a known signature cannot be extended to a longer body.
pub(super) fn sign(secret: &Secret, body: &[u8]) -> String {
    let inner = Sha256::new().chain_update(secret.expose()).chain_update(body).finalize();
    let outer = Sha256::new().chain_update(secret.expose()).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}
