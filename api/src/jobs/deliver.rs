//! The outbox: a message is marked as going out before it goes, and its end is written with the end of its job.
//!
//! A crash between the two marks leaves a message in `sending`: whether it went out is then unknown, and what may be
//! done about it depends on the network (`verdict`).

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{Error, Kind, Measure, Outbound, Party, Retry, Sent};
use jiff::SignedDuration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Deps,
    ending::{End, log, note_health, write_end},
    later,
    outbound::{Ready, outbound},
    silence,
    verdict::{Verdict, may_repeat, verdict},
    way,
};
use crate::{
    acting::{Acting, Actor},
    cases::{
        budget,
        hold::{self, Held},
        letters, privacy, reach,
        scan::{self, Sendable},
    },
    channels::{guard, open::Opened},
    fail::Fail,
    metrics,
    people::{addresses, consents},
    store::{
        Time, Tx, Uid, attachments, cases, channels,
        jobs::{self, Job},
        messages::{self, Message, Moved},
    },
};

/// A connector has time-outs of its own; this one is for a connector that hangs.
const LONGEST_SEND: Duration = Duration::from_secs(300);
/// A message that could not even be looked at is looked at again after this.
const STUMBLED: SignedDuration = SignedDuration::from_secs(60);
/// A message whose files are not scanned yet is looked at again after this.
const UNSCANNED: SignedDuration = SignedDuration::from_secs(10);
const STOPPED: &str = "the program stopped while it was being sent";

/// Sends what is queued.
pub struct Deliver(pub Deps);

impl Deliver {
    /// Sends the messages of one channel in their order.
    pub async fn lane(&self, tenant: Uuid, jobs: Vec<Job>, stop: CancellationToken) {
        let mut left: Vec<Uid> = jobs.iter().map(|job| job.id).collect();
        for job in jobs {
            if stop.is_cancelled() || self.is_paused(tenant).await {
                let put_back = move |tx: &mut Tx| jobs::release(tx, &left);
                let done: crate::store::Result<()> = self.0.intake.store.tenant(tenant).write(put_back).await;
                return report(tenant, done.map_err(Fail::from));
            }
            left.remove(0);
            match self.one(tenant, &job).await {
                Ok(None) => {}
                Ok(Some((due, why))) if !left.is_empty() => {
                    let lay_down = move |tx: &mut Tx| jobs::again(tx, &left, due, &why);
                    let done: crate::store::Result<()> = self.0.intake.store.tenant(tenant).write(lay_down).await;
                    return report(tenant, done.map_err(Fail::from));
                }
                Ok(Some(_)) => {}
                Err(e) => {
                    let (id, due, why) = (job.id, later(self.now(), STUMBLED), e.to_string());
                    report(tenant, Err(e));
                    let lay_down = move |tx: &mut Tx| jobs::again(tx, &[id], due, &why);
                    let done: crate::store::Result<()> = self.0.intake.store.tenant(tenant).write(lay_down).await;
                    report(tenant, done.map_err(Fail::from));
                }
            }
        }
    }

    /// Sends one message. Answers until when the channel's others may rest, and why.
    async fn one(&self, tenant: Uuid, job: &Job) -> Result<Option<(Time, String)>, Fail> {
        let Some(ready) = self.ready(tenant, job).await? else { return Ok(None) };
        let outbound = outbound(&self.0.intake.blobs, &self.0.intake.reply_key, &ready).await?;
        if self.avoids(tenant, job, &ready, &outbound).await? {
            return Ok(None);
        }
        let opened = match self.0.opener.open(&ready.channel) {
            Ok(opened) => opened,
            Err(e) => return self.failed(tenant, job, &ready, (None, &outbound), e).await,
        };
        if ready.message.state == "sending" && !may_repeat(&opened.capabilities) {
            self.settle(tenant, job, &ready, (&outbound, None), End::Unknown(STOPPED.to_owned())).await?;
            return Ok(None);
        }
        if self.unscanned(tenant, job, &ready).await? {
            return Ok(None);
        }
        let price = opened.channel.measure(&outbound.text);
        let refusal = ready.barred.clone().or_else(|| self.unsafe_file(&ready));
        let refusal = match refusal.or_else(|| guard::refusal(&opened.capabilities, &outbound)) {
            None => self.brake(tenant, &ready.message, &outbound, price.as_ref()).await?,
            refusal => refusal,
        };
        if let Some(why) = refusal {
            self.settle(tenant, job, &ready, (&outbound, None), End::Failed(why)).await?;
            return Ok(None);
        }
        if let Some(Held { due, why }) = ready.held.clone() {
            let held = End::Again { due, why, unsure: false, moves: None };
            self.settle(tenant, job, &ready, (&outbound, None), held).await?;
            return Ok(None);
        }
        if !self.begin(tenant, job, &ready, price).await? {
            return Ok(None);
        }
        if ready.message.state == "sending" {
            metrics::outbound(&ready.channel.connector, "repeated");
        }
        match send(&opened, &outbound).await {
            Ok(sent) => {
                self.settle(tenant, job, &ready, (&outbound, None), End::Sent(sent)).await?;
                Ok(None)
            }
            Err(e) => self.failed(tenant, job, &ready, (Some(&opened), &outbound), e).await,
        }
    }

    /// The message, its channel and its files. A message that is beyond sending ends its job here.
    async fn ready(&self, tenant: Uuid, job: &Job) -> Result<Option<Ready>, Fail> {
        let (subject, urgent, now) = (job.subject_id, hold::is_urgent(job), self.now());
        let (door, kinds) = (self.0.intake.store.tenant(tenant), self.0.opener.kinds());
        let ready = door.read(move |tx| {
            let Some(message) = subject.map(|id| messages::get(tx, id)).transpose()? else { return Ok(None) };
            let Some(channel) = message.channel_id else { return Ok(None) };
            let open = matches!(message.state.as_str(), "queued" | "sending");
            let (channel, case) = (channels::get(tx, channel)?, cases::get(tx, message.case_id)?);
            let files = attachments::of_messages(tx, &[message.id])?;
            let hashes: Vec<Vec<u8>> = files.iter().map(|file| file.sha256.clone()).collect();
            let (to, copies): (Vec<Party>, Vec<Party>) = (message.recipients.read(), message.copies.read());
            let heard_at = reach::heard(tx, &to, case.id, channel.id)?;
            let barred = match consents::refusal(tx, channel.id, to.iter().chain(&copies))? {
                None => privacy::refusal(tx, &case, &message, &hashes)?,
                refusal => refusal,
            };
            // Whoever has just written is awake, though the answer takes the fallback of where they wrote.
            let awake_at = match message.first_channel_id {
                Some(first) => heard_at.max(reach::heard(tx, &to, case.id, first)?),
                None => heard_at,
            };
            let held = match kinds(&channel.connector).filter(|_| !urgent && message.state == "queued") {
                Some(can) => hold::until(tx, &can, &to, awake_at, now)?,
                None => None,
            };
            Ok::<_, Fail>(open.then_some(Ready { message, case, channel, files, barred, held, heard_at }))
        });
        let ready = ready.await?;
        if ready.is_none() {
            let id = job.id;
            door.write(move |tx| jobs::done(tx, id)).await?;
        }
        Ok(ready)
    }

    /// Lays a message down whose files wait for their scan.
    async fn unscanned(&self, tenant: Uuid, job: &Job, ready: &Ready) -> Result<bool, Fail> {
        let waits = scan::sendable(self.0.intake.scanning, &ready.files) == Sendable::Later;
        if waits {
            let (id, due) = (job.id, later(self.now(), UNSCANNED));
            let lay_down = move |tx: &mut Tx| jobs::again(tx, &[id], due, "a file is not scanned yet");
            self.0.intake.store.tenant(tenant).write(lay_down).await.map_err(Fail::from)?;
        }
        Ok(waits)
    }

    fn unsafe_file(&self, ready: &Ready) -> Option<String> {
        match scan::sendable(self.0.intake.scanning, &ready.files) {
            Sendable::No(why) => Some(why),
            Sendable::Yes | Sendable::Later => None,
        }
    }

    /// Gives a message to its channel's fallback without trying the channel, where that failed just now or is silent.
    async fn avoids(&self, tenant: Uuid, job: &Job, ready: &Ready, outbound: &Outbound) -> Result<bool, Fail> {
        let (now, patience) = (self.now(), self.0.patience);
        let why = way::avoided(&ready.channel, now, patience).filter(|_| ready.message.state == "queued");
        let Some(why) = why else { return Ok(false) };
        let (act, kinds, job, channel) = (self.act(), self.0.opener.kinds(), job.id, ready.channel.clone());
        let (message, outbound) = (ready.message.clone(), outbound.clone());
        let door = self.0.intake.store.tenant(tenant);
        let moved = door.write(move |tx| {
            let on = way::take_fallback(tx, &act, &kinds, (&message, &channel, &outbound), (why, patience))?;
            if on {
                jobs::again(tx, &[job], act.now, "by the fallback")?;
            }
            Ok::<_, Fail>(on)
        });
        let moved = moved.await?;
        if moved {
            metrics::rerouted(&ready.channel.connector, why);
        }
        Ok(moved)
    }

    /// The brakes before letters that no person wrote: one address gets few of them, whatever asked for them, and none is
    /// texted that the agency cannot pay for.
    async fn brake(
        &self,
        tenant: Uuid,
        message: &Message,
        outbound: &Outbound,
        price: Option<&Measure>,
    ) -> Result<Option<String>, Fail> {
        if message.letter.is_none() {
            return Ok(None);
        }
        let deps = &self.0.intake;
        if message.parts.is_none() && price.is_some_and(|price| price.parts > 0) {
            let now = self.now();
            let standing = deps.store.tenant(tenant).read(move |tx| budget::standing(tx, now)).await?;
            if standing.is_spent() {
                return Ok(Some(standing.refusal()));
            }
        }
        if message.attempts > 0 {
            return Ok(None);
        }
        for party in &outbound.to {
            let Some(normal) = addresses::normal(party.kind, &party.address) else { continue };
            if !letters::may_send(&deps.store, &deps.reply_key, &normal, deps.clock.now()).await? {
                return Ok(Some("the address has had its letters of this hour: this one is not sent".to_owned()));
            }
        }
        Ok(None)
    }

    /// Marks the message as going out, and counts the attempt and its price. What was marked before goes out once more.
    async fn begin(&self, tenant: Uuid, job: &Job, ready: &Ready, price: Option<Measure>) -> Result<bool, Fail> {
        let (act, job, message) = (self.act(), job.id, ready.message.clone());
        let probed = ready.channel.slow_since.map(|_| ready.channel.id);
        let door = self.0.intake.store.tenant(tenant);
        let begun = door.write(move |tx| {
            let to = Moved { state: "sending", detail: None, at: act.now, sent_id: None, attempt: true };
            if !messages::advance(tx, message.id, &["queued", "sending"], &to)? {
                jobs::done(tx, job)?;
                return Ok(false);
            }
            if let Some(price) = &price {
                budget::count(tx, &act, &message, price)?;
            }
            if let Some(channel) = probed {
                channels::probe(tx, channel, act.now)?;
                log(tx, &act, &message, "message.probes", "its network was silent: is it still?")?;
            }
            if message.state == "sending" {
                log(tx, &act, &message, "message.repeated", message.state_detail.as_deref().unwrap_or(STOPPED))?;
            }
            Ok::<_, Fail>(true)
        });
        begun.await
    }

    async fn failed(
        &self,
        tenant: Uuid,
        job: &Job,
        ready: &Ready,
        (opened, outbound): (Option<&Opened>, &Outbound),
        error: Error,
    ) -> Result<Option<(Time, String)>, Fail> {
        let why = format!("{}: {}", error.operation, error.detail);
        let attempts = ready.message.attempts + 1;
        let none = civicdesk_contract::Capabilities::none();
        let can = opened.map_or(&none, |opened| &opened.capabilities);
        let verdict = verdict(&error, can, attempts, job.created_at, self.now());
        let rest = match &verdict {
            Verdict::Again { rest: Some(rest), .. } => Some((*rest, why.clone())),
            _ => None,
        };
        let end = match verdict {
            Verdict::Failed => End::Failed(why),
            Verdict::Unknown => End::Unknown(why),
            Verdict::Again { due, .. } => {
                // What may have gone out once may have gone out, however its later attempts end.
                let unsure = error.retry == Retry::Unsure || ready.message.state == "sending";
                let moves = way::moves(&ready.message, &error).then_some("failing");
                End::Again { due, why, unsure, moves }
            }
        };
        let moved = self.settle(tenant, job, ready, (outbound, Some(error)), end).await?;
        Ok(rest.filter(|_| !moved))
    }

    /// Writes the end of a message's turn and of its job in one transaction, and what it says of the channel's health.
    /// Says whether the channel's fallback takes it.
    async fn settle(
        &self,
        tenant: Uuid,
        job: &Job,
        ready: &Ready,
        (outbound, error): (&Outbound, Option<Error>),
        end: End,
    ) -> Result<bool, Fail> {
        let (act, job, message, channel) = (self.act(), job.id, ready.message.clone(), ready.channel.clone());
        let (end, error) = (Arc::new(end), Arc::new((outbound.clone(), error)));
        let (kinds, patience) = (self.0.opener.kinds(), self.0.patience);
        let (door, mut tries) = (self.0.intake.store.tenant(tenant), 0);
        loop {
            let (act, message, row) = (act.clone(), message.clone(), channel.clone());
            let (ended, error, kinds) = (end.clone(), error.clone(), kinds.clone());
            let written = door.write(move |tx| {
                note_health(tx, &row, &ended, error.1.as_ref(), act.now)?;
                write_end(tx, &act, job, &message, &ended)?;
                if error.1.as_ref().is_some_and(|e| e.kind == Kind::OptedOut) {
                    consents::refused_by_network(tx, &act, row.id, &message.recipients.read::<Vec<Party>>())?;
                }
                match &*ended {
                    End::Again { moves: Some(why), .. } => {
                        let on = way::take_fallback(tx, &act, &kinds, (&message, &row, &error.0), (*why, patience))?;
                        if on {
                            jobs::again(tx, &[job], act.now, "by the fallback")?;
                        }
                        return Ok(on);
                    }
                    End::Sent(_) if kinds(&row.connector).is_some_and(|can| can.receipts) => {
                        silence::watch(tx, &act, row.id, patience)?;
                    }
                    _ => {}
                }
                Ok::<_, Fail>(false)
            });
            match written.await {
                // What is not written would be sent again: a short trouble of the database is waited out.
                Err(Fail::Busy(_) | Fail::Store(_)) if tries < 5 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(200 << tries)).await;
                }
                written => {
                    if let Ok(moved) = &written {
                        metrics::outbound(&channel.connector, end.word());
                        if *moved {
                            metrics::rerouted(&channel.connector, "failing");
                        }
                    }
                    return written;
                }
            }
        }
    }

    async fn is_paused(&self, tenant: Uuid) -> bool {
        let paused = self.0.paused;
        self.0.intake.store.control_read(move |c| paused(c, tenant)).await.unwrap_or(true)
    }

    fn act(&self) -> Acting {
        Acting::new(Actor::System, &self.0.intake.clock, &self.0.intake.ids)
    }

    fn now(&self) -> Time {
        Time::new(self.0.intake.clock.now())
    }
}

pub(super) async fn send(opened: &Opened, outbound: &Outbound) -> Result<Sent, Error> {
    let hangs = || Error::new(Kind::Unreachable, Retry::Unsure, "send", "the connector did not come to an end");
    timeout(LONGEST_SEND, opened.channel.send(outbound)).await.unwrap_or_else(|_| Err(hangs()))
}

fn report(tenant: Uuid, done: Result<(), Fail>) {
    if let Err(e) = done {
        tracing::error!(%tenant, error = %e, runbook = "RB-DELIVER", "A message's turn could not be written down.");
    }
}
