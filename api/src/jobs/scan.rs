//! Has files scanned, until none waits. While the scanner does not answer, they wait, and it is asked again ever more seldom.

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Deps,
    clamd::{Clamd, Trouble, Verdict},
    later,
};
use crate::{
    acting::{Acting, Actor},
    cases::scan::{self, Found, Scanning},
    fail::Fail,
    metrics,
    store::{
        Result, Time, Tx,
        attachments::{self, Attachment},
        jobs::{self, Job},
    },
};

/// Files of one step.
const TOGETHER: i64 = 20;
/// After so many attempts, so many seconds.
const SECONDS: [i64; 6] = [5, 15, 60, 120, 300, 600];
/// A file on which a scanner that answers breaks off so often cannot be scanned.
const TRIES: i32 = 8;

/// Ends with its job done, or laid down until the trouble may have passed.
pub async fn lane(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended = match work(deps, tenant, job.attempts, &stop).await {
            Ok(Ended::Done) => write(deps, tenant, move |tx| jobs::done(tx, job.id)).await,
            Ok(Ended::Stopped) => write(deps, tenant, move |tx| jobs::release(tx, &[job.id])).await,
            Ok(Ended::Trouble(why)) => lay_down(deps, tenant, &job, why).await,
            Err(e) => lay_down(deps, tenant, &job, e.to_string()).await,
        };
        if let Err(e) = ended {
            tracing::error!(%tenant, error = %e, runbook = "RB-SCAN", "The end of a scan could not be written down.");
        }
    }
}

enum Ended {
    Done,
    Stopped,
    Trouble(String),
}

async fn work(deps: &Deps, tenant: Uuid, attempts: i32, stop: &CancellationToken) -> std::result::Result<Ended, Fail> {
    let mut broken: Vec<(Vec<u8>, String)> = Vec::new();
    loop {
        if stop.is_cancelled() {
            return Ok(Ended::Stopped);
        }
        let most = TOGETHER + i64::try_from(broken.len()).unwrap_or(0);
        let waiting: Result<Vec<Attachment>> =
            deps.intake.store.tenant(tenant).read(move |tx| attachments::unscanned(tx, most)).await;
        let next = waiting?.into_iter().find(|file| !broken.iter().any(|(sha256, _)| *sha256 == file.sha256));
        let Some(file) = next else {
            return Ok(broken.pop().map_or(Ended::Done, |(_, why)| Ended::Trouble(why)));
        };
        let found = match look(deps, tenant, &file).await? {
            Ok(found) => found,
            Err(Trouble::Down(why) | Trouble::Broke(why)) if deps.intake.scanning == Scanning::Pass => {
                Found::Failed(why)
            }
            Err(Trouble::Broke(why)) if attempts >= TRIES => Found::Failed(why),
            Err(Trouble::Broke(why)) => {
                broken.push((file.sha256, why));
                continue;
            }
            Err(Trouble::Down(why)) => return Ok(Ended::Trouble(why)),
        };
        settle(deps, tenant, file.sha256, found).await?;
    }
}

/// What is in one file.
async fn look(
    deps: &Deps,
    tenant: Uuid,
    file: &Attachment,
) -> std::result::Result<std::result::Result<Found, Trouble>, Fail> {
    let Some(scanner) = deps.scanner.as_ref().filter(|_| deps.intake.scanning != Scanning::Off) else {
        return Ok(Ok(Found::Off));
    };
    let Ok(hash) = file.sha256.as_slice().try_into() else {
        return Ok(Ok(Found::Failed("its bytes have no name".to_owned())));
    };
    let bytes = deps.intake.blobs.get(tenant, hash).await.map_err(|e| Fail::Broken(e.to_string()))?;
    Ok(ask(scanner, &bytes).await)
}

async fn ask(scanner: &Clamd, bytes: &[u8]) -> std::result::Result<Found, Trouble> {
    Ok(match scanner.scan(bytes).await? {
        Verdict::Clean => Found::Clean,
        Verdict::Infected(name) => Found::Infected(name),
        Verdict::TooLarge => Found::Failed("it is larger than the scanner takes (StreamMaxLength)".to_owned()),
    })
}

async fn settle(deps: &Deps, tenant: Uuid, sha256: Vec<u8>, found: Found) -> std::result::Result<(), Fail> {
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    metrics::scanned(found.word());
    let door = deps.intake.store.tenant(tenant);
    door.write(move |tx| scan::settle(tx, &act, &sha256, &found)).await
}

async fn lay_down(deps: &Deps, tenant: Uuid, job: &Job, why: String) -> Result<()> {
    tracing::warn!(%tenant, error = why, "files wait to be scanned");
    metrics::scanned("later");
    let step = usize::try_from(job.attempts - 1).unwrap_or(0).min(SECONDS.len() - 1);
    let due = later(Time::new(deps.intake.clock.now()), SignedDuration::from_secs(SECONDS[step]));
    let id = job.id;
    write(deps, tenant, move |tx| jobs::again(tx, &[id], due, &why)).await
}

async fn write(deps: &Deps, tenant: Uuid, what: impl Fn(&mut Tx) -> Result<()> + Send + 'static) -> Result<()> {
    deps.intake.store.tenant(tenant).write(what).await
}
