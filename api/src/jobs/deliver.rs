//! The outbox: a message is marked as going out before it goes, and its end is written with the end of its job.
//!
//! A crash between the two marks leaves a message in `sending`: whether it went out is then unknown, and what may be
//! done about it depends on the network (`verdict`).

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{Error, Kind, Outbound, Party, Retry, Sent};
use jiff::SignedDuration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Deps, later,
    outbound::{Ready, outbound},
    verdict::{Verdict, may_repeat, verdict},
};
use crate::{
    acting::{Acting, Actor},
    cases::{
        hold::{self, Held},
        letters, privacy, reach, receipts,
        written::Written,
    },
    channels::{
        guard,
        health::{self, Half},
        open::Opened,
    },
    fail::Fail,
    metrics,
    people::{
        addresses,
        consents::{self, Source},
    },
    store::{
        Json, Time, Tx, Uid, attachments, cases,
        channels::{self, Channel},
        events,
        jobs::{self, Job},
        messages::{self, Message, Moved},
    },
};

/// A connector has time-outs of its own; this one is for a connector that hangs.
const LONGEST_SEND: Duration = Duration::from_secs(300);
/// A message that could not even be looked at is looked at again after this.
const STUMBLED: SignedDuration = SignedDuration::from_secs(60);
const STOPPED: &str = "the program stopped while it was being sent";

/// Sends what is queued.
pub struct Deliver(pub Deps);

/// How one message's turn ended.
enum End {
    Sent(Sent),
    Failed(String),
    Unknown(String),
    Again {
        due: Time,
        why: String,
        /// It may have gone out, so that the next attempt counts as a repeat.
        unsure: bool,
    },
}

impl End {
    /// The word by which it is counted.
    fn word(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Again { .. } => "again",
        }
    }
}

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
        let opened = match self.0.opener.open(&ready.channel) {
            Ok(opened) => opened,
            Err(e) => return self.failed(tenant, job, &ready, None, e).await,
        };
        if ready.message.state == "sending" && !may_repeat(&opened.capabilities) {
            self.settle(tenant, job, &ready, End::Unknown(STOPPED.to_owned()), None).await?;
            return Ok(None);
        }
        let outbound = outbound(&self.0.intake.blobs, &self.0.intake.reply_key, &ready).await?;
        let refusal = match ready.barred.clone().or_else(|| guard::refusal(&opened.capabilities, &outbound)) {
            None => self.brake(&ready.message, &outbound).await?,
            refusal => refusal,
        };
        if let Some(why) = refusal {
            self.settle(tenant, job, &ready, End::Failed(why), None).await?;
            return Ok(None);
        }
        if let Some(Held { due, why }) = ready.held.clone() {
            self.settle(tenant, job, &ready, End::Again { due, why, unsure: false }, None).await?;
            return Ok(None);
        }
        if !self.begin(tenant, job, &ready.message).await? {
            return Ok(None);
        }
        if ready.message.state == "sending" {
            metrics::outbound(&ready.channel.connector, "repeated");
        }
        match send(&opened, &outbound).await {
            Ok(sent) => {
                self.settle(tenant, job, &ready, End::Sent(sent), None).await?;
                Ok(None)
            }
            Err(e) => self.failed(tenant, job, &ready, Some(&opened), e).await,
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
            let held = match kinds(&channel.connector).filter(|_| !urgent && message.state == "queued") {
                Some(can) => hold::until(tx, &can, &to, heard_at, now)?,
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

    /// The breaker before letters that no person wrote: one address gets few of them, whatever asked for them.
    async fn brake(&self, message: &Message, outbound: &Outbound) -> Result<Option<String>, Fail> {
        if message.letter.is_none() || message.attempts > 0 {
            return Ok(None);
        }
        let deps = &self.0.intake;
        for party in &outbound.to {
            let Some(normal) = addresses::normal(party.kind, &party.address) else { continue };
            if !letters::may_send(&deps.store, &deps.reply_key, &normal, deps.clock.now()).await? {
                return Ok(Some("the address has had its letters of this hour: this one is not sent".to_owned()));
            }
        }
        Ok(None)
    }

    /// Marks the message as going out, and counts the attempt. What was marked before goes out once more.
    async fn begin(&self, tenant: Uuid, job: &Job, message: &Message) -> Result<bool, Fail> {
        let (act, job, message) = (self.act(), job.id, message.clone());
        let door = self.0.intake.store.tenant(tenant);
        let begun = door.write(move |tx| {
            let to = Moved { state: "sending", detail: None, at: act.now, sent_id: None, attempt: true };
            if !messages::advance(tx, message.id, &["queued", "sending"], &to)? {
                jobs::done(tx, job)?;
                return Ok(false);
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
        opened: Option<&Opened>,
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
            Verdict::Again { due, .. } => End::Again { due, why, unsure: error.retry == Retry::Unsure },
        };
        self.settle(tenant, job, ready, end, Some(error)).await?;
        Ok(rest)
    }

    /// Writes the end of a message's turn and of its job in one transaction, and what it says of the channel's health.
    async fn settle(&self, tenant: Uuid, job: &Job, ready: &Ready, end: End, error: Option<Error>) -> Result<(), Fail> {
        let (act, job, message, channel) = (self.act(), job.id, ready.message.clone(), ready.channel.clone());
        let (end, error) = (Arc::new(end), Arc::new(error));
        let (door, mut tries) = (self.0.intake.store.tenant(tenant), 0);
        loop {
            let (act, message, row) = (act.clone(), message.clone(), channel.clone());
            let (ended, error) = (end.clone(), error.clone());
            let written = door.write(move |tx| {
                write_end(tx, &act, job, &message, &ended)?;
                if error.as_ref().as_ref().is_some_and(|e| e.kind == Kind::OptedOut) {
                    note_refusal(tx, &act, row.id, &message)?;
                }
                note_health(tx, &row, &ended, error.as_ref().as_ref(), act.now)
            });
            match written.await {
                // What is not written would be sent again: a short trouble of the database is waited out.
                Err(Fail::Busy(_) | Fail::Store(_)) if tries < 5 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(200 << tries)).await;
                }
                written => {
                    if written.is_ok() {
                        metrics::outbound(&channel.connector, end.word());
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

fn write_end(tx: &mut Tx, act: &Acting, job: Uid, message: &Message, end: &End) -> Result<(), Fail> {
    let moved = |state, detail: &str, sent_id| Moved {
        state,
        detail: Some(detail.to_owned()),
        at: act.now,
        sent_id,
        attempt: false,
    };
    let open: &[&str] = &["queued", "sending"];
    let (kind, to) = match end {
        End::Sent(sent) => ("message.sent", moved("sent", &sent.detail, Some(sent.id.0.clone()))),
        End::Failed(why) => ("message.failed", moved("failed", why, None)),
        End::Unknown(why) => ("message.unknown", moved("unknown", why, None)),
        End::Again { due, why, unsure } => {
            let state = if *unsure { "sending" } else { "queued" };
            messages::advance(tx, message.id, open, &moved(state, why, None))?;
            return Ok(jobs::again(tx, &[job], *due, why)?);
        }
    };
    if messages::advance(tx, message.id, open, &to)? {
        log(tx, act, message, kind, to.detail.as_deref().unwrap_or_default())?;
        let message = messages::get(tx, message.id)?;
        receipts::meet(tx, act, &message)?;
    }
    Ok(jobs::done(tx, job)?)
}

/// What the network says of a person's will holds as if they had told us.
fn note_refusal(tx: &mut Tx, act: &Acting, channel: Uid, message: &Message) -> Result<(), Fail> {
    let mut written = Written::default();
    for party in message.recipients.read::<Vec<Party>>() {
        consents::stop(tx, act, &mut written, (channel, &party), (Source::Network, None))?;
    }
    written.flush(tx)
}

fn note_health(tx: &mut Tx, row: &Channel, end: &End, error: Option<&Error>, at: Time) -> Result<(), Fail> {
    match (end, error.and_then(|e| health::failing(Half::Sending, e))) {
        (End::Sent(_), _) if row.health != "ok" => health::note_works(tx, row.id, Half::Sending, at)?,
        (_, Some(failing)) => channels::set_health(tx, row.id, &failing, at)?,
        _ => {}
    }
    Ok(())
}

/// A line in the log about what became of a message.
fn log(tx: &mut Tx, act: &Acting, message: &Message, kind: &str, detail: &str) -> Result<(), Fail> {
    let attempts = messages::get(tx, message.id)?.attempts;
    let mut event = act.event(tx, kind);
    event.case_id = Some(message.case_id);
    event.message_id = Some(message.id);
    event.data = Json(serde_json::json!({ "detail": detail, "attempts": attempts }));
    Ok(events::append(tx, vec![event])?)
}

fn report(tenant: Uuid, done: Result<(), Fail>) {
    if let Err(e) = done {
        tracing::error!(%tenant, error = %e, runbook = "RB-DELIVER", "A message's turn could not be written down.");
    }
}
