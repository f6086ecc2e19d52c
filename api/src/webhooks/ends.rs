//! What came of a call, written down: of the line itself, and of how the endpoint does.

use jiff::SignedDuration;
use serde_json::json;

use super::{calling::Outcome, schedule};
use crate::{
    acting::Acting,
    ids,
    store::{
        Json, Result, Time, Tx, Uid, events,
        webhook_deliveries::{self as deliveries, Delivery},
        webhooks::{self, Webhook},
    },
};

/// After so long of nothing but failures an endpoint is sent nothing more, until somebody has looked.
const DAYS: SignedDuration = SignedDuration::from_hours(5 * 24);

/// A call that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    pub event_id: Uid,
    pub attempt: i32,
    pub outcome: Outcome,
    /// By which the next attempt comes a little earlier or later.
    pub chance: u16,
}

impl Ended {
    /// The word under which it is counted.
    pub fn word(&self) -> &'static str {
        match self.outcome.status {
            _ if self.outcome.arrived() => "delivered",
            Some(410) => "gone",
            _ if schedule::pause(self.attempt, 0).is_none() => "dead",
            _ => "failed",
        }
    }
}

/// Writes the end of a call to an endpoint. One that was removed meanwhile is not missed.
pub fn settle(tx: &mut Tx, act: &Acting, webhook: Uid, ended: &Ended) -> Result<()> {
    let Some(mut webhook) = webhooks::find(tx, webhook)? else { return Ok(()) };
    match deliveries::get(tx, webhook.id, ended.event_id) {
        Ok(line) if line.state == deliveries::WAITING => settle_line(tx, act.now, line, ended)?,
        Ok(_) | Err(crate::store::Error::NotFound) => {}
        Err(e) => return Err(e),
    }
    if ended.outcome.arrived() {
        if webhook.failures > 0 || webhook.failing_since.is_some() {
            (webhook.failures, webhook.failing_since) = (0, None);
            webhooks::note(tx, &webhook)?;
        }
        return Ok(());
    }
    webhook.failures = webhook.failures.saturating_add(1);
    let since = *webhook.failing_since.get_or_insert(act.now);
    webhook.rests_until = webhook.rests_until.max(rest(&webhook, act.now, &ended.outcome));
    let why = match ended.outcome.status {
        Some(410) => Some("gone"),
        _ if act.now.0.duration_since(since.0) >= DAYS => Some("failing"),
        _ => None,
    };
    match why.filter(|_| webhook.state == webhooks::ENABLED) {
        Some(why) => disable(tx, act, &mut webhook, why),
        None => webhooks::note(tx, &webhook),
    }
}

fn settle_line(tx: &mut Tx, now: Time, mut line: Delivery, ended: &Ended) -> Result<()> {
    let outcome = &ended.outcome;
    line.last_status = outcome.status.map(i32::from);
    line.last_error.clone_from(&outcome.error);
    let pause = schedule::pause(ended.attempt, ended.chance);
    if outcome.arrived() {
        line.state = deliveries::DELIVERED.to_owned();
        line.delivered_at = Some(now);
    } else if outcome.status == Some(410) {
        // Whoever enables the endpoint again is sent it at once, as if for the first time.
        line.attempts = 0;
    } else if let Some(pause) = pause {
        let pause = pause.max(SignedDuration::from_secs(outcome.wait.unwrap_or(0)));
        line.next_at = Time(now.0.checked_add(pause).unwrap_or(now.0));
        line.first_failed_at = line.first_failed_at.or(Some(now));
    } else {
        line.state = deliveries::DEAD.to_owned();
    }
    let lets_go = line.state != deliveries::WAITING && !line.passed;
    line.passed |= lets_go;
    if deliveries::settle(tx, &line, ended.attempt)?
        && lets_go
        && let Some(case) = line.case_id
    {
        deliveries::release(tx, line.webhook_id, case, now)?;
    }
    Ok(())
}

/// Until when nothing is sent: as long as it asks for, or a while after many failures in a row.
fn rest(webhook: &Webhook, now: Time, outcome: &Outcome) -> Option<Time> {
    let asked = outcome.wait.filter(|_| matches!(outcome.status, Some(429 | 503))).map(SignedDuration::from_secs);
    let rest = asked.or_else(|| schedule::rest(webhook.failures))?;
    now.0.checked_add(rest).ok().map(Time)
}

/// Sends an endpoint nothing more, and says so in the log.
fn disable(tx: &mut Tx, act: &Acting, webhook: &mut Webhook, why: &str) -> Result<()> {
    webhook.state = webhooks::DISABLED.to_owned();
    webhook.state_reason = Some(why.to_owned());
    webhook.state_at = act.now;
    webhooks::note(tx, webhook)?;
    let mut event = act.event(tx, "webhook.disabled");
    event.data = Json(json!({ "webhook_id": ids::WEBHOOK.show(webhook.id.0), "reason": why }));
    events::append(tx, vec![event])
}
