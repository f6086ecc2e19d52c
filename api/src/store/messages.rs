//! What was said: inbound and outbound messages and notes, with the states that only move forward.

use diesel::prelude::*;

use super::{
    Json, Result, Time, Tx, Uid,
    connection::{MultiBackend, each},
    keyset::beyond,
    schema::{messages, parties, thread_refs},
    types::{Id, Ts},
};

/// One message of a case.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct Message {
    pub tenant_id: Uid,
    pub id: Uid,
    pub case_id: Uid,
    /// `inbound`, `outbound` or `note`.
    pub direction: String,
    pub channel_id: Option<Uid>,
    pub item_id: Option<Uid>,
    pub author_kind: String,
    pub author_id: Option<Uid>,
    /// The contract's `Party`, or null.
    pub sender: Json,
    /// Lists of `Party`.
    pub recipients: Json,
    pub copies: Json,
    pub subject: Option<String>,
    pub text: String,
    pub fresh_text: String,
    pub html: Option<String>,
    /// The network's id of it: for mail, the Message-ID.
    pub network_id: Option<String>,
    pub in_reply_to: Option<String>,
    /// The chain before it, oldest first.
    pub refs: Json,
    pub automatic: bool,
    /// Which letter of ours it is, such as `acknowledgement`.
    pub letter: Option<String>,
    pub public: bool,
    pub state: String,
    pub state_detail: Option<String>,
    pub state_at: Time,
    pub attempts: i32,
    /// The network's name of it once sent.
    pub sent_id: Option<String>,
    /// When its writer says it was written.
    pub written_at: Option<Time>,
    /// Why it landed in this case.
    pub filing: Json,
    /// The channel it was written for, where it goes by that one's fallback.
    pub first_channel_id: Option<Uid>,
    /// Parts of it that are counted in the month's usage, and in which month.
    pub parts: Option<i32>,
    pub billed_in: Option<String>,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Message) -> Result<()> {
    tx.insert(messages::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Message> {
    Ok(tx.of(messages::table).filter(messages::id.eq(id)).select(Message::as_select()).first(tx.conn())?)
}

pub fn get_all(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<Message>> {
    let query = tx.of(messages::table).filter(messages::id.eq_any(ids.to_vec()));
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// The channel of each of these messages.
pub fn channels_of(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<(Uid, Option<Uid>)>> {
    let query = tx.of(messages::table).filter(messages::id.eq_any(ids.to_vec()));
    Ok(query.select((messages::id, messages::channel_id)).load(tx.conn())?)
}

/// A case's messages, oldest first, from a position on.
pub fn of_case(tx: &mut Tx, case: Uid, from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Message>> {
    let mut query = tx.of(messages::table).filter(messages::case_id.eq(case)).into_boxed::<MultiBackend>();
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        query = query.filter(beyond((messages::created_at, messages::id), (at, id), false));
    }
    query = query.order((messages::created_at, messages::id)).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// Messages of several cases, newest first, from a position on.
pub fn of_cases(tx: &mut Tx, cases: &[Uid], from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Message>> {
    let mut query =
        tx.of(messages::table).filter(messages::case_id.eq_any(cases.to_vec())).into_boxed::<MultiBackend>();
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        query = query.filter(beyond((messages::created_at, messages::id), (at, id), true));
    }
    query = query.order((messages::created_at.desc(), messages::id.desc())).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// Messages of every case that a person takes part in, newest first, from a position on.
pub fn of_party(tx: &mut Tx, contact: Uid, from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Message>> {
    let theirs = tx.of(parties::table).filter(parties::contact_id.eq(contact)).select(parties::case_id);
    let mut query = tx.of(messages::table).filter(messages::case_id.eq_any(theirs)).into_boxed::<MultiBackend>();
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        query = query.filter(beyond((messages::created_at, messages::id), (at, id), true));
    }
    query = query.order((messages::created_at.desc(), messages::id.desc())).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

fn shown(open: bool) -> Vec<bool> {
    if open { vec![true] } else { vec![true, false] }
}

/// The last message of a case that came in on this channel and carries a network id: what an answer there answers.
/// `open`: the last one that anyone can read.
pub fn last_threaded(tx: &mut Tx, case: Uid, channel: Uid, open: bool) -> Result<Option<Message>> {
    let query = tx.of(messages::table).filter(messages::case_id.eq(case)).filter(messages::channel_id.eq(channel));
    let query = query.filter(messages::network_id.is_not_null()).filter(messages::public.eq_any(shown(open)));
    let query =
        query.filter(messages::direction.eq("inbound")).order((messages::created_at.desc(), messages::id.desc()));
    Ok(query.select(Message::as_select()).first(tx.conn()).optional()?)
}

/// Messages that carry any of these network ids.
pub fn by_network_ids(tx: &mut Tx, ids: &[String]) -> Result<Vec<Message>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = tx.of(messages::table).filter(messages::network_id.eq_any(ids.to_vec()));
    Ok(query.order((messages::created_at, messages::id)).select(Message::as_select()).load(tx.conn())?)
}

/// The message of ours that a channel's network calls so.
pub fn by_sent_id(tx: &mut Tx, channel: Uid, sent_id: &str) -> Result<Option<Message>> {
    let query = tx.of(messages::table).filter(messages::sent_id.eq(sent_id.to_owned()));
    let query = query.filter(messages::channel_id.eq(channel)).order((messages::created_at, messages::id));
    Ok(query.select(Message::as_select()).first(tx.conn()).optional()?)
}

/// What went out on a channel up to a moment and has not been read, the newest first.
pub fn on_their_way(tx: &mut Tx, channel: Uid, until: Time, limit: i64) -> Result<Vec<Message>> {
    let query = tx.of(messages::table).filter(messages::state.eq_any(["sending", "sent", "delivered", "unknown"]));
    let query = query.filter(messages::channel_id.eq(channel)).filter(messages::created_at.le(until));
    let query = query.order((messages::created_at.desc(), messages::id.desc())).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// When something last came in on a channel in any of these cases.
pub fn last_heard(tx: &mut Tx, cases: &[Uid], channel: Uid) -> Result<Option<Time>> {
    let query = tx.of(messages::table).filter(messages::case_id.eq_any(cases.to_vec()));
    let query = query.filter(messages::channel_id.eq(channel)).filter(messages::direction.eq("inbound"));
    Ok(query.order(messages::created_at.desc()).select(messages::created_at).first(tx.conn()).optional()?)
}

/// Notes which other messages a message names in its chain.
pub fn note_refs(tx: &mut Tx, message: Uid, network_ids: &[String]) -> Result<()> {
    if network_ids.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant();
    let rows: Vec<_> = network_ids
        .iter()
        .map(|id| {
            (
                thread_refs::tenant_id.eq(tenant),
                thread_refs::network_id.eq(id.clone()),
                thread_refs::message_id.eq(message),
            )
        })
        .collect();
    let into = tx.insert(thread_refs::table);
    each!(tx.conn(), c => into.values(rows).execute(c))?;
    Ok(())
}

/// Where in the threads a message stands.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Threaded {
    pub id: Uid,
    pub case_id: Uid,
    pub network_id: Option<String>,
}

/// Messages that carry any of these network ids, oldest first.
pub fn threaded(tx: &mut Tx, network_ids: &[String], limit: i64) -> Result<Vec<Threaded>> {
    if network_ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = tx.of(messages::table).filter(messages::network_id.eq_any(network_ids.to_vec()));
    let query = query.order((messages::created_at, messages::id)).limit(limit);
    Ok(query.select(Threaded::as_select()).load(tx.conn())?)
}

/// Messages of ours that their networks call by any of these names, oldest first.
pub fn sent_as(tx: &mut Tx, sent_ids: &[String], limit: i64) -> Result<Vec<(String, Uid)>> {
    if sent_ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = tx.of(messages::table).filter(messages::sent_id.eq_any(sent_ids.to_vec()));
    let query = query.order((messages::created_at, messages::id)).limit(limit);
    let found: Vec<(Option<String>, Uid)> = query.select((messages::sent_id, messages::case_id)).load(tx.conn())?;
    Ok(found.into_iter().filter_map(|(sent_id, case)| Some((sent_id?, case))).collect())
}

/// Messages whose chain names any of these network ids, each with the id that it names; oldest first.
pub fn naming(tx: &mut Tx, network_ids: &[String], limit: i64) -> Result<Vec<(String, Threaded)>> {
    if network_ids.is_empty() {
        return Ok(Vec::new());
    }
    let refs = tx.of(thread_refs::table).filter(thread_refs::network_id.eq_any(network_ids.to_vec()));
    let refs: Vec<(String, Uid)> =
        refs.limit(limit).select((thread_refs::network_id, thread_refs::message_id)).load(tx.conn())?;
    if refs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uid> = refs.iter().map(|(_, message)| *message).collect();
    let query = tx.of(messages::table).filter(messages::id.eq_any(ids)).order((messages::created_at, messages::id));
    let found: Vec<Threaded> = query.select(Threaded::as_select()).load(tx.conn())?;
    let named = found.into_iter().flat_map(|message| {
        refs.iter().filter(move |(_, id)| *id == message.id).map(move |(named, _)| (named.clone(), message.clone()))
    });
    Ok(named.collect())
}

/// A message of one of these states, the longest in it first.
pub fn in_state(tx: &mut Tx, states: &[&str], limit: i64) -> Result<Vec<Message>> {
    let states: Vec<String> = states.iter().map(|s| (*s).to_owned()).collect();
    let query = tx.of(messages::table).filter(messages::state.eq_any(states));
    let query = query.order((messages::state_at, messages::id)).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// Moves a message to a state, if it is in one of those that may come before it. Says whether it moved.
pub fn advance(tx: &mut Tx, id: Uid, from: &[&str], to: &Moved) -> Result<bool> {
    let from: Vec<String> = from.iter().map(|s| (*s).to_owned()).collect();
    let target = tx.of(messages::table).filter(messages::id.eq(id)).filter(messages::state.eq_any(from));
    let set = (
        messages::state.eq(to.state.to_owned()),
        messages::state_detail.eq(to.detail.clone()),
        messages::state_at.eq(to.at),
    );
    let n = if let Some(sent_id) = &to.sent_id {
        diesel::update(target).set((set, messages::sent_id.eq(sent_id.clone()))).execute(tx.conn())?
    } else if to.attempt {
        diesel::update(target).set((set, messages::attempts.eq(messages::attempts + 1))).execute(tx.conn())?
    } else {
        diesel::update(target).set(set).execute(tx.conn())?
    };
    Ok(n == 1)
}

/// A step of a message's state.
#[derive(Clone, Debug)]
pub struct Moved {
    pub state: &'static str,
    pub detail: Option<String>,
    pub at: Time,
    pub sent_id: Option<String>,
    /// The step begins an attempt to send.
    pub attempt: bool,
}

/// Messages in the order of their ids, after this one.
pub fn after(tx: &mut Tx, id: Uid, limit: i64) -> Result<Vec<Message>> {
    let query = tx.of(messages::table).filter(messages::id.gt(id)).order(messages::id).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// The case of each of these messages.
pub fn cases_of(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<(Uid, Uid)>> {
    let query = tx.of(messages::table).filter(messages::id.eq_any(ids.to_vec()));
    Ok(query.select((messages::id, messages::case_id)).load(tx.conn())?)
}

/// All messages of a case, oldest first.
pub fn ids_of_case(tx: &mut Tx, case: Uid) -> Result<Vec<Uid>> {
    let query = tx.of(messages::table).filter(messages::case_id.eq(case));
    Ok(query.order((messages::created_at, messages::id)).select(messages::id).load(tx.conn())?)
}

/// Those of these messages that lie in a case.
pub fn lying_in(tx: &mut Tx, case: Uid, ids: &[Uid]) -> Result<Vec<Uid>> {
    let query = tx.of(messages::table).filter(messages::case_id.eq(case)).filter(messages::id.eq_any(ids.to_vec()));
    Ok(query.select(messages::id).load(tx.conn())?)
}

/// The people who wrote messages of a case.
pub fn writers_in(tx: &mut Tx, case: Uid) -> Result<Vec<Uid>> {
    let query = tx.of(messages::table).filter(messages::case_id.eq(case)).filter(messages::author_kind.eq("contact"));
    let writers: Vec<Option<Uid>> = query.select(messages::author_id).distinct().load(tx.conn())?;
    Ok(writers.into_iter().flatten().collect())
}

/// Puts messages into another case.
pub fn set_case(tx: &mut Tx, ids: &[Uid], case: Uid) -> Result<()> {
    let moved = tx.of(messages::table).filter(messages::id.eq_any(ids.to_vec()));
    diesel::update(moved).set(messages::case_id.eq(case)).execute(tx.conn())?;
    Ok(())
}

/// Has a message go by another channel, under our name there.
pub fn reroute(tx: &mut Tx, id: Uid, channel: Uid, first: Option<Uid>, sender: &Json) -> Result<()> {
    diesel::update(tx.of(messages::table).filter(messages::id.eq(id)))
        .set((
            messages::channel_id.eq(Some(channel)),
            messages::first_channel_id.eq(first),
            messages::sender.eq(sender.clone()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes what a message counts in the usage of a month; none where it was given back.
pub fn set_billed(tx: &mut Tx, id: Uid, billed: Option<(i32, String)>) -> Result<()> {
    let (parts, month) = billed.unzip();
    diesel::update(tx.of(messages::table).filter(messages::id.eq(id)))
        .set((messages::parts.eq(parts), messages::billed_in.eq(month)))
        .execute(tx.conn())?;
    Ok(())
}

/// Gives a message the name that its network has for it, though its state has moved on already.
pub fn name(tx: &mut Tx, id: Uid, sent_id: &str) -> Result<()> {
    let nameless = tx.of(messages::table).filter(messages::id.eq(id)).filter(messages::sent_id.is_null());
    diesel::update(nameless).set(messages::sent_id.eq(Some(sent_id.to_owned()))).execute(tx.conn())?;
    Ok(())
}

/// What a channel sent between two moments and heard nothing of since, the oldest first.
pub fn unheard_of(tx: &mut Tx, channel: Uid, after: Time, until: Time, limit: i64) -> Result<Vec<Message>> {
    let query = tx.of(messages::table).filter(messages::state.eq("sent")).filter(messages::channel_id.eq(channel));
    let query = query.filter(messages::state_at.gt(after)).filter(messages::state_at.le(until));
    let query = query.filter(messages::sent_id.is_not_null()).order((messages::state_at, messages::id)).limit(limit);
    Ok(query.select(Message::as_select()).load(tx.conn())?)
}

/// Says anew why a message lies where it lies.
pub fn set_filing(tx: &mut Tx, id: Uid, filing: &Json) -> Result<()> {
    let message = tx.of(messages::table).filter(messages::id.eq(id));
    diesel::update(message).set(messages::filing.eq(filing.clone())).execute(tx.conn())?;
    Ok(())
}
