//! Which processes work beside this one: each shows that it is alive, so that one's channels pass on when it dies.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use civicdesk_contract::Clock;
use jiff::SignedDuration;

use crate::store::{Result, Store, Time, Uid, nodes};

const BEAT: Duration = Duration::from_secs(1);
/// A process that showed nothing for this long is dead.
const DEAD: SignedDuration = SignedDuration::from_secs(5);

/// This process among the others. The embedded engine has one process only, and no beat.
#[derive(Clone)]
pub struct Nodes(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    own: Uid,
    alive: Mutex<Vec<Uid>>,
}

impl Nodes {
    pub fn new(store: Store, clock: Arc<dyn Clock>, own: Uid) -> Self {
        Self(Arc::new(Inner { store, clock, own, alive: Mutex::new(vec![own]) }))
    }

    pub fn own(&self) -> Uid {
        self.0.own
    }

    pub fn alive(&self) -> Vec<Uid> {
        self.0.alive.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows that this process is alive, and answers whether one came or went.
    pub async fn beat(&self) -> Result<bool> {
        let (own, now) = (self.0.own, Time::new(self.0.clock.now()));
        let since = Time(now.0.checked_sub(DEAD).unwrap_or(now.0));
        let alive = self.0.store.control_write(move |c| {
            nodes::beat(c, own, now)?;
            nodes::alive(c, since)
        });
        let alive = alive.await?;
        let mut known = self.0.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = *known != alive;
        *known = alive;
        Ok(changed)
    }

    /// The next beat is due.
    pub async fn rest(&self) {
        match self.0.store.is_embedded() {
            true => std::future::pending().await,
            false => tokio::time::sleep(BEAT).await,
        }
    }

    /// Says goodbye, so that others take over at once.
    pub async fn leave(&self) -> Result<()> {
        let own = self.0.own;
        self.0.store.control_write(move |c| nodes::leave(c, own)).await
    }
}
