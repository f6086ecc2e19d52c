//! The tenant's one append-only log: case history, live events, webhooks and audit are views of it.

use diesel::prelude::*;

use super::{
    Json, Result, Time, Tx, Uid, Wake,
    connection::{MultiBackend, each},
    keyset::beyond,
    schema::events,
    tenant,
    types::{Id, Ts},
    webhooks,
};

/// One line of the log.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct Event {
    pub tenant_id: Uid,
    pub seq: i64,
    pub id: Uid,
    pub kind: String,
    pub actor_kind: String,
    pub actor_id: Option<Uid>,
    pub case_id: Option<Uid>,
    pub contact_id: Option<Uid>,
    pub message_id: Option<Uid>,
    pub data: Json,
    pub at: Time,
}

/// Which lines to read.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub case_id: Option<Uid>,
    pub contact_id: Option<Uid>,
    pub after: i64,
}

/// Appends lines in their order; the log gives the numbers.
pub fn append(tx: &mut Tx, mut lines: Vec<Event>) -> Result<()> {
    let n = i64::try_from(lines.len()).unwrap_or(0);
    if n == 0 {
        return Ok(());
    }
    let first = tenant::next_events(tx, n)?;
    for (line, seq) in lines.iter_mut().zip(first..) {
        line.seq = seq;
    }
    let into = tx.insert(events::table);
    each!(tx.conn(), c => into.values(&lines).execute(c))?;
    tx.wake(Wake::Event);
    lines.first().map_or(Ok(()), |line| webhooks::awaken_all(tx, line.at))
}

/// Lines in their order, after a place in the log.
pub fn list(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<Event>> {
    let mut query = tx.of(events::table).filter(events::seq.gt(filter.after)).into_boxed();
    if let Some(case) = filter.case_id {
        query = query.filter(events::case_id.eq(case));
    }
    if let Some(contact) = filter.contact_id {
        query = query.filter(events::contact_id.eq(contact));
    }
    Ok(query.order(events::seq).limit(limit).select(Event::as_select()).load(tx.conn())?)
}

/// Lines at these places, in their order.
pub fn at(tx: &mut Tx, places: &[i64]) -> Result<Vec<Event>> {
    let lines = tx.of(events::table).filter(events::seq.eq_any(places.to_vec())).order(events::seq);
    Ok(lines.select(Event::as_select()).load(tx.conn())?)
}

/// Lines about people that are no messages of theirs, newest first, from a position on.
pub fn about_people(tx: &mut Tx, people: &[Uid], from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Event>> {
    let query = tx.of(events::table).filter(events::contact_id.eq_any(people.to_vec()));
    let query = query.filter(events::kind.like("contact.%")).filter(events::message_id.is_null());
    let mut query = query.into_boxed::<MultiBackend>();
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        query = query.filter(beyond((events::at, events::id), (at, id), true));
    }
    query = query.order((events::at.desc(), events::id.desc())).limit(limit);
    Ok(query.select(Event::as_select()).load(tx.conn())?)
}

/// The last line of a kind about a person.
pub fn last_about(tx: &mut Tx, contact: Uid, kind: &str) -> Result<Option<Event>> {
    let query = tx.of(events::table).filter(events::contact_id.eq(contact)).filter(events::kind.eq(kind.to_owned()));
    Ok(query.order(events::seq.desc()).select(Event::as_select()).first(tx.conn()).optional()?)
}

/// The last line of a kind about a case.
pub fn last(tx: &mut Tx, case: Uid, kind: &str) -> Result<Option<Event>> {
    let query = tx.of(events::table).filter(events::case_id.eq(case)).filter(events::kind.eq(kind.to_owned()));
    Ok(query.order(events::seq.desc()).select(Event::as_select()).first(tx.conn()).optional()?)
}
