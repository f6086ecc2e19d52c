//! Work after the answer: rows that a change wrote for later, done in the background.

#[cfg(test)]
pub mod at_work;
#[cfg(test)]
pub mod bench;
#[cfg(test)]
mod budget_tests;
mod claim;
pub mod clamd;
mod deliver;
#[cfg(test)]
mod deliver_tests;
mod ending;
mod filing;
mod heap;
mod media;
mod notices;
#[cfg(test)]
mod open_tests;
mod outbound;
#[cfg(test)]
mod proof_tests;
mod recovery;
pub mod runner;
mod scan;
#[cfg(test)]
mod scan_tests;
mod secret_letters;
mod silence;
pub mod sweep;
mod verdict;
mod way;
#[cfg(test)]
mod way_tests;
mod webhooks;

use std::sync::Arc;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    cases::{intake, keywords::NOTICE, media::FETCH, scan::SCAN},
    channels::open::Opener,
    recovery::{Desk, asking::ASKED, giving::OVER, secrets::SEND},
    store::{Time, jobs::Job, webhooks::JOB as WEBHOOK},
};
use claim::DELIVER;
use deliver::Deliver;
use runner::{Brake, Handler, Work};
use silence::SILENCE;

/// What background work needs of the rest.
#[derive(Clone)]
pub struct Deps {
    pub intake: intake::Deps,
    pub opener: Opener,
    pub recovery: Desk,
    /// Whether a tenant's messages must wait.
    pub paused: Brake,
    /// How long a network may say nothing of what was sent, where it used to say it.
    pub patience: SignedDuration,
    /// What looks into files.
    pub scanner: Option<clamd::Clamd>,
}

/// Channels that send side by side.
const SENDING: usize = 256;

/// Agencies whose items are filed side by side.
const FILING: usize = 16;

/// Agencies whose messages' files are fetched side by side.
const FETCHING: usize = 8;

/// Agencies whose short answers are sent side by side.
const ANSWERING: usize = 16;

/// Endpoints that are sent their agency's log side by side.
const TELLING: usize = 256;

/// Agencies whose channels or files are looked at side by side.
const LOOKING: usize = 4;

/// Agencies whose citizens' wishes for a code are looked at, and whose letters with codes are sent, side by side.
const RECOVERING: usize = 64;

/// Everything that is done in the background.
pub fn all(deps: Deps) -> Vec<Work> {
    let held = Some(deps.paused);
    vec![
        work("intake", FILING, None, &deps, |d, t, j, s| async move { filing::lane(&d.intake, t, j, s).await }),
        work(FETCH, FETCHING, None, &deps, |d, t, j, s| async move { media::lane(&d, t, j, s).await }),
        work(SILENCE, LOOKING, None, &deps, |d, t, j, s| async move { silence::lane(&d, t, j, s).await }),
        work(SCAN, LOOKING, None, &deps, |d, t, j, s| async move { scan::lane(&d, t, j, s).await }),
        work(ASKED, RECOVERING, None, &deps, |d, t, j, s| async move { recovery::asked(&d, t, j, s).await }),
        work(OVER, LOOKING, None, &deps, |d, t, j, s| async move { recovery::over(&d, t, j, s).await }),
        work(SEND, RECOVERING, held, &deps, |d, t, j, s| async move { secret_letters::lane(&d, t, j, s).await }),
        work(NOTICE, ANSWERING, held, &deps, |d, t, j, s| async move { notices::lane(&d, t, j, s).await }),
        work(WEBHOOK, TELLING, held, &deps, |d, t, j, s| async move { webhooks::lane(&d, t, j, s).await }),
        work(DELIVER, SENDING, held, &deps, |d, t, j, s| async move { Deliver(d).lane(t, j, s).await }),
    ]
}

/// One kind of work: what its jobs are called, how many tenants' or channels' are done side by side, whether they wait while
/// nothing may go out, and what does them.
fn work<L, F>(kind: &'static str, at_once: usize, brake: Option<Brake>, deps: &Deps, lane: L) -> Work
where
    L: Fn(Deps, Uuid, Vec<Job>, CancellationToken) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let deps = deps.clone();
    let handler: Handler = Arc::new(move |tenant, jobs, stop| Box::pin(lane(deps.clone(), tenant, jobs, stop)));
    Work { kind, at_once, brake, handler }
}

/// A moment after another.
fn later(at: Time, pause: SignedDuration) -> Time {
    Time(at.0.checked_add(pause).unwrap_or(at.0))
}
