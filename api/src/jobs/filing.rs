//! Files what came in, until nothing waits.
//!
//! What comes in one by one is filed by one lane, which rests for a moment before it looks again: to begin and to end a lane
//! costs as many commits as to file, and what came while it rested shares its commits.

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::later;
use crate::{
    cases::intake,
    metrics,
    store::{Result, Time, Tx, Uid, inbound, jobs},
};

/// Items of one step. Between two steps the program may stop.
const TOGETHER: usize = 100;
/// After fewer items than this a lane rests, so that the next ones come together.
const FEW: usize = 20;
const REST: Duration = Duration::from_millis(10);
/// Steps of one lane. Then other agencies have their turn, if any waits for one.
const STEPS: usize = 50;

/// Ends with its job done, or laid down until the trouble may have passed.
pub async fn lane(deps: &intake::Deps, tenant: Uuid, taken: Vec<jobs::Job>, stop: CancellationToken) {
    let ids: Vec<Uid> = taken.iter().map(|job| job.id).collect();
    let attempts = taken.iter().map(|job| job.attempts).max().unwrap_or(1);
    let door = deps.store.tenant(tenant);
    let mut steps = 0;
    let ended: Result<()> = loop {
        if stop.is_cancelled() || steps == STEPS {
            break door.write(move |tx: &mut Tx| jobs::release(tx, &ids)).await;
        }
        steps += 1;
        match intake::work(deps, tenant, TOGETHER).await.inspect(count) {
            Ok(worked) if worked.more || worked.taken >= FEW => {}
            Ok(worked) if worked.taken > 0 => tokio::time::sleep(REST).await,
            Ok(_) => {
                let done = ids.clone();
                match door.write(move |tx: &mut Tx| end(tx, &done)).await {
                    Ok(false) => {}
                    ended => break ended.map(drop),
                }
            }
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

/// Ends the job, and any other of its kind that was written meanwhile, unless an item came in. Says whether it ended.
fn end(tx: &mut Tx, ids: &[Uid]) -> Result<bool> {
    if inbound::oldest_waiting(tx)?.is_some() {
        return Ok(false);
    }
    ids.iter().try_for_each(|id| jobs::done(tx, *id))?;
    jobs::done_unheld(tx, "intake")?;
    Ok(true)
}

fn count(worked: &intake::Worked) {
    metrics::filed("message", worked.messages);
    metrics::filed("report", worked.reports);
    metrics::filed("keyword", worked.keywords);
    metrics::filed("duplicate", worked.duplicates);
    metrics::filed("quarantined", worked.quarantined);
}

/// One second, doubled after each failure, up to five minutes.
fn pause(attempts: i32) -> SignedDuration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(9);
    SignedDuration::from_secs((1_i64 << doublings).min(300))
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::{Envelope, ExternalId, RawItem, memory::Letter};

    use super::*;
    use crate::{
        cases::accept,
        jobs::{bench::Bench, claim::claim},
        store::jobs::{Busy, Job},
    };

    async fn arrives(bench: &Bench, town: Uuid, channel: Uid, n: usize) {
        let raw = serde_json::to_vec(&Letter::from_email(&format!("ann{n}@x.example"), "Lamp", "It is out.")).unwrap();
        let item = RawItem { id: ExternalId(n.to_string()), place: None, envelope: Envelope::default(), raw };
        accept::take_in(&bench.deps.intake, town, channel.0, vec![item], None).await.unwrap();
    }

    async fn taken(bench: &Bench, town: Uuid) -> Vec<Job> {
        let (now, until) = (bench.now(), later(bench.now(), SignedDuration::from_secs(10)));
        let take = move |tx: &mut Tx| claim(tx, now, until, &[], &["deliver".to_owned()]);
        let lanes: Result<Vec<_>> = bench.store.tenant(town).write(take).await;
        lanes.unwrap().into_iter().flat_map(|lane| lane.jobs).collect()
    }

    async fn left(bench: &Bench, town: Uuid) -> (bool, usize) {
        let (now, busy) = (bench.now(), Busy { kinds: vec!["deliver".to_owned()], ..Busy::default() });
        let read =
            move |tx: &mut Tx| Ok((inbound::oldest_waiting(tx)?.is_some(), jobs::due(tx, now, &busy, 10)?.len()));
        let read: Result<(bool, usize)> = bench.store.tenant(town).read(read).await;
        read.unwrap()
    }

    #[tokio::test]
    async fn what_comes_in_while_a_lane_is_at_work_is_filed_by_it_and_leaves_no_job_behind() {
        let bench = Bench::start();
        let town = bench.tenant("town").await;
        let (channel, _) = bench.channel(town, "mail", "help").await;
        arrives(&bench, town, channel, 1).await;
        let jobs = taken(&bench, town).await;
        arrives(&bench, town, channel, 2).await;
        assert_eq!(left(&bench, town).await, (true, 1), "the second one asks for its filing, too");
        lane(&bench.deps.intake, town, jobs, CancellationToken::new()).await;
        assert_eq!(left(&bench, town).await, (false, 0));
    }

    #[tokio::test]
    async fn a_lane_does_not_end_on_an_item_that_came_at_its_end() {
        let bench = Bench::start();
        let town = bench.tenant("town").await;
        let (channel, _) = bench.channel(town, "mail", "help").await;
        arrives(&bench, town, channel, 1).await;
        let ids: Vec<Uid> = taken(&bench, town).await.iter().map(|job| job.id).collect();
        let ended: Result<bool> = bench.store.tenant(town).write(move |tx: &mut Tx| end(tx, &ids)).await;
        assert!(!ended.unwrap());
    }
}
