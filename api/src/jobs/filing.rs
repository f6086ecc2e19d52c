//! Files what came in, until nothing waits.

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::later;
use crate::{
    cases::intake,
    metrics,
    store::{Result, Time, Tx, Uid, jobs},
};

/// Items of one step. Between two steps the program may stop.
const TOGETHER: usize = 100;

/// Ends with its job done, or laid down until the trouble may have passed.
pub async fn lane(deps: &intake::Deps, tenant: Uuid, taken: Vec<jobs::Job>, stop: CancellationToken) {
    let ids: Vec<Uid> = taken.iter().map(|job| job.id).collect();
    let attempts = taken.iter().map(|job| job.attempts).max().unwrap_or(1);
    let door = deps.store.tenant(tenant);
    let ended: Result<()> = loop {
        if stop.is_cancelled() {
            break door.write(move |tx: &mut Tx| jobs::release(tx, &ids)).await;
        }
        match intake::work(deps, tenant, TOGETHER).await.inspect(count) {
            Ok(worked) if worked.more => {}
            Ok(_) => break door.write(move |tx: &mut Tx| ids.iter().try_for_each(|id| jobs::done(tx, *id))).await,
            Err(e) => {
                let why = e.to_string();
                tracing::error!(%tenant, error = why, runbook = "RB-FILING", "What came in could not be filed; it waits.");
                let due = later(Time::new(deps.clock.now()), pause(attempts));
                break door.write(move |tx: &mut Tx| jobs::again(tx, &ids, due, &why)).await;
            }
        }
    };
    if let Err(e) = ended {
        tracing::error!(%tenant, error = %e, runbook = "RB-FILING", "The end of a filing could not be written down.");
    }
}

fn count(worked: &intake::Worked) {
    metrics::filed("message", worked.messages);
    metrics::filed("report", worked.reports);
    metrics::filed("duplicate", worked.duplicates);
    metrics::filed("quarantined", worked.quarantined);
}

/// One second, doubled after each failure, up to five minutes.
fn pause(attempts: i32) -> SignedDuration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(9);
    SignedDuration::from_secs((1_i64 << doublings).min(300))
}
