//! Runs jobs: fair over tenants, in order within a lane, and again after a crash.
//!
//! A commit of this process wakes the runner at once. What it did not hear of (another process, a missed wake, an ended
//! lease) it finds by itself: on PostgreSQL by asking every second, on the embedded engine by one sweep at the start.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use civicdesk_contract::Clock;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use tokio::{
    sync::{Notify, Semaphore, broadcast::error::RecvError},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    claim::{Lane, Taken, claim},
    heap::Heap,
    later,
};
use crate::store::{
    Control, Result, Store, Time, Uid, Wake,
    jobs::{self, Job},
    tenants,
};

/// How long a job stays in hand without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_secs(10);
const RENEW: Duration = Duration::from_secs(3);
/// The truth is asked for this often, and a moved clock is noticed within it.
const LOOK: Duration = Duration::from_secs(1);
/// Tenants that are looked at side by side.
const TURNS: usize = 16;
/// A tenant whose work could not be read is looked at again after this.
const TROUBLE: Duration = Duration::from_secs(5);
/// While a tenant has work in hand, each of its commits may bring news: one look after this serves many.
const GATHER: Duration = Duration::from_millis(25);

/// What does one kind of job. It settles each job itself, in the transaction of the job's effect, and returns early
/// when it is told to stop; what it left stays in hand until the lease ends.
pub type Handler = Arc<dyn Fn(Uuid, Vec<Job>, CancellationToken) -> BoxFuture<'static, ()> + Send + Sync>;

/// Whether a kind of work must wait for this tenant.
pub type Brake = fn(&mut Control, Uuid) -> Result<bool>;

/// One kind of work.
#[derive(Clone)]
pub struct Work {
    pub kind: &'static str,
    /// How many lanes of it may be at work over all tenants.
    pub at_once: usize,
    pub brake: Option<Brake>,
    pub handler: Handler,
}

/// The runner of one process. Cheap to clone.
#[derive(Clone)]
pub struct Runner(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    work: HashMap<&'static str, (Work, Semaphore)>,
    heap: Mutex<Heap>,
    running: Mutex<HashSet<(Uuid, Lane)>>,
    /// Tenants that will be looked at after a pause, by the pause. The machine's time counts here, not the clock's.
    soon: Mutex<HashSet<(Uuid, Duration)>>,
    nudge: Notify,
    turns: Arc<Semaphore>,
}

impl Runner {
    pub fn new(store: Store, clock: Arc<dyn Clock>, work: Vec<Work>) -> Self {
        let work = work.into_iter().map(|w| (w.kind, (w.clone(), Semaphore::new(w.at_once)))).collect();
        Self(Arc::new(Inner {
            store,
            clock,
            work,
            heap: Mutex::default(),
            running: Mutex::default(),
            soon: Mutex::default(),
            nudge: Notify::new(),
            turns: Arc::new(Semaphore::new(TURNS)),
        }))
    }

    /// Looks at once: the clock was moved.
    #[cfg(test)]
    pub fn nudge(&self) {
        self.0.nudge.notify_one();
    }

    /// Runs until `stop`, then lets what is in hand come to a good end.
    pub async fn run(self, stop: CancellationToken) {
        let mut wakes = self.0.store.wakes();
        let mut tasks = JoinSet::new();
        if self.0.store.is_embedded() {
            tasks.spawn(self.clone().sweep(true));
        }
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            while let Some(tenant) = self.0.pop() {
                tasks.spawn(self.clone().turn(tenant, stop.clone()));
            }
            tokio::select! {
                () = stop.cancelled() => {}
                wake = wakes.recv() => match wake {
                    Ok((tenant, Wake::Job(at))) => self.heard_of(tenant, at),
                    Ok((_, Wake::Event | Wake::Channel(_))) | Err(RecvError::Closed) => {}
                    Err(RecvError::Lagged(_)) => {
                        tasks.spawn(self.clone().sweep(false));
                    }
                },
                () = self.0.nudge.notified() => {}
                () = self.0.until_next() => {}
                _ = look.tick(), if !self.0.store.is_embedded() => {
                    if let Err(e) = self.0.ask().await {
                        tracing::warn!(error = %e, "due work could not be asked for");
                    }
                }
                Some(_) = tasks.join_next() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Looks at every tenant. `first`: nobody else works here, so what a crash left in hand is free.
    async fn sweep(self, first: bool) {
        let tenants = match self.0.store.control_read(tenants::active).await {
            Ok(tenants) => tenants,
            Err(e) => return tracing::error!(error = %e, runbook = "RB-JOBS", "the tenants could not be listed"),
        };
        for tenant in tenants.into_iter().map(|entry| entry.id.0) {
            let door = self.0.store.tenant(tenant);
            let next = match first {
                true => {
                    door.write(|tx| {
                        jobs::release_all(tx)?;
                        jobs::next_due(tx)
                    })
                    .await
                }
                false => door.read(jobs::next_due).await,
            };
            match next {
                Ok(Some(at)) => self.0.look_at(tenant, at.0.as_microsecond()),
                Ok(None) => {}
                Err(e) => tracing::error!(%tenant, error = %e, runbook = "RB-JOBS", "a tenant's work was not read"),
            }
        }
    }

    /// Takes a tenant's due jobs in hand and begins each lane.
    async fn turn(self, tenant: Uuid, stop: CancellationToken) {
        let Ok(turn) = self.0.turns.clone().acquire_owned().await else { return };
        match self.0.take(tenant).await {
            Ok(taken) if taken.is_empty() => self.look_when_due(tenant).await,
            Ok(taken) => {
                let lanes = taken.into_iter().map(|t| tokio::spawn(self.clone().lane(tenant, t, stop.clone())));
                let lanes: Vec<_> = lanes.collect();
                self.0.look_at(tenant, self.0.now().0.as_microsecond());
                drop(turn);
                futures_util::future::join_all(lanes).await;
            }
            Err(e) => {
                tracing::warn!(%tenant, error = %e, "a tenant's work could not be taken in hand");
                self.look_soon(tenant, TROUBLE);
            }
        }
    }

    /// A commit asked for work at this moment.
    fn heard_of(&self, tenant: Uuid, at: i64) {
        if self.0.running().iter().any(|(t, _)| *t == tenant) && at <= self.0.now().0.as_microsecond() {
            return self.look_soon(tenant, GATHER);
        }
        self.0.look_at(tenant, at);
    }

    /// Nothing could be taken: the next look is when the next job is due. What is due already waits behind a lane at
    /// work, here or in another process.
    async fn look_when_due(&self, tenant: Uuid) {
        let next: Result<Option<Time>> = self.0.store.tenant(tenant).read(jobs::next_due).await;
        match next {
            Ok(Some(next)) if next > self.0.now() => self.0.look_at(tenant, next.0.as_microsecond()),
            Ok(Some(_)) => self.look_soon(tenant, LOOK),
            Ok(None) => {}
            Err(_) => self.look_soon(tenant, TROUBLE),
        }
    }

    fn look_soon(&self, tenant: Uuid, pause: Duration) {
        if !self.0.soon().insert((tenant, pause)) {
            return;
        }
        let inner = self.0.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            inner.soon().remove(&(tenant, pause));
            inner.look_at(tenant, inner.now().0.as_microsecond());
        });
    }

    /// Does one lane's jobs, and shows that they are in hand for as long as that takes.
    async fn lane(self, tenant: Uuid, taken: Taken, stop: CancellationToken) {
        let ids: Vec<Uid> = taken.jobs.iter().map(|job| job.id).collect();
        let kind = taken.jobs.first().map(|job| job.kind.clone()).unwrap_or_default();
        let work = async {
            let Some((work, free)) = self.0.work.get(kind.as_str()) else {
                tracing::error!(%tenant, kind, runbook = "RB-JOBS", "Nothing in this program does this kind of work.");
                return;
            };
            let Ok(_free) = free.acquire().await else { return };
            // In a task of its own, so that a panic in it ends this lane only.
            let _ = tokio::spawn((work.handler)(tenant, taken.jobs, stop)).await;
        };
        tokio::select! {
            () = work => {}
            () = self.0.renew(tenant, &ids) => {}
        }
        self.0.running().remove(&(tenant, taken.lane));
        self.0.look_at(tenant, self.0.now().0.as_microsecond());
    }
}

impl Inner {
    fn now(&self) -> Time {
        Time::new(self.clock.now())
    }

    fn heap(&self) -> MutexGuard<'_, Heap> {
        self.heap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashSet<(Uuid, Lane)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn soon(&self) -> MutexGuard<'_, HashSet<(Uuid, Duration)>> {
        self.soon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<Uuid> {
        self.heap().pop(self.now().0.as_microsecond())
    }

    fn look_at(&self, tenant: Uuid, at: i64) {
        self.heap().push(tenant, at);
        self.nudge.notify_one();
    }

    async fn until_next(&self) {
        let next = self.heap().next();
        let wait = next.map_or(LOOK, |next| {
            let micros = next.saturating_sub(self.now().0.as_microsecond());
            Duration::from_micros(u64::try_from(micros).unwrap_or(0)).min(LOOK)
        });
        tokio::time::sleep(wait).await;
    }

    /// Asks PostgreSQL which tenants have due work.
    async fn ask(&self) -> Result<()> {
        let now = self.now();
        let due = self.store.control_read(move |c| jobs::due_tenants(c, now, 256)).await?;
        due.into_iter().for_each(|tenant| self.look_at(tenant.0, now.0.as_microsecond()));
        Ok(())
    }

    /// Takes due jobs in hand, but none behind a brake. A suspended tenant keeps them all.
    async fn take(&self, tenant: Uuid) -> Result<Vec<Taken>> {
        let brakes: Vec<(&str, Brake)> = self.work.values().filter_map(|(w, _)| Some((w.kind, w.brake?))).collect();
        let braked = self.store.control_read(move |c| {
            if tenants::entry(c, tenant)?.status != tenants::ACTIVE {
                return Ok(None);
            }
            let mut braked = Vec::new();
            for (kind, brake) in brakes {
                if brake(c, tenant)? {
                    braked.push(kind.to_owned());
                }
            }
            Ok(Some(braked))
        });
        let Some(braked) = braked.await? else { return Ok(Vec::new()) };
        let running: Vec<Lane> =
            self.running().iter().filter(|(t, _)| *t == tenant).map(|(_, lane)| lane.clone()).collect();
        let now = self.now();
        let until = later(now, LEASE);
        let taken = self.store.tenant(tenant).write(move |tx| claim(tx, now, until, &running, &braked)).await?;
        self.running().extend(taken.iter().map(|t| (tenant, t.lane.clone())));
        Ok(taken)
    }

    async fn renew(&self, tenant: Uuid, ids: &[Uid]) {
        loop {
            tokio::time::sleep(RENEW).await;
            let (until, ids) = (later(self.now(), LEASE), ids.to_vec());
            let renewed: Result<()> = self.store.tenant(tenant).write(move |tx| jobs::renew(tx, &ids, until)).await;
            if let Err(e) = renewed {
                tracing::warn!(%tenant, error = %e, "a lease could not be renewed");
            }
        }
    }
}
