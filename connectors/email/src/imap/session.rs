//! One signed-in IMAP connection that runs a command to its end and notices when the server breaks off.

use std::{collections::HashSet, io, time::Duration};

use async_imap::{
    Session as Inner,
    imap_proto::{Capability, MailboxDatum, Outcome, Response, ResponseCode, Status},
};
use civicdesk_contract::{Error, Kind, Result, Retry};
use tokio::time::{Instant, timeout};

use super::{guard::Guarded, name::quoted};
use crate::{text::brief, tls::words};

/// How long one answer may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How many such times all answers to one command may take.
const ANSWERS: u32 = 10;

/// A signed-in connection.
pub struct Session {
    inner: Inner<Guarded>,
    capabilities: HashSet<String>,
    /// Between a command and its completion: such a connection is never used again.
    busy: bool,
    /// Mail was announced in the open folder since it was opened. A server says it once, and not again in IDLE.
    announced: bool,
    used: Instant,
}

/// How a command ended.
pub enum Reply {
    Ok,
    /// The server said no; the connection is as good as before.
    Refused {
        words: String,
        no_such_folder: bool,
    },
}

/// What selecting a folder told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folder {
    pub uidvalidity: u32,
    pub exists: u32,
    pub uidnext: Option<u32>,
}

/// How a folder is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing in it changes.
    Look,
    Change,
}

impl Reply {
    /// Takes a refusal for an error.
    pub fn or_error(self, operation: &'static str) -> Result<()> {
        match self {
            Self::Ok => Ok(()),
            Self::Refused { words, .. } => Err(refusal(operation, &words)),
        }
    }
}

impl Session {
    pub async fn new(inner: Inner<Guarded>) -> Result<Self> {
        let mut session =
            Self { inner, capabilities: HashSet::new(), busy: false, announced: false, used: Instant::now() };
        let mut found = HashSet::new();
        session
            .command("imap capability", "CAPABILITY", PATIENCE, |response| {
                if let Response::Capabilities(list) = response {
                    found.extend(list.iter().filter_map(|c| match c {
                        Capability::Atom(word) => Some(word.to_ascii_uppercase()),
                        _ => None,
                    }));
                }
            })
            .await?
            .or_error("imap capability")?;
        session.capabilities = found;
        Ok(session)
    }

    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// No command was cut off in it.
    pub fn is_whole(&self) -> bool {
        !self.busy
    }

    pub fn idle_for(&self) -> Duration {
        self.used.elapsed()
    }

    /// Runs one command. What the server says meanwhile goes to `each`. Each answer may take `patience`, and all of
    /// them together not much longer.
    pub async fn command(
        &mut self,
        operation: &'static str,
        text: &str,
        patience: Duration,
        each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<Reply> {
        let whole = timeout(patience * ANSWERS, self.converse(operation, text, patience, each));
        whole.await.unwrap_or_else(|_| Err(silent(operation)))
    }

    async fn converse(
        &mut self,
        operation: &'static str,
        text: &str,
        patience: Duration,
        mut each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<Reply> {
        self.busy = true;
        let tag = match timeout(patience, self.inner.run_command(text)).await {
            Ok(tag) => tag.map_err(|e| lost(operation, &e))?,
            Err(_) => return Err(silent(operation)),
        };
        loop {
            let mut announced = false;
            let done = self.hear(operation, patience, |response| match response {
                Response::Done { tag: done, status, outcome } if *done == tag => Some(reply(status, outcome)),
                other => {
                    announced = matches!(other, Response::MailboxData(MailboxDatum::Exists(_)));
                    each(other);
                    None
                }
            });
            let done = done.await?;
            self.announced |= announced;
            if let Some(reply) = done {
                self.done();
                return Ok(reply);
            }
        }
    }

    fn done(&mut self) {
        self.busy = false;
        self.used = Instant::now();
    }

    /// The server's next words. A farewell or an end of the connection is an error, also between two answers.
    async fn hear<T>(
        &mut self,
        operation: &'static str,
        patience: Duration,
        take: impl FnOnce(&Response<'_>) -> T,
    ) -> Result<T> {
        let response = match timeout(patience, self.inner.read_response()).await {
            Ok(response) => response.map_err(|e| lost(operation, &e.into()))?,
            Err(_) => return Err(silent(operation)),
        };
        let Some(response) = response else {
            return Err(Error::unreachable(operation, "the IMAP server broke off the connection"));
        };
        if let Response::Data { status: Status::Bye, outcome } = response.parsed() {
            let why = brief(outcome.information.as_deref().unwrap_or("no reason given"));
            return Err(Error::unreachable(operation, format!("the IMAP server said goodbye: {why}")));
        }
        Ok(take(response.parsed()))
    }

    /// Opens a folder; `Err` if there is none of this name.
    pub async fn open(&mut self, folder: &str, access: Access) -> Result<Folder> {
        let verb = if access == Access::Look { "EXAMINE" } else { "SELECT" };
        let mut opened = Folder::default();
        let reply = self
            .command("imap select", &format!("{verb} {}", quoted(folder)), PATIENCE, |response| match response {
                Response::MailboxData(MailboxDatum::Exists(n)) => opened.exists = *n,
                Response::Data { status: Status::Ok, outcome } => match outcome.code {
                    Some(ResponseCode::UidValidity(v)) => opened.uidvalidity = v,
                    Some(ResponseCode::UidNext(n)) => opened.uidnext = Some(n),
                    _ => {}
                },
                _ => {}
            })
            .await?;
        self.announced = false;
        match reply {
            Reply::Ok if opened.uidvalidity == 0 => Err(Error::unreachable(
                "imap select",
                format!("the server gives {folder} no lasting numbers (UIDVALIDITY)"),
            )),
            Reply::Ok => Ok(opened),
            Reply::Refused { words, .. } => {
                Err(refusal("imap select", &format!("folder {folder} cannot be opened: {words}")))
            }
        }
    }

    /// Waits until mail is announced in the folder that is open, for `most` at most.
    pub async fn idle(&mut self, most: Duration) -> Result<()> {
        const OPERATION: &str = "imap idle";
        if self.announced {
            return Ok(());
        }
        self.busy = true;
        let end = Instant::now() + most;
        let tag = match timeout(PATIENCE, self.inner.run_command("IDLE")).await {
            Ok(tag) => tag.map_err(|e| lost(OPERATION, &e))?,
            Err(_) => return Err(silent(OPERATION)),
        };
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let heard = self.hear(OPERATION, most, |response| match response {
                Response::MailboxData(MailboxDatum::Exists(_)) => Idle::News,
                Response::Done { tag: done, status, outcome } if *done == tag => Idle::Over(reply(status, outcome)),
                _ => Idle::Nothing,
            });
            match timeout(left, heard).await {
                Ok(heard) => match heard? {
                    Idle::News => break,
                    Idle::Over(reply) => {
                        self.done();
                        return reply.or_error(OPERATION);
                    }
                    Idle::Nothing => {}
                },
                Err(_) => break,
            }
        }
        self.inner.run_command_untagged("DONE").await.map_err(|e| lost(OPERATION, &e))?;
        loop {
            let over = |response: &Response<'_>| matches!(response, Response::Done { tag: done, .. } if *done == tag);
            if self.hear(OPERATION, PATIENCE, over).await? {
                self.done();
                return Ok(());
            }
        }
    }

    /// Says goodbye; whether the server hears it does not matter.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(5), self.inner.logout()).await;
    }
}

enum Idle {
    News,
    Over(Reply),
    Nothing,
}

fn reply(status: &Status, outcome: &Outcome<'_>) -> Reply {
    match status {
        Status::Ok => Reply::Ok,
        _ => Reply::Refused {
            words: brief(outcome.information.as_deref().unwrap_or("no reason given")),
            no_such_folder: outcome.code == Some(ResponseCode::TryCreate),
        },
    }
}

/// A refused command: some refusals pass by themselves.
pub fn refusal(operation: &'static str, words: &str) -> Error {
    let shouted = words.to_ascii_uppercase();
    if ["LIMIT", "TOO MANY", "INUSE", "THROTTL"].iter().any(|sign| shouted.contains(sign)) {
        return Error::new(Kind::Limited, Retry::Later, operation, words);
    }
    Error::new(Kind::Unreachable, Retry::Later, operation, format!("the IMAP server refused: {words}"))
}

fn silent(operation: &'static str) -> Error {
    Error::unreachable(operation, "the IMAP server did not answer in time")
}

/// Never the text of the error itself: a parse error carries the mail that it stumbled over.
pub fn lost(operation: &'static str, error: &async_imap::error::Error) -> Error {
    use async_imap::error::Error as Imap;
    match error {
        Imap::Io(e) if e.kind() == io::ErrorKind::InvalidData => Error::unreachable(operation, e.to_string()),
        Imap::Io(e) if e.kind() == io::ErrorKind::Other => {
            Error::unreachable(operation, "the IMAP server's answer could not be understood")
        }
        Imap::Io(e) => Error::unreachable(operation, words(e)),
        Imap::No(words) | Imap::Bad(words) => refusal(operation, &brief(words)),
        _ => Error::unreachable(operation, "the IMAP server broke off the connection"),
    }
}
