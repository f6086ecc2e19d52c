//! Lines of the log on their way to an endpoint, each under the event's own id.
//!
//! Of the lines of one case that wait, only the first is not held: its end lets the next one go.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, connection::each, schema::webhook_deliveries as rows};

/// One line for one endpoint.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rows, treat_none_as_default_value = false)]
pub struct Delivery {
    pub tenant_id: Uid,
    pub webhook_id: Uid,
    pub event_id: Uid,
    pub seq: i64,
    pub kind: String,
    pub case_id: Option<Uid>,
    /// `waiting`, `delivered` or `dead`.
    pub state: String,
    /// Waits for an earlier line of its case.
    pub held: bool,
    /// Holds none of its case's later lines, or no longer.
    pub passed: bool,
    pub attempts: i32,
    pub next_at: Time,
    pub first_failed_at: Option<Time>,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub delivered_at: Option<Time>,
    pub created_at: Time,
}

pub const WAITING: &str = "waiting";
pub const DELIVERED: &str = "delivered";
pub const DEAD: &str = "dead";

/// Puts lines there anew; what was there of them before is forgotten.
pub fn put(tx: &mut Tx, webhook: Uid, lines: &[Delivery]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uid> = lines.iter().map(|line| line.event_id).collect();
    let same = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::event_id.eq_any(ids));
    diesel::delete(same).execute(tx.conn())?;
    let into = tx.insert(rows::table);
    each!(tx.conn(), c => into.values(lines).execute(c))?;
    Ok(())
}

pub fn get(tx: &mut Tx, webhook: Uid, event: Uid) -> Result<Delivery> {
    let row = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::event_id.eq(event));
    Ok(row.select(Delivery::as_select()).first(tx.conn())?)
}

/// Lines for an endpoint, the newest first, before a place in the log.
pub fn page(tx: &mut Tx, webhook: Uid, state: Option<&str>, before: i64, limit: i64) -> Result<Vec<Delivery>> {
    let query = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::seq.lt(before));
    let mut query = query.into_boxed::<super::connection::MultiBackend>();
    if let Some(state) = state {
        query = query.filter(rows::state.eq(state.to_owned()));
    }
    Ok(query.order(rows::seq.desc()).limit(limit).select(Delivery::as_select()).load(tx.conn())?)
}

/// How many lines wait, counted up to a number.
pub fn waiting(tx: &mut Tx, webhook: Uid, most: i64) -> Result<i64> {
    let some = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let some: Vec<i64> = some.select(rows::seq).limit(most).load(tx.conn())?;
    Ok(i64::try_from(some.len()).unwrap_or(most))
}

/// Which of these cases have a line that holds later ones.
pub fn holding(tx: &mut Tx, webhook: Uid, cases: &[Uid]) -> Result<Vec<Option<Uid>>> {
    let first = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let first = first.filter(rows::passed.eq(false)).filter(rows::case_id.eq_any(cases.to_vec()));
    Ok(first.select(rows::case_id).distinct().load(tx.conn())?)
}

/// Lines that may go now, the longest waiting first, less those in hand.
pub fn due(tx: &mut Tx, webhook: Uid, now: Time, in_hand: &[Uid], limit: i64) -> Result<Vec<Delivery>> {
    let free = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let free = free.filter(rows::held.eq(false)).filter(rows::next_at.le(now));
    let free = free.filter(rows::event_id.ne_all(in_hand.to_vec()));
    Ok(free.order((rows::next_at, rows::seq)).limit(limit).select(Delivery::as_select()).load(tx.conn())?)
}

/// When the next line may go that is not in hand.
pub fn next_due(tx: &mut Tx, webhook: Uid, in_hand: &[Uid]) -> Result<Option<Time>> {
    let free = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let free = free.filter(rows::held.eq(false)).filter(rows::event_id.ne_all(in_hand.to_vec()));
    Ok(free.order((rows::next_at, rows::seq)).select(rows::next_at).first(tx.conn()).optional()?)
}

/// Lines that failed before a moment and hold others still, the longest failing first.
pub fn failing(tx: &mut Tx, webhook: Uid, before: Time, limit: i64) -> Result<Vec<Delivery>> {
    let held = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let held = held.filter(rows::passed.eq(false)).filter(rows::first_failed_at.le(before));
    Ok(held.order(rows::first_failed_at).limit(limit).select(Delivery::as_select()).load(tx.conn())?)
}

/// Since when the longest failing line fails that holds others still.
pub fn failing_since(tx: &mut Tx, webhook: Uid) -> Result<Option<Time>> {
    let held = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let held = held.filter(rows::passed.eq(false)).filter(rows::first_failed_at.is_not_null());
    let first = held.order(rows::first_failed_at).select(rows::first_failed_at);
    Ok(first.first::<Option<Time>>(tx.conn()).optional()?.flatten())
}

/// Counts an attempt of each, before it is made.
pub fn attempt(tx: &mut Tx, webhook: Uid, events: &[Uid]) -> Result<()> {
    let these = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::event_id.eq_any(events.to_vec()));
    diesel::update(these).set(rows::attempts.eq(rows::attempts + 1)).execute(tx.conn())?;
    Ok(())
}

/// Writes a line's new standing, if its last attempt is still the one that the caller saw. Says whether it was.
pub fn settle(tx: &mut Tx, row: &Delivery, attempts: i32) -> Result<bool> {
    let same = tx.of(rows::table).filter(rows::webhook_id.eq(row.webhook_id)).filter(rows::event_id.eq(row.event_id));
    let set = (
        rows::state.eq(row.state.clone()),
        rows::held.eq(row.held),
        rows::passed.eq(row.passed),
        rows::attempts.eq(row.attempts),
        rows::next_at.eq(row.next_at),
        rows::first_failed_at.eq(row.first_failed_at),
        rows::last_status.eq(row.last_status),
        rows::last_error.eq(row.last_error.clone()),
        rows::delivered_at.eq(row.delivered_at),
    );
    Ok(diesel::update(same.filter(rows::attempts.eq(attempts))).set(set).execute(tx.conn())? == 1)
}

/// Lets the first held line of a case go.
pub fn release(tx: &mut Tx, webhook: Uid, case: Uid, now: Time) -> Result<()> {
    let held = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let held = held.filter(rows::case_id.eq(case)).filter(rows::held.eq(true));
    let next: Option<Uid> = held.order(rows::seq).select(rows::event_id).first(tx.conn()).optional()?;
    let Some(next) = next else { return Ok(()) };
    let next = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::event_id.eq(next));
    diesel::update(next).set((rows::held.eq(false), rows::next_at.eq(now))).execute(tx.conn())?;
    Ok(())
}

/// Makes everything due that waits for its next attempt.
pub fn hurry(tx: &mut Tx, webhook: Uid, now: Time) -> Result<()> {
    let later = tx.of(rows::table).filter(rows::webhook_id.eq(webhook)).filter(rows::state.eq(WAITING));
    let later = later.filter(rows::held.eq(false)).filter(rows::next_at.gt(now));
    diesel::update(later).set(rows::next_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Forgets everything for an endpoint.
pub fn forget(tx: &mut Tx, webhook: Uid) -> Result<()> {
    diesel::delete(tx.of(rows::table).filter(rows::webhook_id.eq(webhook))).execute(tx.conn())?;
    Ok(())
}

/// Forgets what was delivered before a moment, so many at once. Answers how many it were.
pub fn forget_delivered(tx: &mut Tx, before: Time, limit: i64) -> Result<usize> {
    let old = tx.of(rows::table).filter(rows::delivered_at.lt(before));
    let some: Vec<Uid> = old.select(rows::event_id).limit(limit).load(tx.conn())?;
    let old = tx.of(rows::table).filter(rows::delivered_at.lt(before)).filter(rows::event_id.eq_any(some));
    Ok(diesel::delete(old).execute(tx.conn())?)
}
