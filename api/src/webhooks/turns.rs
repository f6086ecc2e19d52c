//! What goes out next to an endpoint: the log is read on, and what may go is taken in hand, in one transaction.

use jiff::SignedDuration;

use super::schedule;
use crate::store::{
    Json, Result, Time, Tx, Uid,
    events::{self, Event, Filter},
    jobs,
    webhook_deliveries::{self as deliveries, Delivery},
    webhooks::{self, Webhook},
};

/// Calls to one endpoint side by side.
pub const SIDE_BY_SIDE: usize = 5;
/// Lines of the log that one transaction reads.
const TOGETHER: i64 = 200;
/// While so many lines wait, the rest stay in the log.
const MOST: i64 = 10_000;
/// A line that failed for so long lets the next one of its case pass.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What to do now.
#[derive(Default)]
pub struct Turn {
    /// The endpoint, where there are calls to make.
    pub webhook: Option<Webhook>,
    /// What to send, and as which attempt.
    pub calls: Vec<(Event, i32)>,
    /// The log goes on.
    pub more: bool,
    /// Nothing is left to do: the job is laid down, or done.
    pub over: bool,
}

/// Takes in hand what may go now. `closing`: nothing more may.
pub fn take(tx: &mut Tx, now: Time, id: Uid, in_hand: &[Uid], closing: bool) -> Result<Turn> {
    let over = in_hand.is_empty();
    let Some(mut webhook) = webhooks::find(tx, id)?.filter(|row| row.state == webhooks::ENABLED) else {
        if over {
            jobs::done(tx, id)?;
        }
        return Ok(Turn { over, ..Turn::default() });
    };
    if closing {
        if over {
            jobs::release(tx, &[id])?;
        }
        return Ok(Turn { over, ..Turn::default() });
    }
    let more = read_on(tx, now, &mut webhook)?;
    let_pass(tx, now, id)?;
    let room = i64::try_from(room(&webhook, now).saturating_sub(in_hand.len())).unwrap_or(0);
    let due = if room > 0 { deliveries::due(tx, id, now, in_hand, room)? } else { Vec::new() };
    if due.is_empty() && over && !more {
        match next(tx, &webhook)? {
            Some(at) => jobs::again(tx, &[id], at, "it waits for its next call")?,
            None => jobs::done(tx, id)?,
        }
        return Ok(Turn { over, ..Turn::default() });
    }
    deliveries::attempt(tx, id, &due.iter().map(|line| line.event_id).collect::<Vec<_>>())?;
    let lines = events::at(tx, &due.iter().map(|line| line.seq).collect::<Vec<_>>())?;
    let attempt = |event: &Event| due.iter().find(|line| line.seq == event.seq).map_or(1, |line| line.attempts + 1);
    let calls = lines.into_iter().map(|event| (event.clone(), attempt(&event))).collect();
    Ok(Turn { webhook: Some(webhook), calls, more, over: false })
}

/// How many calls may be under way: one at a time to an endpoint that fails, none to one that rests.
fn room(webhook: &Webhook, now: Time) -> usize {
    match () {
        () if webhook.rests_until.is_some_and(|until| until > now) => 0,
        () if webhook.failures >= schedule::TOO_MANY => 1,
        () => SIDE_BY_SIDE,
    }
}

/// Makes deliveries of the next lines of the log. Says whether there are more.
fn read_on(tx: &mut Tx, now: Time, webhook: &mut Webhook) -> Result<bool> {
    let filter = Filter { after: webhook.cursor, ..Filter::default() };
    let lines = events::list(tx, &filter, TOGETHER)?;
    let Some(last) = lines.last().map(|line| line.seq) else { return Ok(false) };
    if deliveries::waiting(tx, webhook.id, MOST)? >= MOST {
        return Ok(false);
    }
    let more = i64::try_from(lines.len()).unwrap_or(0) == TOGETHER;
    let kinds: Option<Vec<String>> = webhook.kinds.as_ref().map(Json::read);
    let wanted = |line: &Event| kinds.as_ref().is_none_or(|kinds| kinds.contains(&line.kind));
    let wanted: Vec<Event> = lines.into_iter().filter(wanted).collect();
    let cases: Vec<Uid> = wanted.iter().filter_map(|line| line.case_id).collect();
    let mut holding = deliveries::holding(tx, webhook.id, &cases)?;
    let rows: Vec<Delivery> = wanted.iter().map(|line| row(webhook, line, now, &mut holding)).collect();
    deliveries::put(tx, webhook.id, &rows)?;
    webhook.cursor = last;
    webhooks::note(tx, webhook)?;
    Ok(more)
}

fn row(webhook: &Webhook, line: &Event, now: Time, holding: &mut Vec<Option<Uid>>) -> Delivery {
    let held = line.case_id.is_some() && holding.contains(&line.case_id);
    if !held {
        holding.push(line.case_id);
    }
    Delivery {
        tenant_id: webhook.tenant_id,
        webhook_id: webhook.id,
        event_id: line.id,
        seq: line.seq,
        kind: line.kind.clone(),
        case_id: line.case_id,
        state: deliveries::WAITING.to_owned(),
        held,
        passed: line.case_id.is_none(),
        attempts: 0,
        next_at: now,
        first_failed_at: None,
        last_status: None,
        last_error: None,
        delivered_at: None,
        created_at: now,
    }
}

/// Lets the next line of a case pass by one that has failed for an hour.
fn let_pass(tx: &mut Tx, now: Time, id: Uid) -> Result<()> {
    let before = Time(now.0.checked_sub(HOUR).unwrap_or(now.0));
    for line in deliveries::failing(tx, id, before, TOGETHER)? {
        let passed = Delivery { passed: true, ..line.clone() };
        deliveries::settle(tx, &passed, line.attempts)?;
        if let Some(case) = line.case_id {
            deliveries::release(tx, id, case, now)?;
        }
    }
    Ok(())
}

/// When there will be something to do again.
fn next(tx: &mut Tx, webhook: &Webhook) -> Result<Option<Time>> {
    let due = deliveries::next_due(tx, webhook.id, &[])?;
    let pass = deliveries::failing_since(tx, webhook.id)?.map(|at| Time(at.0.checked_add(HOUR).unwrap_or(at.0)));
    let next = [due, pass].into_iter().flatten().min();
    Ok(next.map(|next| webhook.rests_until.map_or(next, |until| next.max(until))))
}
