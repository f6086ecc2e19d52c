//! Sends an agency's log to its endpoints: several calls side by side, each line of a case after the one before it.
//!
//! An attempt is counted before it is made, and its end is written with the next turn. What a crash cut off is made again,
//! under the same id.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Deps, later};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    ids, metrics,
    store::{
        Time, Tx, Uid,
        events::Event,
        jobs::{self, Job},
        webhooks::Webhook,
    },
    webhooks::{
        calling::{self, Call},
        ends::{self, Ended},
        payload::{self, Payload},
        secrets,
        turns::{self, SIDE_BY_SIDE},
    },
};

/// While calls are under way and there is room for others, the log is looked at this often.
const LOOK: Duration = Duration::from_secs(1);
/// An endpoint whose turn stumbled is looked at again after this.
const STUMBLED: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Looks after one endpoint until there is nothing left to do now.
pub async fn lane(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        if let Err(e) = (Sender { deps, tenant, webhook: job.id, stop: stop.clone() }).run().await {
            tracing::warn!(%tenant, error = %e, "an endpoint could not be looked after; it is tried again later");
            let (id, due) = (job.id, later(Time::new(deps.intake.clock.now()), STUMBLED));
            let why = e.to_string();
            let lay_down = move |tx: &mut Tx| jobs::again(tx, &[id], due, &why);
            let _: crate::store::Result<()> = deps.intake.store.tenant(tenant).write(lay_down).await;
        }
    }
}

struct Sender<'a> {
    deps: &'a Deps,
    tenant: Uuid,
    webhook: Uid,
    stop: CancellationToken,
}

impl Sender<'_> {
    async fn run(&self) -> Result<(), Fail> {
        let mut calls: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        let (mut in_hand, mut ended): (Vec<Uid>, Vec<Ended>) = (Vec::new(), Vec::new());
        loop {
            let turn = self.turn(std::mem::take(&mut ended), in_hand.clone()).await?;
            if let Some(webhook) = &turn.webhook {
                for (event, attempt) in turn.calls {
                    in_hand.push(event.id);
                    calls.push(self.call(webhook, event, attempt)?);
                }
            }
            if turn.over {
                return Ok(());
            }
            if turn.more && in_hand.len() < SIDE_BY_SIDE {
                continue;
            }
            let look = tokio::time::sleep(LOOK);
            tokio::select! {
                Some(end) = calls.next() => ended.push(end),
                () = look, if in_hand.len() < SIDE_BY_SIDE => {}
            }
            while let Some(Some(end)) = calls.next().now_or_never() {
                ended.push(end);
            }
            for end in &ended {
                in_hand.retain(|event| *event != end.event_id);
                metrics::webhook(end.word());
            }
        }
    }

    /// Writes down what has ended, and takes in hand what may go now.
    async fn turn(&self, ended: Vec<Ended>, in_hand: Vec<Uid>) -> Result<turns::Turn, Fail> {
        let (webhook, paused, tenant) = (self.webhook, self.deps.paused, self.tenant);
        let store = &self.deps.intake.store;
        let closing = self.stop.is_cancelled() || store.control_read(move |c| paused(c, tenant)).await?;
        let act = Acting::new(Actor::System, &self.deps.intake.clock, &self.deps.intake.ids);
        let turn = move |tx: &mut Tx| {
            for end in &ended {
                ends::settle(tx, &act, webhook, end)?;
            }
            Ok::<_, Fail>(turns::take(tx, act.now, webhook, &in_hand, closing)?)
        };
        store.tenant(tenant).write(turn).await
    }

    fn call(&self, webhook: &Webhook, event: Event, attempt: i32) -> Result<BoxFuture<'_, Ended>, Fail> {
        let now = Time::new(self.deps.intake.clock.now());
        let keys = secrets::keys(&self.deps.recovery.seal, webhook, now)?;
        let (event_id, id) = (event.id, ids::EVENT.show(event.id.0));
        let body = payload::body(event, Payload::read(&webhook.payload));
        let call = Call { url: webhook.url.clone(), id, body, keys };
        let chance = u16::from_be_bytes(self.deps.intake.ids.bytes());
        let tools = self.deps.opener.tools();
        let made = async move {
            let outcome = calling::call(tools, &call).await;
            Ended { event_id, attempt, outcome, chance }
        };
        Ok(made.boxed())
    }
}
