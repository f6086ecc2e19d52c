//! Sends the letters that hold a secret: soon again where it did not work, for a person waits in front of a page; and what
//! was counted for one that certainly did not go out is given back.

use std::time::Duration;

use civicdesk_contract::{Error, Kind, Measure, Outbound, Retry, Sent};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Deps, later,
    recovery::{release, settle},
};
use crate::{
    acting::{Acting, Actor},
    cases::{budget, reply, written::Written},
    channels::{guard, open::Opened},
    fail::Fail,
    ids, metrics,
    people::consents::{self, Source},
    recovery::secrets,
    store::{
        Json, Tx,
        channels::{self, Channel},
        events,
        jobs::{self, Job},
        recoveries,
        secret_letters::{self, SecretLetter},
    },
};

/// A connector has time-outs of its own; this one is for a connector that hangs.
const LONGEST: Duration = Duration::from_secs(60);
/// After so many attempts, so many seconds.
const SECONDS: [i64; 5] = [2, 5, 15, 30, 60];

/// Sends the letters.
pub async fn lane(deps: &Deps, tenant: Uuid, taken: Vec<Job>, stop: CancellationToken) {
    for job in taken {
        let ended = match stop.is_cancelled() {
            true => release(deps, tenant, &job).await,
            false => send(deps, tenant, &job).await,
        };
        settle(deps, tenant, &job, ended).await;
    }
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
    let Some(outbound) = outbound(deps, &row, &channel)? else {
        let id = job.id;
        return door.write(move |tx: &mut Tx| Ok::<_, Fail>(jobs::done(tx, id)?)).await;
    };
    let sent = match row.useless_at <= act.now {
        true => Err(Error::unsupported("send: it would come too late")),
        false => go(deps, &act, (&row, &channel), &outbound).await?,
    };
    let word = match &sent {
        Ok(_) => "sent",
        Err(e) if e.retry == Retry::Never => "failed",
        Err(_) => "again",
    };
    metrics::outbound(&channel.connector, word);
    if row.recovery_id.is_some() && word != "again" {
        metrics::recovery(word);
    }
    let end = End { act, row, job: job.clone(), to: outbound.to, sent };
    door.write(move |tx: &mut Tx| end.write(tx)).await
}

/// How a letter's turn ended.
struct End {
    act: Acting,
    row: SecretLetter,
    job: Job,
    to: Vec<civicdesk_contract::Party>,
    sent: Result<Sent, Error>,
}

impl End {
    fn write(&self, tx: &mut Tx) -> Result<(), Fail> {
        let (id, now) = (self.row.id, self.act.now);
        match &self.sent {
            Ok(sent) => {
                secret_letters::end(tx, id, "sent", &sent.detail, now)?;
                self.note(tx, "sent", &sent.detail)?;
            }
            Err(e) if e.retry == Retry::Never => {
                let why = e.to_string();
                secret_letters::end(tx, id, "failed", &why, now)?;
                self.give_back(tx)?;
                if e.kind == Kind::OptedOut {
                    let mut written = Written::default();
                    for to in &self.to {
                        let at = (self.row.channel_id, to);
                        consents::stop(tx, &self.act, &mut written, at, (Source::Network, None))?;
                    }
                    written.flush(tx)?;
                }
                self.note(tx, "failed", &why)?;
            }
            Err(e) => {
                let step = usize::try_from(self.job.attempts - 1).unwrap_or(0).min(SECONDS.len() - 1);
                let due = later(now, SignedDuration::from_secs(SECONDS[step]));
                let why = e.to_string();
                secret_letters::attempted(tx, id, &why, e.retry == Retry::Unsure, now)?;
                return Ok(jobs::again(tx, &[self.job.id], due, &why)?);
            }
        }
        Ok(jobs::done(tx, self.job.id)?)
    }

    /// What was counted counts no more, unless an attempt may have gone out.
    fn give_back(&self, tx: &mut Tx) -> Result<(), Fail> {
        let row = secret_letters::get(tx, self.row.id)?;
        if row.unsure_at.is_some() {
            return Ok(());
        }
        if let (Some(parts), Some(month)) = (row.parts, &row.billed_in) {
            budget::refund(tx, month, parts)?;
            secret_letters::set_billed(tx, row.id, None)?;
        }
        match row.recovery_id {
            Some(recovery) => Ok(recoveries::give_back(tx, recovery, self.act.now)?),
            None => Ok(()),
        }
    }

    fn note(&self, tx: &mut Tx, ended: &str, what: &str) -> Result<(), Fail> {
        let about = if self.row.recovery_id.is_some() { "recovery." } else { "account.notice_" };
        let mut event = self.act.event(tx, &format!("{about}{ended}"));
        event.contact_id = self.row.contact_id;
        let by = self.to.first().map(|to| to.kind.as_str());
        let recovery = self.row.recovery_id.map(|id| ids::RECOVERY.show(id.0));
        event.data = Json(json!({ "what": what, "by": by, "for": self.row.purpose, "recovery_id": recovery }));
        Ok(events::append(tx, vec![event])?)
    }
}

/// Sends it, once it is counted and while there is something left to pay for it.
async fn go(
    deps: &Deps,
    act: &Acting,
    (row, channel): (&SecretLetter, &Channel),
    outbound: &Outbound,
) -> Result<Result<Sent, Error>, Fail> {
    let refused = |why: String| Ok(Err(Error::new(Kind::Refused, Retry::Never, "send", why)));
    let opened = match deps.opener.open(channel) {
        Ok(opened) => opened,
        Err(e) => return Ok(Err(e)),
    };
    if let Some(why) = guard::refusal(&opened.capabilities, outbound) {
        return refused(why);
    }
    let price = opened.channel.measure(&outbound.text).filter(|price| price.parts > 0 && row.parts.is_none());
    if let Some(price) = price
        && let Some(why) = pay(deps, act, row, price).await?
    {
        return refused(why);
    }
    Ok(hand_over(&opened, outbound).await)
}

/// Counts a text once, however often it is tried; or says why the agency cannot pay for it.
async fn pay(deps: &Deps, act: &Acting, row: &SecretLetter, price: Measure) -> Result<Option<String>, Fail> {
    let (act, id) = (act.clone(), row.id);
    let write = move |tx: &mut Tx| {
        let standing = budget::standing(tx, act.now)?;
        if standing.is_spent() {
            return Ok::<_, Fail>(Some(standing.refusal()));
        }
        let billed = budget::spend(tx, &act, &price)?;
        secret_letters::set_billed(tx, id, Some(billed))?;
        Ok(None)
    };
    deps.intake.store.tenant(row.tenant_id.0).write(write).await
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

async fn hand_over(opened: &Opened, outbound: &Outbound) -> Result<Sent, Error> {
    let hangs = || Error::new(Kind::Unreachable, Retry::Unsure, "send", "the connector did not come to an end");
    timeout(LONGEST, opened.channel.send(outbound)).await.unwrap_or_else(|_| Err(hangs()))
}
