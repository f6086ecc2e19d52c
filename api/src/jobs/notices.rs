//! Sends the short letters that answer words such as STOP: at once, whatever the hour, and never twice where the network
//! would show both.

use civicdesk_contract::{Capabilities, Error, Kind, Outbound, Party, Retry, Sent};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Deps, deliver, later,
    verdict::{Verdict, may_repeat, verdict},
};
use crate::{
    acting::{Acting, Actor},
    cases::letters,
    channels::guard,
    fail::Fail,
    people::{addresses, consents},
    store::{
        Time, Tx, Uid,
        channels::{self, Channel},
        jobs::{self, Job},
        notices::{self, Notice},
    },
};

/// An answer that could not even be looked at is looked at again after this.
const STUMBLED: SignedDuration = SignedDuration::from_secs(60);
const STOPPED: &str = "the program stopped while it was being sent";

/// How one answer's turn ended.
enum End {
    Sent(Sent),
    Over(&'static str, String),
    Again { due: Time, why: String, unsure: bool },
}

/// Sends answers in their order.
pub async fn lane(deps: &Deps, tenant: Uuid, jobs: Vec<Job>, stop: CancellationToken) {
    let mut left: Vec<Uid> = jobs.iter().map(|job| job.id).collect();
    for job in jobs {
        let ended = match stop.is_cancelled() {
            true => Some(None),
            false => one(deps, tenant, &job).await.err().map(|e| Some(e.to_string())),
        };
        let Some(why) = ended else {
            left.remove(0);
            continue;
        };
        let (rest, due) = (left, later(now(deps), STUMBLED));
        if let Some(why) = &why {
            tracing::error!(%tenant, error = why, runbook = "RB-DELIVER", "An answer's turn could not be written down.");
        }
        let lay_down = move |tx: &mut Tx| match &why {
            Some(why) => jobs::again(tx, &rest, due, why),
            None => jobs::release(tx, &rest),
        };
        let done: crate::store::Result<()> = deps.intake.store.tenant(tenant).write(lay_down).await;
        if let Err(e) = done {
            tracing::error!(%tenant, error = %e, runbook = "RB-DELIVER", "Answers could not be laid down.");
        }
        return;
    }
}

async fn one(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let Some((notice, channel, barred)) = ready(deps, tenant, job).await? else { return Ok(()) };
    let opened = match deps.opener.open(&channel) {
        Ok(opened) => opened,
        Err(e) => {
            let end = failed(deps, &e, &Capabilities::none(), (&notice, job));
            return settle(deps, tenant, job, &notice, end, Some(e)).await;
        }
    };
    if notice.state == "sending" && !may_repeat(&opened.capabilities) {
        return settle(deps, tenant, job, &notice, End::Over("unknown", STOPPED.to_owned()), None).await;
    }
    let outbound = outbound(&notice);
    let refusal = match barred.or_else(|| guard::refusal(&opened.capabilities, &outbound)) {
        None => brake(deps, &notice).await?,
        refusal => refusal,
    };
    if let Some(why) = refusal {
        return settle(deps, tenant, job, &notice, End::Over("failed", why), None).await;
    }
    let (id, at) = (notice.id, now(deps));
    let begin = move |tx: &mut Tx| {
        notices::advance(tx, id, "sending", None, at)?;
        notices::count_attempt(tx, id)
    };
    let begun: crate::store::Result<()> = deps.intake.store.tenant(tenant).write(begin).await;
    begun.map_err(Fail::from)?;
    match deliver::send(&opened, &outbound).await {
        Ok(sent) => settle(deps, tenant, job, &notice, End::Sent(sent), None).await,
        Err(e) => {
            let end = failed(deps, &e, &opened.capabilities, (&notice, job));
            settle(deps, tenant, job, &notice, end, Some(e)).await
        }
    }
}

/// The answer, its channel, and why it must not go out. One that has ended ends its job here.
async fn ready(deps: &Deps, tenant: Uuid, job: &Job) -> Result<Option<(Notice, Channel, Option<String>)>, Fail> {
    let (id, subject) = (job.id, job.subject_id);
    let door = deps.intake.store.tenant(tenant);
    let ready = door.read(move |tx| {
        let Some(notice) = subject.map(|id| notices::get(tx, id)).transpose()? else { return Ok(None) };
        if !matches!(notice.state.as_str(), "queued" | "sending") {
            return Ok(None);
        }
        let channel = channels::get(tx, notice.channel_id)?;
        let to: Option<Party> = notice.party.read();
        // Nothing but its confirmation follows a STOP.
        let barred = match notice.word.as_str() {
            "stop" => None,
            _ => consents::refusal(tx, channel.id, &to)?,
        };
        Ok::<_, Fail>(Some((notice, channel, barred)))
    });
    let ready = ready.await?;
    if ready.is_none() {
        door.write(move |tx| jobs::done(tx, id)).await.map_err(Fail::from)?;
    }
    Ok(ready)
}

fn outbound(notice: &Notice) -> Outbound {
    let to: Option<Party> = notice.party.read();
    Outbound {
        key: notice.network_id.clone(),
        message_id: notice.network_id.clone(),
        from_name: None,
        to: to.into_iter().collect(),
        cc: Vec::new(),
        reply_to: None,
        return_path: None,
        subject: None,
        text: notice.text.clone().unwrap_or_default(),
        html: None,
        attachments: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        automatic: true,
        public: false,
        written_at: notice.created_at.0,
        heard_at: Some(notice.created_at.0),
    }
}

/// One address gets few letters of our own accord in an hour, of all agencies together; the confirmation of a stop is the
/// last of them, and comes.
async fn brake(deps: &Deps, notice: &Notice) -> Result<Option<String>, Fail> {
    let to: Option<Party> = notice.party.read();
    let normal = to.and_then(|to| addresses::normal(to.kind, &to.address));
    let Some(normal) = normal.filter(|_| notice.attempts == 0 && notice.word != "stop") else { return Ok(None) };
    let intake = &deps.intake;
    let may = letters::may_send(&intake.store, &intake.reply_key, &normal, intake.clock.now()).await?;
    Ok((!may).then(|| "the address has had its letters of this hour: this one is not sent".to_owned()))
}

fn failed(deps: &Deps, error: &Error, can: &Capabilities, (notice, job): (&Notice, &Job)) -> End {
    let why = format!("{}: {}", error.operation, error.detail);
    match verdict(error, can, notice.attempts + 1, job.created_at, now(deps)) {
        Verdict::Failed => End::Over("failed", why),
        Verdict::Unknown => End::Over("unknown", why),
        Verdict::Again { due, .. } => End::Again { due, why, unsure: error.retry == Retry::Unsure },
    }
}

/// Writes the end of an answer's turn and of its job in one transaction.
async fn settle(
    deps: &Deps,
    tenant: Uuid,
    job: &Job,
    notice: &Notice,
    end: End,
    error: Option<Error>,
) -> Result<(), Fail> {
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (job, notice, end) = (job.id, notice.clone(), std::sync::Arc::new(end));
    let refused = error.is_some_and(|e| e.kind == Kind::OptedOut);
    let write = move |tx: &mut Tx| {
        if refused && let Some(to) = notice.party.read::<Option<Party>>() {
            consents::refused_by_network(tx, &act, notice.channel_id, &[to])?;
        }
        match end.as_ref() {
            End::Sent(sent) => {
                notices::advance(tx, notice.id, "sent", Some(sent.detail.clone()), act.now)?;
                notices::set_sent_id(tx, notice.id, &sent.id.0)?;
            }
            End::Over(state, why) => {
                notices::advance(tx, notice.id, state, Some(why.clone()), act.now)?;
            }
            End::Again { due, why, unsure } => {
                let state = if *unsure { "sending" } else { "queued" };
                notices::advance(tx, notice.id, state, Some(why.clone()), act.now)?;
                return Ok::<_, Fail>(jobs::again(tx, &[job], *due, why)?);
            }
        }
        Ok(jobs::done(tx, job)?)
    };
    deps.intake.store.tenant(tenant).write(write).await
}

fn now(deps: &Deps) -> Time {
    Time::new(deps.intake.clock.now())
}
