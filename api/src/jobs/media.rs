//! Fetches the files that messages name, by the channels on which those came.

use std::time::Duration;

use civicdesk_contract::{Error, InboundAttachment, Retry};
use jiff::SignedDuration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Deps, later};
use crate::{
    cases::media,
    channels::open::Opened,
    fail::Fail,
    store::{
        Time, Tx, Uid,
        channels::{self, Channel},
        jobs::{self, Job},
        messages::{self, Message},
    },
};

/// Bytes of one file.
const LARGEST: usize = 25 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(120);
/// After so many attempts, so many minutes; then it is given up.
const MINUTES: [i64; 6] = [1, 5, 15, 60, 240, 720];

/// Fetches for each job in turn. One that fails for now is laid down.
pub async fn lane(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended =
            if stop.is_cancelled() { release(deps, tenant, job.id).await } else { one(deps, tenant, &job).await };
        if let Err(e) = ended {
            tracing::warn!(%tenant, error = %e, "a message's files could not be fetched; they are fetched later");
            let _ = lay_down(deps, tenant, &job, &e.to_string()).await;
        }
    }
}

async fn one(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let Some(subject) = job.subject_id else { return Ok(()) };
    let door = deps.intake.store.tenant(tenant);
    let (message, row): (Message, Option<Channel>) = door
        .read(move |tx| {
            let message = messages::get(tx, subject)?;
            let row = message.channel_id.map(|id| channels::get(tx, id)).transpose()?;
            Ok::<_, Fail>((message, row))
        })
        .await?;
    let last = usize::try_from(job.attempts).unwrap_or(0) > MINUTES.len();
    let (mut fetched, mut missing) = (Vec::new(), Vec::new());
    for wanted in media::of(job) {
        let got = match row.as_ref().map(|row| deps.opener.open(row)) {
            Some(Ok(opened)) => fetch(&opened, &wanted).await,
            Some(Err(e)) => Err(e),
            None => Err(Error::unsupported("fetch")),
        };
        match got {
            Ok(file) => fetched.push(file),
            Err(e) if e.retry == Retry::Never || last => missing.push(e.to_string()),
            Err(e) => return Ok(lay_down(deps, tenant, job, &e.to_string()).await?),
        }
    }
    media::keep(&deps.intake, tenant, (job.id, &message), fetched, missing).await
}

async fn fetch(opened: &Opened, wanted: &civicdesk_contract::Media) -> Result<InboundAttachment, Error> {
    let hangs = || Error::unreachable("fetch", "the connector did not come to an end");
    let file = timeout(LONGEST, opened.channel.fetch(wanted, LARGEST)).await.unwrap_or_else(|_| Err(hangs()))?;
    if file.bytes.len() > LARGEST {
        return Err(Error::malformed("fetch", "the file is larger than was asked for"));
    }
    Ok(file)
}

async fn lay_down(deps: &Deps, tenant: Uuid, job: &Job, why: &str) -> Result<(), crate::store::Error> {
    let step = usize::try_from(job.attempts - 1).unwrap_or(0).min(MINUTES.len() - 1);
    let due = later(Time::new(deps.intake.clock.now()), SignedDuration::from_mins(MINUTES[step]));
    let (id, why) = (job.id, why.to_owned());
    deps.intake.store.tenant(tenant).write(move |tx: &mut Tx| jobs::again(tx, &[id], due, &why)).await
}

async fn release(deps: &Deps, tenant: Uuid, id: Uid) -> Result<(), Fail> {
    let release = move |tx: &mut Tx| jobs::release(tx, &[id]);
    deps.intake.store.tenant(tenant).write(release).await.map_err(Fail::from)
}
