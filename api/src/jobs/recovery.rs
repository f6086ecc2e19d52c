//! Looks who asked for a code, and sends the letters that hold one.

use std::time::Duration;

use civicdesk_contract::{Error, Outbound, Retry};
use jiff::SignedDuration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Deps, later};
use crate::{
    acting::{Acting, Actor},
    cases::reply,
    channels::guard,
    fail::Fail,
    ids, metrics,
    recovery::{asking, issuing, keys::Keys, secrets},
    store::{
        Tx,
        channels::{self, Channel},
        jobs::{self, Job},
        secret_letters::{self, SecretLetter},
    },
};

/// A connector has time-outs of its own; this one is for a connector that hangs.
const LONGEST: Duration = Duration::from_secs(60);
/// After so many attempts, so many seconds: a person waits in front of a page.
const SECONDS: [i64; 5] = [2, 5, 15, 30, 60];

/// Looks who asked.
pub async fn asked(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended = match stop.is_cancelled() {
            true => release(deps, tenant, &job).await,
            false => look(deps, tenant, &job).await,
        };
        settle(deps, tenant, &job, ended).await;
    }
}

/// Sends the letters.
pub async fn letters(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended = match stop.is_cancelled() {
            true => release(deps, tenant, &job).await,
            false => send(deps, tenant, &job).await,
        };
        settle(deps, tenant, &job, ended).await;
    }
}

async fn look(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let asked = asking::read(&deps.recovery.seal, job)?;
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (keys, desk, id) = (Keys::make(&deps.intake.ids), deps.recovery.clone(), job.id);
    let issue = move |tx: &mut Tx| {
        issuing::issue(tx, &act, &desk, &asked, &keys)?;
        Ok::<_, Fail>(jobs::done(tx, id)?)
    };
    deps.intake.store.tenant(tenant).write(issue).await
}

async fn send(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let Some(subject) = job.subject_id else { return Ok(()) };
    let door = deps.intake.store.tenant(tenant);
    let read = move |tx: &mut Tx| {
        let row = secret_letters::get(tx, subject)?;
        let channel = channels::get(tx, row.channel_id)?;
        Ok::<_, Fail>((row, channel))
    };
    let (row, channel): (SecretLetter, Channel) = door.read(read).await?;
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (id, now) = (job.id, act.now);
    let Some(outbound) = outbound(deps, &row, &channel)? else {
        return door.write(move |tx: &mut Tx| Ok::<_, Fail>(jobs::done(tx, id)?)).await;
    };
    let sent = match row.useless_at <= now {
        true => Err(Error::unsupported("send: it would come too late")),
        false => hand_over(deps, &channel, &outbound).await,
    };
    let word = match &sent {
        Ok(_) => "sent",
        Err(e) if e.retry == Retry::Never => "failed",
        Err(_) => "again",
    };
    metrics::outbound(&channel.connector, word);
    let step = usize::try_from(job.attempts - 1).unwrap_or(0).min(SECONDS.len() - 1);
    let due = later(now, SignedDuration::from_secs(SECONDS[step]));
    let (state, detail) = match sent {
        Ok(sent) => ("sent", sent.detail),
        Err(e) => (if e.retry == Retry::Never { "failed" } else { "queued" }, e.to_string()),
    };
    let write = move |tx: &mut Tx| {
        if state == "queued" {
            secret_letters::attempted(tx, row.id, &detail, now)?;
            return Ok(jobs::again(tx, &[id], due, &detail)?);
        }
        secret_letters::end(tx, row.id, state, &detail, now)?;
        if state == "failed" {
            let mut event = act.event(tx, "recovery.failed");
            event.contact_id = row.contact_id;
            event.data = crate::store::Json(serde_json::json!({ "what": detail }));
            crate::store::events::append(tx, vec![event])?;
        }
        Ok::<_, Fail>(jobs::done(tx, id)?)
    };
    door.write(write).await
}

/// The letter as it goes out, under one key at every attempt. Nothing where it was ended before.
fn outbound(deps: &Deps, row: &SecretLetter, channel: &Channel) -> Result<Option<Outbound>, Fail> {
    let Some(inside) = secrets::open(&deps.recovery.seal, row)? else { return Ok(None) };
    let key = ids::LETTER.show(row.id.0);
    Ok(Some(Outbound {
        message_id: format!("{key}@{}", reply::domain(channel.address.as_deref())),
        key,
        from_name: None,
        to: vec![inside.to],
        cc: Vec::new(),
        reply_to: None,
        return_path: Some(String::new()),
        subject: inside.subject,
        text: inside.text,
        html: None,
        attachments: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        automatic: true,
        public: false,
        written_at: row.created_at.0,
        heard_at: None,
    }))
}

async fn hand_over(deps: &Deps, channel: &Channel, outbound: &Outbound) -> Result<civicdesk_contract::Sent, Error> {
    let opened = deps.opener.open(channel)?;
    if let Some(why) = guard::refusal(&opened.capabilities, outbound) {
        return Err(Error::new(civicdesk_contract::Kind::Refused, Retry::Never, "send", why));
    }
    let hangs = || Error::unreachable("send", "the connector did not come to an end");
    timeout(LONGEST, opened.channel.send(outbound)).await.unwrap_or_else(|_| Err(hangs()))
}

async fn release(deps: &Deps, tenant: Uuid, job: &Job) -> Result<(), Fail> {
    let id = job.id;
    deps.intake.store.tenant(tenant).write(move |tx: &mut Tx| Ok::<_, Fail>(jobs::release(tx, &[id])?)).await
}

/// What could not be done is done a little later.
async fn settle(deps: &Deps, tenant: Uuid, job: &Job, ended: Result<(), Fail>) {
    let Err(e) = ended else { return };
    tracing::warn!(%tenant, job = job.kind, error = %e, "a letter of recovery has to wait");
    let act = Acting::new(Actor::System, &deps.intake.clock, &deps.intake.ids);
    let (id, due, why) = (job.id, later(act.now, SignedDuration::from_secs(10)), e.to_string());
    let again = move |tx: &mut Tx| jobs::again(tx, &[id], due, &why);
    let _: crate::store::Result<()> = deps.intake.store.tenant(tenant).write(again).await;
}
