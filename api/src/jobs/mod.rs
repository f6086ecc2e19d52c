//! Work after the answer: rows that a change wrote for later, done in the background.

#[cfg(test)]
pub mod bench;
mod claim;
mod deliver;
#[cfg(test)]
mod deliver_tests;
mod heap;
mod outbound;
pub mod runner;
mod verdict;

use std::sync::Arc;

use civicdesk_contract::Clock;
use jiff::SignedDuration;

use crate::{
    blobs::Blobs,
    channels::open::Opener,
    ids::Ids,
    store::{Store, Time},
};
use claim::DELIVER;
use runner::{Brake, Work};

/// What background work needs of the rest.
#[derive(Clone)]
pub struct Deps {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    pub opener: Opener,
    pub blobs: Blobs,
    /// Whether a tenant's messages must wait.
    pub paused: Brake,
}

/// Channels that send side by side.
const SENDING: usize = 256;

/// The work of sending what is queued.
pub fn deliveries(deps: Deps) -> Work {
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
