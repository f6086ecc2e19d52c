//! Once a day and tenant: what nobody needs any more is forgotten, bytes that no row names are taken away, and an index of
//! words that an older program cut is written anew.

mod blobs;
mod index;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    cases::intake::Deps,
    fail::Fail,
    store::{
        self, Time, Tx, address_claims, attachments, auto_letters, budgets, idempotency, objections, proofs, receipts,
        recoveries, secret_letters, sessions, sign_ins, staff_keys, tenants, webhook_deliveries,
    },
};

/// How often it is asked whose day has passed.
const LOOK: Duration = Duration::from_secs(60);
/// Between two tenants, so that ten thousand of them take hours and disturb nobody.
const PAUSE: Duration = Duration::from_secs(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Answers are kept for whoever repeats a request the next day.
const REPEATED: SignedDuration = SignedDuration::from_hours(48);
/// Sessions are kept this long after their end, for whoever asks who was signed in.
const ENDED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Longer than any rule about letters looks back.
const LETTERS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Longer than the breaker over all tenants looks back.
const BUDGET_HOURS: i64 = 48;
/// Letters of proof are kept this long, for whoever asks how one stands.
const PROOFS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What a network says of a message waits so long for that message.
const STRANGE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What endpoints were sent can be looked up, and sent again by itself, for so long.
const TOLD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Rows that one transaction forgets.
const TOGETHER: i64 = 500;

/// Sweeps every tenant once a day until `stop`. Several processes share the tenants.
pub async fn run(deps: Deps, stop: CancellationToken) {
    let mut pause = LOOK;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = match sweep_next(&deps, &stop).await {
            Ok(true) => PAUSE,
            Ok(false) => LOOK,
            Err(e) => {
                tracing::error!(error = %e, runbook = "RB-SWEEP", "A daily sweep did not come to its end.");
                PAUSE
            }
        };
    }
}

/// Sweeps the tenant that was swept longest ago. `false`: no tenant's day has passed.
async fn sweep_next(deps: &Deps, stop: &CancellationToken) -> Result<bool, Fail> {
    let now = Time::new(deps.clock.now());
    let due = deps.store.control_read(move |c| tenants::is_unswept(c, before(now, DAY))).await?;
    if !due {
        return Ok(false);
    }
    let hour = now.0.as_second().div_euclid(3600);
    let take = deps.store.control_write(move |c| {
        budgets::forget(c, hour - BUDGET_HOURS)?;
        tenants::take_unswept(c, before(now, DAY), now)
    });
    let Some(tenant) = take.await? else { return Ok(false) };
    sweep(deps, tenant.0, stop).await.map(|()| true)
}

async fn sweep(deps: &Deps, tenant: Uuid, stop: &CancellationToken) -> Result<(), Fail> {
    let now = Time::new(deps.clock.now());
    let old: [fn(&mut Tx, Time) -> store::Result<usize>; 13] = [
        |tx, now| idempotency::prune(tx, before(now, REPEATED), TOGETHER),
        |tx, now| sessions::forget(tx, before(now, ENDED), TOGETHER),
        |tx, now| sign_ins::forget(tx, before(now, ENDED), TOGETHER),
        |tx, now| recoveries::forget(tx, before(now, LETTERS), TOGETHER),
        |tx, now| staff_keys::forget(tx, before(now, LETTERS), TOGETHER),
        |tx, now| objections::forget(tx, before(now, ENDED), TOGETHER),
        |tx, now| address_claims::forget(tx, before(now, LETTERS), TOGETHER),
        |tx, now| secret_letters::forget(tx, before(now, LETTERS), TOGETHER),
        |tx, now| auto_letters::forget(tx, before(now, LETTERS), TOGETHER),
        |tx, now| attachments::forget_unused(tx, before(now, DAY), TOGETHER),
        |tx, now| proofs::forget(tx, before(now, PROOFS), TOGETHER),
        |tx, now| receipts::forget_strange(tx, before(now, STRANGE), TOGETHER),
        |tx, now| webhook_deliveries::forget_delivered(tx, before(now, TOLD), TOGETHER),
    ];
    for forget in old {
        while !stop.is_cancelled() {
            let forgot = deps.store.tenant(tenant).write(move |tx| forget(tx, now)).await.map_err(Fail::from)?;
            if i64::try_from(forgot).unwrap_or(i64::MAX) < TOGETHER {
                break;
            }
        }
    }
    blobs::sweep(deps, tenant, stop).await?;
    index::renew(deps, tenant, stop).await
}

fn before(now: Time, pause: SignedDuration) -> Time {
    Time(now.0.checked_sub(pause).unwrap_or(now.0))
}
