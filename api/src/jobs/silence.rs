//! Looks whether a network that used to say what became of our messages has fallen silent.

use std::collections::HashSet;

use jiff::SignedDuration;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Deps, later};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    ids, metrics,
    store::{
        Json, Time, Tx, Uid, channels, events,
        jobs::{self, Job},
        messages, receipts,
    },
};

/// The kind of job that looks.
pub const SILENCE: &str = "silence";
/// One person's telephone may be switched off; two are not by chance.
const TOO_MANY: usize = 2;
/// Messages that are looked at.
const LOOKED_AT: i64 = 50;

/// Asks for a look, where the network has spoken before.
pub fn watch(tx: &mut Tx, act: &Acting, channel: Uid, patience: SignedDuration) -> Result<(), Fail> {
    if receipts::last_heard(tx, channel)?.is_none() {
        return Ok(());
    }
    let job = Job {
        tenant_id: tx.tenant(),
        id: act.id(),
        kind: SILENCE.to_owned(),
        subject_id: Some(channel),
        payload: Json(json!({})),
        due_at: later(act.now, patience),
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    };
    Ok(jobs::enqueue_for(tx, &job)?)
}

/// Looks at each channel in turn.
pub async fn lane(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    let patience = deps.patience;
    for job in taken {
        let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
        let (id, channel, stopped) = (job.id, job.subject_id, stop.is_cancelled());
        let door = deps.intake.store.tenant(tenant);
        let looked = door.write(move |tx| {
            let next = match channel {
                _ if stopped => return Ok(jobs::release(tx, &[id])?),
                Some(channel) => look(tx, &act, channel, patience)?,
                None => None,
            };
            match next {
                Some(due) => jobs::again(tx, &[id], due, "the network may speak yet")?,
                None => jobs::done(tx, id)?,
            }
            Ok::<_, Fail>(())
        });
        if let Err(e) = looked.await {
            tracing::warn!(%tenant, error = %e, "it could not be looked whether a network is silent");
        }
    }
}

/// Notes a network that is silent. Answers when to look again.
fn look(tx: &mut Tx, act: &Acting, channel: Uid, patience: SignedDuration) -> Result<Option<Time>, Fail> {
    let row = channels::get(tx, channel)?;
    let Some(heard) = receipts::last_heard(tx, channel)? else { return Ok(None) };
    let waiting = messages::unheard_of(tx, channel, heard, act.now, LOOKED_AT)?;
    let is_late = |at: Time| later(at, patience) <= act.now;
    let late: HashSet<String> =
        waiting.iter().filter(|m| is_late(m.state_at)).map(|m| m.recipients.0.to_string()).collect();
    if late.len() >= TOO_MANY && row.slow_since.is_none() {
        channels::set_slow(tx, channel, Some(act.now))?;
        let mut event = act.event(tx, "channel.slow");
        event.data = Json(json!({
            "channel_id": ids::CHANNEL.show(channel.0), "name": row.name, "last_heard_at": heard.0.to_string(),
            "silent_about": late.len(),
        }));
        events::append(tx, vec![event])?;
        metrics::slow(&row.connector);
    }
    let next = waiting.iter().map(|m| m.state_at).find(|at| !is_late(*at));
    Ok(next.map(|at| later(at, patience)))
}
