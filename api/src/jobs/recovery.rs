//! Looks who asked for a code, and whether what they were given was used in its time.

use jiff::SignedDuration;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Deps, later};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    ids, metrics,
    recovery::{
        asking, elsewhere,
        issuing::{self, Found},
        keys::Keys,
    },
    store::{
        Json, Tx, accounts, events,
        jobs::{self, Job},
        recoveries,
    },
};

/// Whoever asks for a code while their agency's directory is down waits for so long.
const WAITS: SignedDuration = SignedDuration::from_mins(10);

/// Looks who asked.
pub async fn asked(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended = match stop.is_cancelled() {
            true => release(deps, tenant, &job).await,
            false => look(deps, tenant, &job).await,
        };
        settle(deps, tenant, &job, ended).await;
    }
}

/// Ends what was not used in its time, and says so in the record.
pub async fn over(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended = match stop.is_cancelled() {
            true => release(deps, tenant, &job).await,
            false => end(deps, tenant, &job).await,
        };
        settle(deps, tenant, &job, ended).await;
    }
}

async fn look(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let asked = asking::read(&deps.recovery.seal, job)?;
    let held = deps.recovery.directories.of(tenant).await?;
    let found = if held.elsewhere && asked.purpose != asking::STAFF {
        match elsewhere::who(&deps.recovery, &deps.intake.store, &held, &asked).await {
            Err(Fail::DirectoryDown(_)) if too_late(deps, job) => return give_up(deps, tenant, job).await,
            found => Found::Elsewhere(found?),
        }
    } else {
        Found::Here
    };
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (keys, desk, id) = (Keys::make(&deps.intake.ids), deps.recovery.clone(), job.id);
    let issue = move |tx: &mut Tx| {
        let outcome = issuing::issue(tx, &act, &desk, (&asked, &found), &keys)?;
        jobs::done(tx, id)?;
        Ok::<_, Fail>(outcome)
    };
    metrics::recovery("asked");
    metrics::recovery(deps.intake.store.tenant(tenant).write(issue).await?);
    Ok(())
}

/// Whether nobody sits in front of a page any more and waits for what a job does.
fn too_late(deps: &Deps, job: &Job) -> bool {
    deps.intake.clock.now() > job.created_at.0 + WAITS
}

/// Lets go of somebody's wish. Who it was is not known, and so it is in nobody's history.
async fn give_up(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let (act, id) = (Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids), job.id);
    let end = move |tx: &mut Tx| {
        let mut event = act.event(tx, "recovery.failed");
        event.data = Json(json!({ "what": "the agency's directory did not answer in time" }));
        events::append(tx, vec![event])?;
        Ok::<_, Fail>(jobs::done(tx, id)?)
    };
    deps.intake.store.tenant(tenant).write(end).await
}

async fn end(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (id, recovery) = (job.id, job.subject_id);
    let end = move |tx: &mut Tx| {
        let ended = recovery.map(|id| recoveries::expire(tx, id, act.now)).transpose()?.flatten();
        if let Some(row) = &ended {
            let account = row.account_id.map(|id| accounts::get(tx, id)).transpose()?;
            let mut event = act.event(tx, "recovery.expired");
            event.contact_id = account.map(|account| account.contact_id);
            event.data = Json(json!({ "by": row.kind, "recovery_id": ids::RECOVERY.show(row.id.0) }));
            events::append(tx, vec![event])?;
        }
        jobs::done(tx, id)?;
        Ok::<_, Fail>(ended.is_some())
    };
    if deps.intake.store.tenant(tenant).write(end).await? {
        metrics::recovery("expired");
    }
    Ok(())
}

pub(super) async fn release(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let id = job.id;
    deps.intake.store.tenant(tenant).write(move |tx: &mut Tx| Ok::<_, Fail>(jobs::release(tx, &[id])?)).await
}

/// What could not be done is done a little later.
pub(super) async fn settle(deps: &Deps, tenant: Uuid, job: &Job, ended: Result<(), Fail>) {
    let Err(e) = ended else { return };
    tracing::warn!(%tenant, job = job.kind, error = %e, "a letter of recovery has to wait");
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (id, due, why) = (job.id, later(act.now, SignedDuration::from_secs(10)), e.to_string());
    let again = move |tx: &mut Tx| jobs::again(tx, &[id], due, &why);
    let _: crate::store::Result<()> = deps.intake.store.tenant(tenant).write(again).await;
}
