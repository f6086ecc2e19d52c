//! A session that a connector holds open: each item is durable before the network hears of it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use civicdesk_contract::{Accepted, Error, Inbox, RawItem, Result as Done};
use tokio::sync::{Mutex, Notify};

use super::{
    open::Opened,
    poller::{Inner, Key},
    reception::{self, Course},
};
use crate::{
    cases::accept,
    store::{self, channels},
};

/// A session that has held for so long works.
const PROVEN: Duration = if cfg!(test) { Duration::from_millis(50) } else { Duration::from_secs(5) };
const LOOK: Duration = Duration::from_secs(30);

/// Holds a session until it breaks, until the channel was changed or paused, or until another process has the channel.
/// Answers how long to pause, where it broke.
pub(super) async fn hold(
    inner: &Arc<Inner>,
    key: Key,
    course: &mut Course,
    look: &Notify,
    (opened, version): (Opened, i64),
) -> Option<Duration> {
    let inbox = Arc::new(Desk { inner: inner.clone(), key, turn: Mutex::default() });
    let mut run = opened.channel.run(inbox);
    let mut proven = false;
    let ended = loop {
        tokio::select! {
            ended = &mut run => break ended,
            () = tokio::time::sleep(PROVEN), if !proven => {
                (proven, course.failures) = (true, 0);
                if let Err(e) = reception::works(inner, key).await {
                    tracing::warn!(tenant = %key.0, channel = %key.1, error = %e, "a channel's health could not be noted");
                }
            }
            () = look.notified() => if !is_ours(inner, key, version).await { return None },
            () = tokio::time::sleep(LOOK), if proven => if !is_ours(inner, key, version).await { return None },
            () = inner.stop.cancelled() => return None,
        }
    };
    let over = || Error::unreachable("run", "the network ended the session");
    Some(reception::failed(inner, key, course, ended.err().unwrap_or_else(over)).await)
}

/// Whether the channel is as it was, and still in this process's hand. Where that cannot be read, nothing has changed yet.
async fn is_ours(inner: &Inner, key: Key, version: i64) -> bool {
    let (tenant, id) = key;
    let row: store::Result<channels::Channel> =
        inner.intake.store.tenant(tenant).read(move |tx| channels::get(tx, id)).await;
    let same = match row {
        Ok(row) => row.state == "active" && row.version == version,
        Err(store::Error::NotFound) => false,
        Err(_) => true,
    };
    same && reception::holds(inner, key).await.unwrap_or(true)
}

/// Where one session hands its items over.
struct Desk {
    inner: Arc<Inner>,
    key: Key,
    /// One item after the other, so that they lie in the ledger as they came.
    turn: Mutex<()>,
}

#[async_trait]
impl Inbox for Desk {
    async fn accept(&self, item: RawItem) -> Done<Accepted> {
        let _turn = self.turn.lock().await;
        let (tenant, channel) = self.key;
        let kept = |why: String| Error::unreachable("accept", format!("it could not be stored: {why}"));
        if reception::is_full(&self.inner, tenant).await.map_err(|e| kept(e.to_string()))? {
            return Err(kept("too much waits to be filed".to_owned()));
        }
        let accepted = accept::take_in(&self.inner.intake, tenant, channel.0, vec![item], None).await;
        let accepted = accepted.map_err(|e| kept(e.to_string()))?;
        Ok(accepted.first().copied().unwrap_or(Accepted::Known))
    }
}
