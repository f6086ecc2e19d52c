//! Seals the logs of all tenants, once a second where there is something new.

use std::{collections::HashSet, sync::Arc, time::Duration};

use civicdesk_contract::Clock;
use tokio::{sync::broadcast::error::RecvError, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::chain;
use crate::store::{self, Store, Time, Wake, tenants};

const SECOND: Duration = Duration::from_secs(1);
/// What other processes have written is looked for this often, and later where there are many tenants.
const LOOK: Duration = Duration::from_secs(5);
const LOOK_EACH: Duration = Duration::from_millis(20);

/// Works until it is told to stop, and seals once more before it ends. What a process leaves unsealed that was killed, the
/// next one to start seals; on PostgreSQL whoever runs beside it.
pub async fn run(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut wakes = store.wakes();
    let mut new = everybody(&store).await;
    let mut second = tokio::time::interval(SECOND);
    let mut look = next_look(new.len());
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = second.tick() => {
                if !store.is_embedded() && Instant::now() >= look {
                    new.extend(everybody(&store).await);
                    look = next_look(new.len());
                }
                new = seal_all(&store, &clock, new).await;
            }
            heard = wakes.recv() => match heard {
                Ok((tenant, Wake::Event)) => { new.insert(tenant); }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => new = everybody(&store).await,
                Err(RecvError::Closed) => break,
            },
        }
    }
    seal_all(&store, &clock, new).await;
}

fn next_look(tenants: usize) -> Instant {
    Instant::now() + LOOK.max(LOOK_EACH.saturating_mul(u32::try_from(tenants).unwrap_or(u32::MAX)))
}

async fn everybody(store: &Store) -> HashSet<Uuid> {
    let all = store.control_read(tenants::active).await;
    all.map(|all| all.into_iter().map(|entry| entry.id.0).collect()).unwrap_or_else(|e| {
        tracing::error!(error = %e, runbook = "RB-AUDIT", "The tenants whose logs are to be sealed could not be listed.");
        HashSet::new()
    })
}

/// Seals what is new. Gives the tenants that have to be looked at again.
async fn seal_all(store: &Store, clock: &Arc<dyn Clock>, new: HashSet<Uuid>) -> HashSet<Uuid> {
    let mut again = HashSet::new();
    for tenant in new {
        match seal(store, tenant, Time::new(clock.now())).await {
            Ok(false) => {}
            Ok(true) => {
                again.insert(tenant);
            }
            // Another process has just sealed it, or the tenant is gone.
            Err(store::Error::Taken(_) | store::Error::NotFound) => {}
            Err(e) => {
                tracing::warn!(error = %e, %tenant, "a log could not be sealed; it is tried again");
                again.insert(tenant);
            }
        }
    }
    again
}

async fn seal(store: &Store, tenant: Uuid, now: Time) -> store::Result<bool> {
    let door = store.tenant(tenant);
    match door.read(chain::is_behind).await? {
        true => door.write(move |tx| chain::seal(tx, now)).await,
        false => Ok(false),
    }
}
