//! Cases that a message may belong to although its sender is no party: staff decide.

use diesel::prelude::*;

use super::{
    Result, Time, Tx, Uid,
    connection::MultiBackend,
    schema::{messages, suggestions},
};

/// One such guess.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = suggestions, treat_none_as_default_value = false)]
pub struct Suggestion {
    pub tenant_id: Uid,
    pub id: Uid,
    pub message_id: Uid,
    pub case_id: Uid,
    pub reason: String,
    /// `open`, `accepted` or `dismissed`.
    pub state: String,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Suggestion) -> Result<()> {
    tx.insert(suggestions::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Suggestion> {
    let query = tx.of(suggestions::table).filter(suggestions::id.eq(id));
    Ok(query.select(Suggestion::as_select()).first(tx.conn())?)
}

/// What was suggested for these messages.
pub fn of_messages(tx: &mut Tx, messages: &[Uid]) -> Result<Vec<Suggestion>> {
    let query = tx.of(suggestions::table).filter(suggestions::message_id.eq_any(messages.to_vec()));
    Ok(query.order((suggestions::created_at, suggestions::id)).select(Suggestion::as_select()).load(tx.conn())?)
}

/// What was suggested to this case, and for the messages in it, the oldest first, after a position.
pub fn about_case(
    tx: &mut Tx,
    case: Uid,
    states: &[String],
    after: Option<Uid>,
    limit: i64,
) -> Result<Vec<Suggestion>> {
    let here = tx.of(messages::table).filter(messages::case_id.eq(case)).select(messages::id);
    let about = suggestions::case_id.eq(case).or(suggestions::message_id.eq_any(here));
    let mut query = tx.of(suggestions::table).filter(about).into_boxed::<MultiBackend>();
    if !states.is_empty() {
        query = query.filter(suggestions::state.eq_any(states.to_vec()));
    }
    if let Some(after) = after {
        query = query.filter(suggestions::id.gt(after));
    }
    Ok(query.order(suggestions::id).limit(limit).select(Suggestion::as_select()).load(tx.conn())?)
}

/// Decides an open suggestion. `false`: it was decided before.
pub fn decide(tx: &mut Tx, id: Uid, state: &'static str) -> Result<bool> {
    let open = tx.of(suggestions::table).filter(suggestions::id.eq(id)).filter(suggestions::state.eq("open"));
    Ok(diesel::update(open).set(suggestions::state.eq(state)).execute(tx.conn())? == 1)
}
