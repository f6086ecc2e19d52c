//! One channel's reception: wait for news, fetch, store with the cursor in one commit, tell the network; or hold a session
//! open, in which the network hands over by itself.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use civicdesk_contract::{Cursor, Error, ExternalId, Kind, Result as Done, Retry};
use tokio::{
    sync::{Notify, SemaphorePermit},
    time::timeout,
};
use uuid::Uuid;

use super::{
    health::{self, Half},
    open::Opened,
    poller::{Inner, Key},
    session,
};
use crate::{
    cases::accept,
    fail::Fail,
    store::{
        self, Time,
        channels::{self, Channel},
        inbound, tenants,
    },
};

/// Items fetched in one step.
const TOGETHER: usize = 50;
/// More items than this waiting to be filed, and fetching stops: what is not fetched is safe where it is.
const MOST_WAITING: i64 = if cfg!(test) { 200 } else { 2000 };
/// Connectors have time-outs of their own; these are for one that hangs.
const LONGEST_STEP: Duration = Duration::from_secs(300);
const LONGEST_WAIT: Duration = Duration::from_secs(40 * 60);
/// A step that takes longer makes the channel a slow one, and holds no place that others could use.
const SLOW: Duration = Duration::from_secs(2);
/// What cannot work now is looked at again after this.
const REST: Duration = Duration::from_secs(30);
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_secs(60);

/// What to do after a step.
enum Next {
    /// More lies there.
    Fetch,
    Wait(Opened, Option<Cursor>),
    Hold(Opened, i64),
    Pause(Duration),
    /// The channel is not attended this way.
    Leave,
    /// The channel is at rest or gone.
    End,
}

/// A way by which a channel is attended. A channel may declare both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    Asked,
    Session,
}

/// What a task remembers of its channel between two steps.
#[derive(Default)]
pub(super) struct Course {
    pub failures: u32,
    slow: bool,
}

/// Attends a channel until it is paused, gone, or not one that is asked.
pub(super) async fn attend(inner: &Arc<Inner>, key: Key, way: Way, look: &Notify) {
    let mut course = Course::default();
    while !inner.stop.is_cancelled() {
        let next = match step(inner, key, way, &mut course).await {
            Ok(next) => next,
            Err(e) => {
                let (tenant, channel) = key;
                tracing::warn!(%tenant, %channel, error = %e, "what a channel brought could not be stored");
                course.failures += 1;
                Next::Pause(pause(inner, &course, None))
            }
        };
        match next {
            Next::Fetch => {}
            Next::Leave => return,
            Next::End => return inner.opener.forget(key.0, key.1),
            Next::Pause(pause) => rest(inner, look, pause).await,
            Next::Hold(opened, version) => {
                if let Some(pause) = session::hold(inner, key, &mut course, look, (opened, version)).await {
                    rest(inner, look, pause).await;
                }
            }
            Next::Wait(opened, cursor) => {
                let news = tokio::select! {
                    news = timeout(LONGEST_WAIT, opened.channel.wait(cursor.as_ref())) => news.unwrap_or(Ok(())),
                    () = look.notified() => Ok(()),
                    () = inner.stop.cancelled() => Ok(()),
                };
                if let Err(e) = news {
                    let pause = failed(inner, key, &mut course, e).await;
                    rest(inner, look, pause).await;
                }
            }
        }
    }
}

async fn rest(inner: &Inner, look: &Notify, pause: Duration) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = look.notified() => {}
        () = inner.stop.cancelled() => {}
    }
}

/// One step: everything that must be true before fetching, then the fetch itself.
async fn step(inner: &Inner, key: Key, way: Way, course: &mut Course) -> Result<Next, Fail> {
    let (tenant, id) = key;
    let store = &inner.intake.store;
    let row: store::Result<Channel> = store.tenant(tenant).read(move |tx| channels::get(tx, id)).await;
    let row = match row {
        Ok(row) if row.state == "active" => row,
        Ok(_) | Err(store::Error::NotFound) => return Ok(Next::End),
        Err(e) => return Err(e.into()),
    };
    let can = inner.opener.registry().find(&row.connector).map(|(about, _)| &about.capabilities);
    let declared = can.is_some_and(|can| match way {
        Way::Asked => can.poll,
        Way::Session => can.session,
    });
    if !declared {
        return Ok(Next::Leave);
    }
    let entry = store.control_read(move |c| tenants::entry(c, tenant)).await?;
    if entry.status != tenants::ACTIVE || !holds(inner, key).await? {
        return Ok(Next::Pause(REST));
    }
    if is_full(inner, tenant).await? {
        return Ok(Next::Pause(Duration::from_secs(1)));
    }
    let opened = match inner.opener.open(&row) {
        Ok(opened) => opened,
        Err(e) => return Ok(Next::Pause(failed(inner, key, course, e).await)),
    };
    match way {
        Way::Asked => fetch(inner, key, course, &row, opened).await,
        Way::Session => Ok(Next::Hold(opened, row.version)),
    }
}

/// Whether so much waits to be filed that nothing more is taken in.
pub(super) async fn is_full(inner: &Inner, tenant: Uuid) -> store::Result<bool> {
    Ok(inner.intake.store.tenant(tenant).read::<_, store::Error, _>(inbound::waiting).await? > MOST_WAITING)
}

/// Whether this process may ask the channel: where several share it, one does.
pub(super) async fn holds(inner: &Inner, (tenant, id): Key) -> Result<bool, Fail> {
    if inner.intake.store.is_embedded() {
        return Ok(true);
    }
    let (own, door) = (inner.nodes.own(), inner.intake.store.tenant(tenant));
    if door.read(move |tx| channels::is_held_by(tx, id, own)).await.map_err(Fail::from)? {
        return Ok(true);
    }
    // Asked anew: a process that began a moment ago must not lose what it has just taken.
    inner.nodes.beat().await?;
    let alive = inner.nodes.alive();
    door.write(move |tx| channels::hold(tx, id, own, &alive)).await.map_err(Fail::from)
}

async fn fetch(inner: &Inner, key: Key, course: &mut Course, row: &Channel, opened: Opened) -> Result<Next, Fail> {
    let (tenant, id) = key;
    let places = if course.slow || course.failures > 0 { &inner.slow } else { &inner.quick };
    let Ok(place) = places.acquire().await else { return Ok(Next::End) };
    let began = Instant::now();
    let cursor = row.cursor.clone().map(Cursor);
    let polled = tokio::select! {
        polled = in_time("poll", opened.channel.poll(cursor.as_ref(), TOGETHER)) => polled,
        never = hold_for(place, SLOW) => match never {},
        () = inner.stop.cancelled() => return Ok(Next::End),
    };
    course.slow = began.elapsed() > SLOW;
    let batch = match polled {
        Ok(batch) => batch,
        Err(e) => return Ok(Next::Pause(failed(inner, key, course, e).await)),
    };
    let fetched: Vec<ExternalId> = batch.items.iter().map(|item| item.id.clone()).collect();
    if !fetched.is_empty() || cursor.as_ref() != Some(&batch.cursor) {
        accept::take_in(&inner.intake, tenant, id.0, batch.items, Some(&batch.cursor)).await?;
    }
    if !fetched.is_empty()
        && let Err(e) = in_time("committed", opened.channel.committed(&fetched)).await
    {
        tracing::info!(%tenant, channel = %id, error = %e, "the network was not told what is stored");
    }
    course.failures = 0;
    if row.health != "ok" {
        works(inner, key).await?;
    }
    Ok(if batch.more { Next::Fetch } else { Next::Wait(opened, Some(batch.cursor)) })
}

/// Gives a place back after a while, and never ends.
async fn hold_for(place: SemaphorePermit<'_>, most: Duration) -> Infallible {
    tokio::time::sleep(most).await;
    drop(place);
    std::future::pending().await
}

async fn in_time<T>(operation: &'static str, step: impl Future<Output = Done<T>>) -> Done<T> {
    let hangs = || Error::unreachable(operation, "the connector did not come to an end");
    timeout(LONGEST_STEP, step).await.unwrap_or_else(|_| Err(hangs()))
}

/// Notes in the channel's row that it works.
pub(super) async fn works(inner: &Inner, (tenant, id): Key) -> Result<(), Fail> {
    let at = Time::new(inner.intake.clock.now());
    let note = move |tx: &mut store::Tx| health::note_works(tx, id, Half::Receiving, at);
    inner.intake.store.tenant(tenant).write(note).await.map_err(Fail::from)
}

/// Notes the failure in the channel's row, where staff see it, and answers how long to pause.
pub(super) async fn failed(inner: &Inner, (tenant, id): Key, course: &mut Course, error: Error) -> Duration {
    course.failures += 1;
    let at = Time::new(inner.intake.clock.now());
    if let Some(health) = health::failing(Half::Receiving, &error) {
        let note = move |tx: &mut store::Tx| health::note_failing(tx, id, &health, at);
        let noted: store::Result<()> = inner.intake.store.tenant(tenant).write(note).await;
        if let Err(e) = noted {
            tracing::warn!(%tenant, channel = %id, error = %e, "a channel's health could not be noted");
        }
    }
    pause(inner, course, Some(&error))
}

/// Twice as long after each failure, up to a minute; the network's own wish where it named one. A fifth of it is chance,
/// so that channels that failed together do not come back together.
fn pause(inner: &Inner, course: &Course, error: Option<&Error>) -> Duration {
    let planned = match error.map(|e| (e.kind, e.retry)) {
        Some((_, Retry::After(named))) => named.min(Duration::from_secs(3600)),
        // Each wrong sign-in counts at the provider; a change of the settings is seen at once anyway.
        Some((Kind::Credentials | Kind::Settings, _)) => LATEST,
        _ => (SOONEST * 2_u32.saturating_pow(course.failures.saturating_sub(1).min(8))).min(LATEST),
    };
    let [chance] = inner.intake.ids.bytes::<1>();
    planned.mul_f64(0.8 + f64::from(chance) / 1275.0)
}
