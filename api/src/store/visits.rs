//! Visits at the counter, and the numbers that people take there.

use diesel::prelude::*;

use super::{
    Error, Result, Time, Tx, Uid,
    connection::MultiBackend,
    keyset::beyond,
    schema::visits,
    types::{Id, Ts},
};

/// One visit.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = visits, treat_none_as_default_value = false)]
pub struct Visit {
    pub tenant_id: Uid,
    pub id: Uid,
    pub channel_id: Uid,
    pub case_id: Uid,
    /// The day in the agency's time zone, such as `2026-11-22`: numbers begin anew with each.
    pub day: String,
    pub number: Option<i64>,
    /// `waiting`, `called` or `done`.
    pub state: String,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Visit) -> Result<()> {
    tx.insert(visits::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Visit> {
    Ok(tx.of(visits::table).filter(visits::id.eq(id)).select(Visit::as_select()).first(tx.conn())?)
}

/// The next number of a counter's day. Nobody else takes one in between, since the tenant's writes take turns.
pub fn next_number(tx: &mut Tx, channel: Uid, day: &str) -> Result<i64> {
    let query = tx.of(visits::table).filter(visits::channel_id.eq(channel)).filter(visits::day.eq(day.to_owned()));
    let last: Option<i64> = query.select(diesel::dsl::max(visits::number)).first(tx.conn())?;
    Ok(last.unwrap_or(0) + 1)
}

/// Visits of a state, the first who came first, from a position on.
pub fn list(tx: &mut Tx, state: &str, from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Visit>> {
    let mut query = tx.of(visits::table).filter(visits::state.eq(state.to_owned())).into_boxed::<MultiBackend>();
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        query = query.filter(beyond((visits::created_at, visits::id), (at, id), false));
    }
    let query = query.order((visits::created_at, visits::id)).limit(limit);
    Ok(query.select(Visit::as_select()).load(tx.conn())?)
}

/// Moves a visit to a state where its version still is the one that was read.
pub fn update(tx: &mut Tx, row: &Visit, state: &str, now: Time) -> Result<Visit> {
    let target = tx.of(visits::table).filter(visits::id.eq(row.id)).filter(visits::version.eq(row.version));
    diesel::update(target)
        .set((visits::state.eq(state.to_owned()), visits::updated_at.eq(now), visits::version.eq(row.version + 1)))
        .returning(visits::all_columns)
        .get_result(tx.conn())
        .optional()?
        .ok_or(Error::Stale)
}
