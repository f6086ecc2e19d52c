//! Fetches what arrives: a task for each channel that is asked or holds a session, so that a slow one delays nobody.
//!
//! A commit that changes a channel wakes its task at once. On PostgreSQL several processes share the channels, and a
//! sweep finds what another process changed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore, broadcast::error::RecvError},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    nodes::Nodes,
    open::Opener,
    reception::{self, Way},
};
use crate::{
    cases::intake,
    store::{Result, Uid, Wake, channels, tenants},
};

/// Channels that are asked side by side. Those that are slow or failing share places of their own.
const QUICK: usize = 64;
const SLOW: usize = 32;
const SWEEP: Duration = Duration::from_secs(30);

/// One channel of one tenant.
pub type Key = (Uuid, Uid);

/// The reception of one process. Cheap to clone.
#[derive(Clone)]
pub struct Poller(Arc<Inner>);

pub(super) struct Inner {
    pub intake: intake::Deps,
    pub opener: Opener,
    pub nodes: Nodes,
    pub quick: Semaphore,
    pub slow: Semaphore,
    pub stop: CancellationToken,
    attended: Mutex<HashMap<(Key, Way), Arc<Notify>>>,
}

impl Poller {
    pub fn new(intake: intake::Deps, opener: Opener, stop: CancellationToken) -> Self {
        let own = Uid(intake.ids.next());
        let nodes = Nodes::new(intake.store.clone(), intake.clock.clone(), own);
        let (quick, slow) = (Semaphore::new(QUICK), Semaphore::new(SLOW));
        Self(Arc::new(Inner { intake, opener, nodes, quick, slow, stop, attended: Mutex::default() }))
    }

    /// Runs until it is told to stop; what was fetched by then is stored.
    pub async fn run(self) {
        let shared = !self.0.intake.store.is_embedded();
        let mut wakes = self.0.intake.store.wakes();
        let mut tasks = JoinSet::new();
        let mut sweep = tokio::time::interval(SWEEP);
        let mut first = true;
        while !self.0.stop.is_cancelled() {
            tokio::select! {
                () = self.0.stop.cancelled() => {}
                wake = wakes.recv() => match wake {
                    Ok((tenant, Wake::Channel(channel))) => self.attend((tenant, channel), &mut tasks),
                    Ok(_) | Err(RecvError::Closed) => {}
                    Err(RecvError::Lagged(_)) => self.sweep(&mut tasks).await,
                },
                _ = sweep.tick(), if first || shared => {
                    if shared {
                        self.beat().await;
                    }
                    self.sweep(&mut tasks).await;
                    first = false;
                }
                () = self.0.nodes.rest() => self.beat().await,
                Some(_) = tasks.join_next() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
        if shared && let Err(e) = self.0.nodes.leave().await {
            tracing::warn!(error = %e, "the others were not told that this process ends");
        }
    }

    /// Shows that this process lives. Where another came or went, every channel may be free, or taken.
    async fn beat(&self) {
        match self.0.nodes.beat().await {
            Ok(true) => self.0.attended().values().for_each(|look| look.notify_one()),
            Ok(false) => {}
            Err(e) => tracing::warn!(error = %e, "this process could not show that it is alive"),
        }
    }

    /// Attends every channel of every active tenant.
    async fn sweep(&self, tasks: &mut JoinSet<()>) {
        let store = &self.0.intake.store;
        let tenants = match store.control_read(tenants::active).await {
            Ok(tenants) => tenants,
            Err(e) => return tracing::error!(error = %e, runbook = "RB-RECEPTION", "The agencies were not listed."),
        };
        for tenant in tenants.into_iter().map(|entry| entry.id.0) {
            let listed: Result<Vec<channels::Channel>> = store.tenant(tenant).read(channels::list).await;
            match listed {
                Ok(listed) => listed.iter().filter(|row| row.state == "active").for_each(|row| {
                    self.attend((tenant, row.id), tasks);
                }),
                Err(e) => {
                    tracing::error!(%tenant, error = %e, runbook = "RB-RECEPTION", "An agency's channels were not read.");
                }
            }
        }
    }

    /// Wakes the channel's tasks, or begins them. One that has nothing to do ends by itself.
    fn attend(&self, key: Key, tasks: &mut JoinSet<()>) {
        let mut attended = self.0.attended();
        for way in [Way::Asked, Way::Session] {
            if let Some(look) = attended.get(&(key, way)) {
                look.notify_one();
                continue;
            }
            let look = Arc::new(Notify::new());
            attended.insert((key, way), look.clone());
            let inner = self.0.clone();
            tasks.spawn(async move {
                reception::attend(&inner, key, way, &look).await;
                inner.attended().remove(&(key, way));
            });
        }
    }
}

impl Inner {
    fn attended(&self) -> MutexGuard<'_, HashMap<(Key, Way), Arc<Notify>>> {
        self.attended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
