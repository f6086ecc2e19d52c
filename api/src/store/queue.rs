//! Group commit: the waiting writes of one tenant share one transaction and one sync, a savepoint each.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    Error, Result,
    connection::Db,
    dialect::{self, Mode},
    scope::{Tx, Wake},
};

/// Writes that may wait for one tenant; more are refused.
const WAITING: usize = 1024;
/// Writes that share a transaction.
const TOGETHER: usize = 64;
/// A transaction that has run this long takes no further write in.
const LONG_ENOUGH: Duration = Duration::from_millis(50);

/// What a write does.
pub type Write = Box<dyn FnMut(&mut Tx) -> Result<()> + Send>;

/// One write on its way: it may run twice, and is told its end once.
pub struct Waiting {
    pub run: Write,
    pub done: oneshot::Sender<Result<()>>,
    /// It was in a transaction that broke: now it runs by itself, so that it can spoil no other.
    pub alone: bool,
}

/// The waiting writes of every tenant that has any. A tenant in the map has a thread at work.
#[derive(Default)]
pub struct Queues(Mutex<HashMap<Uuid, VecDeque<Waiting>>>);

impl Queues {
    /// Queues a write. `true` asks the caller to start a thread for this tenant.
    pub fn push(&self, tenant: Uuid, write: Waiting) -> Result<bool> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match queues.entry(tenant) {
            Entry::Occupied(mut at_work) if at_work.get().len() < WAITING => {
                at_work.get_mut().push_back(write);
                Ok(false)
            }
            Entry::Occupied(_) => Err(Error::Busy),
            Entry::Vacant(free) => {
                free.insert(VecDeque::from([write]));
                Ok(true)
            }
        }
    }

    /// The next writes to share a transaction; `None` ends the tenant's thread.
    pub fn take(&self, tenant: Uuid) -> Option<VecDeque<Waiting>> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = queues.get_mut(&tenant)?;
        if waiting.is_empty() {
            queues.remove(&tenant);
            return None;
        }
        let shared = waiting.iter().take(TOGETHER).take_while(|w| !w.alone).count();
        Some(waiting.drain(..shared.max(1)).collect())
    }

    /// Puts writes back in front: they did not fit into the transaction.
    fn put_back(&self, tenant: Uuid, left: VecDeque<Waiting>) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = queues.entry(tenant).or_default();
        for write in left.into_iter().rev() {
            waiting.push_front(write);
        }
    }

    /// Runs a batch. Says what to wake, and whether the connection can be used again.
    pub fn run(&self, db: &mut Db, tenant: Uuid, mut batch: VecDeque<Waiting>) -> (Vec<Wake>, bool) {
        if let Err(e) = dialect::begin(db, tenant, Mode::Write) {
            refuse(batch, &Error::from(e).to_string());
            return (Vec::new(), false);
        }
        let only = batch.len() == 1;
        let started = Instant::now();
        let (mut settled, mut wakes) = (Vec::new(), Vec::new());
        while let Some(mut write) = batch.pop_front() {
            match run_one(db, tenant, &mut write, only) {
                Ok(more) => {
                    wakes.extend(more);
                    settled.push((write, Ok(())));
                }
                Err(e) if e.is_own() && only => {
                    let sound = dialect::rollback(db).is_ok();
                    let _ = write.done.send(Err(e));
                    return (Vec::new(), sound);
                }
                Err(e) if e.is_own() => settled.push((write, Err(e))),
                Err(e) if only => {
                    let _ = dialect::rollback(db);
                    let _ = write.done.send(Err(e));
                    return (Vec::new(), false);
                }
                Err(_) => {
                    let _ = dialect::rollback(db);
                    let broken = settled.into_iter().map(|(w, _)| w).chain([write]).chain(batch);
                    self.put_back(tenant, broken.map(|w| Waiting { alone: true, ..w }).collect());
                    return (Vec::new(), false);
                }
            }
            if started.elapsed() > LONG_ENOUGH && !batch.is_empty() {
                self.put_back(tenant, std::mem::take(&mut batch));
            }
        }
        match dialect::commit(db) {
            Ok(()) => {
                for (write, end) in settled {
                    let _ = write.done.send(end);
                }
                (wakes, true)
            }
            // A full disk is a plain no: what was too much together may fit alone.
            Err(e) if !only && e.to_string().contains("disk is full") => {
                let _ = dialect::rollback(db);
                self.put_back(tenant, settled.into_iter().map(|(w, _)| Waiting { alone: true, ..w }).collect());
                (Vec::new(), false)
            }
            // Whether it committed is not known: nobody may be told that it did, nor be run again.
            Err(e) => {
                refuse(settled.into_iter().map(|(w, _)| w).collect(), &Error::from(e).to_string());
                (Vec::new(), false)
            }
        }
    }
}

/// Tells every writer of a batch that it could not be tried.
fn refuse(writes: VecDeque<Waiting>, why: &str) {
    for write in writes {
        let _ = write.done.send(Err(Error::Unavailable(why.to_owned())));
    }
}

/// Runs one write, inside a savepoint where it shares the transaction.
fn run_one(db: &mut Db, tenant: Uuid, write: &mut Waiting, only: bool) -> Result<Vec<Wake>> {
    if !only {
        dialect::savepoint(db)?;
    }
    let mut tx = Tx::new(db, tenant);
    let ran = catch_unwind(AssertUnwindSafe(|| (write.run)(&mut tx)))
        .unwrap_or(Err(Error::Refused("a write panicked; see the log")));
    let wakes = tx.take_wakes();
    match ran {
        Ok(()) if only => Ok(wakes),
        Ok(()) => dialect::commit(db).map_err(Error::from).map(|()| wakes),
        Err(e) => {
            if e.is_own() && !only {
                dialect::rollback(db)?;
            }
            Err(e)
        }
    }
}
