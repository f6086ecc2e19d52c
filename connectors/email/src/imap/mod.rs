//! The incoming half of a mailbox: fetches mail by IMAP and waits for more.

mod after;
mod cursor;
mod fetch;
mod guard;
mod name;
mod session;
mod sign_in;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use civicdesk_contract::{Batch, Cursor, ExternalId, Result};
use tokio::time::{Instant, sleep, timeout};

use self::{
    cursor::Places,
    fetch::{Reader, Refusals, Step},
    session::{Access, Session},
    sign_in::Door,
};
use crate::{
    oauth::Tokens,
    settings::{After, EmailSettings, ImapSettings},
    tls::Connector,
};

pub use fetch::INCOMPLETE;

/// Idle connections are dropped silently by many routers after some minutes.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// How often to look where nothing is announced.
const LOOK: Duration = Duration::from_secs(60);
/// A silent connection that lived this long may end without anything being wrong.
const AGED: Duration = Duration::from_secs(30);
/// A connection that rested longer is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(5);

/// The mailbox as it is read.
pub struct Imap {
    door: Door,
    folders: Vec<String>,
    after: After,
    /// A signed-in connection nobody uses at the moment. Whoever finds none opens one, so that nobody waits for another
    /// and no two mix their commands; a cut-off use takes its connection with it.
    spare: Mutex<Option<Session>>,
    refusals: Refusals,
}

impl Imap {
    pub fn new(
        settings: &EmailSettings,
        imap: ImapSettings,
        connector: Arc<Connector>,
        tokens: Option<Arc<Tokens>>,
    ) -> Self {
        Self {
            door: Door { settings: imap, connector, tokens },
            folders: settings.folders.clone(),
            after: settings.after.clone(),
            spare: Mutex::default(),
            refusals: Refusals::default(),
        }
    }

    /// Signs in anew and opens every folder that the settings name. Says what was proven.
    pub async fn check(&self) -> Result<String> {
        let mut session = self.door.open().await?;
        for folder in &self.folders {
            session.open(folder, Access::Look).await?;
        }
        if let After::Move { folder } = &self.after {
            session.open(folder, Access::Look).await?;
        }
        session.close().await;
        Ok(match self.folders.len() {
            1 => format!("IMAP sign-in worked; folder {} opens", self.folders[0]),
            n => format!("IMAP sign-in worked; {n} folders open"),
        })
    }

    pub async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let mut session = self.session().await?;
        let batch = self.poll_with(&mut session, Places::read(cursor)?, limit).await;
        self.keep(session);
        batch
    }

    pub async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        let mut session = self.session().await?;
        let pushed = session.can("IDLE");
        let result = self.wait_with(&mut session, &Places::read(cursor)?, pushed).await;
        self.keep(session);
        if !result? && !pushed {
            sleep(LOOK).await;
        }
        Ok(())
    }

    pub async fn committed(&self, items: &[ExternalId]) -> Result<()> {
        if self.after == After::Leave || items.is_empty() {
            return Ok(());
        }
        let mut session = self.session().await?;
        let told = after::tell(&mut session, &self.after, items).await;
        self.keep(session);
        told
    }

    /// Every folder gets an equal share of the batch, and one that cannot be read does not stop the others.
    async fn poll_with(&self, session: &mut Session, mut places: Places, limit: usize) -> Result<Batch> {
        let share = (limit / self.folders.len()).max(1);
        let mut batch = Batch { items: Vec::new(), cursor: places.write()?, more: false };
        let mut trouble = None;
        for folder in &self.folders {
            if batch.items.len() >= limit.max(1) {
                batch.more = true;
                break;
            }
            match self.step(session, &mut places, folder, share).await {
                Ok(step) => {
                    batch.items.extend(step.items);
                    batch.more |= step.more;
                }
                Err(error) => {
                    trouble = Some(error);
                    if !session.is_whole() {
                        break;
                    }
                }
            }
        }
        batch.cursor = places.write()?;
        match trouble {
            Some(error) if batch.items.is_empty() => Err(error),
            // Asked again at once, the trouble is all that is left to say.
            Some(_) => Ok(Batch { more: true, ..batch }),
            None => Ok(batch),
        }
    }

    async fn step(&self, session: &mut Session, places: &mut Places, folder: &str, most: usize) -> Result<Step> {
        let opened = session.open(folder, Access::Look).await?;
        let mark = places.mark(folder, opened.uidvalidity);
        let step = Reader { session, folder, opened, refusals: &self.refusals }.step(mark, most).await?;
        places.set(folder, step.mark);
        Ok(step)
    }

    /// Whether there is news already; else waits for it. The first folder comes last, so that it is the one left open.
    async fn wait_with(&self, session: &mut Session, places: &Places, pushed: bool) -> Result<bool> {
        for folder in self.folders.iter().rev() {
            let opened = session.open(folder, Access::Look).await?;
            let next = places.mark(folder, opened.uidvalidity).next;
            let mut reader = Reader { session, folder, opened, refusals: &self.refusals };
            if !places.knows(folder, opened.uidvalidity) || reader.has_any(next).await? {
                return Ok(true);
            }
        }
        if pushed {
            let began = Instant::now();
            let idled = session.idle(if self.folders.len() > 1 { LOOK } else { IDLE }).await;
            // A connection that died of old age is no trouble: it is time to look anyway.
            if began.elapsed() < AGED {
                idled?;
            }
        }
        Ok(false)
    }

    async fn session(&self) -> Result<Session> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut session) = spare
            && (session.idle_for() < RESTED || lives(&mut session).await)
        {
            return Ok(session);
        }
        self.door.open().await
    }

    fn keep(&self, session: Session) {
        if session.is_whole() {
            *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        }
    }
}

async fn lives(session: &mut Session) -> bool {
    let asked = session.command("imap noop", "NOOP", Duration::from_secs(10), |_| ());
    matches!(timeout(Duration::from_secs(10), asked).await, Ok(Ok(_)))
}
