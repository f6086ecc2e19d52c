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
mod silence;
pub mod sweep;
mod verdict;
mod way;
#[cfg(test)]
mod way_tests;

use std::sync::Arc;

use jiff::SignedDuration;

use crate::{
    cases::{intake, keywords::NOTICE, media::FETCH, scan::SCAN},
    channels::open::Opener,
    recovery::{Desk, asking::ASKED, secrets::SEND},
    store::Time,
};
use claim::DELIVER;
use runner::{Brake, Work};

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

/// Agencies whose channels or files are looked at side by side.
const LOOKING: usize = 4;

/// Agencies whose citizens' wishes for a code are looked at, and whose letters with codes are sent, side by side.
const RECOVERING: usize = 64;

/// Everything that is done in the background.
pub fn all(deps: Deps) -> Vec<Work> {
    vec![
        filings(deps.intake.clone()),
        fetches(deps.clone()),
        answers(deps.clone()),
        silences(deps.clone()),
        scans(deps.clone()),
        asks(deps.clone()),
        secrets(deps.clone()),
        deliveries(deps),
    ]
}

/// The work of filing what came in.
fn filings(deps: intake::Deps) -> Work {
    Work {
        kind: "intake",
        at_once: FILING,
        brake: None,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { filing::lane(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of fetching files that lie at the networks.
fn fetches(deps: Deps) -> Work {
    Work {
        kind: FETCH,
        at_once: FETCHING,
        brake: None,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { media::lane(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of answering words to the service itself.
fn answers(deps: Deps) -> Work {
    let brake = Some(deps.paused);
    Work {
        kind: NOTICE,
        at_once: ANSWERING,
        brake,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { notices::lane(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of having files scanned.
fn scans(deps: Deps) -> Work {
    Work {
        kind: SCAN,
        at_once: LOOKING,
        brake: None,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { scan::lane(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of noticing networks that fell silent.
fn silences(deps: Deps) -> Work {
    Work {
        kind: silence::SILENCE,
        at_once: LOOKING,
        brake: None,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { silence::lane(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of looking who asked for a code.
fn asks(deps: Deps) -> Work {
    Work {
        kind: ASKED,
        at_once: RECOVERING,
        brake: None,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { recovery::asked(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of sending letters with a secret.
fn secrets(deps: Deps) -> Work {
    let brake = Some(deps.paused);
    Work {
        kind: SEND,
        at_once: RECOVERING,
        brake,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deps = deps.clone();
            Box::pin(async move { recovery::letters(&deps, tenant, jobs, stop).await })
        }),
    }
}

/// The work of sending what is queued.
fn deliveries(deps: Deps) -> Work {
    let brake = Some(deps.paused);
    let deliver = Arc::new(deliver::Deliver(deps));
    Work {
        kind: DELIVER,
        at_once: SENDING,
        brake,
        handler: Arc::new(move |tenant, jobs, stop| {
            let deliver = deliver.clone();
            Box::pin(async move { deliver.lane(tenant, jobs, stop).await })
        }),
    }
}

/// A moment after another.
fn later(at: Time, pause: SignedDuration) -> Time {
    Time(at.0.checked_add(pause).unwrap_or(at.0))
}
