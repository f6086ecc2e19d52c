//! Words to the service itself, such as STOP, and the short letters that answer them: neither belongs to a case.

use diesel::prelude::*;

use super::{Json, Result, Time, Tx, Uid, schema::notices};

/// One such word, and its answer where there is one.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub struct Notice {
    pub tenant_id: Uid,
    pub id: Uid,
    pub channel_id: Uid,
    pub item_id: Uid,
    /// The address of who said it, as `identities` has it.
    pub kind: String,
    pub normal: String,
    /// `stop`, `start`, `help` or `status`.
    pub word: String,
    /// The message as it came.
    pub said: String,
    /// The contract's `Party` who said it, and to whom the answer goes.
    pub party: Json,
    /// The answer; none where nothing is sent.
    pub text: Option<String>,
    /// The id that the answer keeps over every attempt to send it.
    pub network_id: String,
    /// `noted` (nothing is sent), `queued`, `sending`, `sent`, `failed` or `unknown`.
    pub state: String,
    pub state_detail: Option<String>,
    pub state_at: Time,
    pub attempts: i32,
    /// The network's name of the answer once sent.
    pub sent_id: Option<String>,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Notice) -> Result<()> {
    tx.insert(notices::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Notice> {
    Ok(tx.of(notices::table).filter(notices::id.eq(id)).select(Notice::as_select()).first(tx.conn())?)
}

/// What was said from these addresses within a time, the newest first.
pub fn of(tx: &mut Tx, normals: &[String], (from, until): (Time, Time), limit: i64) -> Result<Vec<Notice>> {
    let query = tx.of(notices::table).filter(notices::normal.eq_any(normals.to_vec()));
    let query = query.filter(notices::created_at.ge(from)).filter(notices::created_at.lt(until));
    let query = query.order((notices::created_at.desc(), notices::id.desc())).limit(limit);
    Ok(query.select(Notice::as_select()).load(tx.conn())?)
}

/// The last moment at which anything was said from an address on a channel.
pub fn last_heard(tx: &mut Tx, channel: Uid, kind: &str, normal: &str) -> Result<Option<Time>> {
    let query = tx.of(notices::table).filter(notices::channel_id.eq(channel));
    let query = query.filter(notices::kind.eq(kind.to_owned())).filter(notices::normal.eq(normal.to_owned()));
    Ok(query.order(notices::created_at.desc()).select(notices::created_at).first(tx.conn()).optional()?)
}

/// Moves an answer on that has not ended yet. Says whether it moved.
pub fn advance(tx: &mut Tx, id: Uid, state: &str, detail: Option<String>, at: Time) -> Result<bool> {
    let open = tx.of(notices::table).filter(notices::id.eq(id)).filter(notices::state.eq_any(["queued", "sending"]));
    let to = (notices::state.eq(state.to_owned()), notices::state_detail.eq(detail), notices::state_at.eq(at));
    Ok(diesel::update(open).set(to).execute(tx.conn())? == 1)
}

/// Counts an attempt to send.
pub fn count_attempt(tx: &mut Tx, id: Uid) -> Result<()> {
    let row = tx.of(notices::table).filter(notices::id.eq(id));
    diesel::update(row).set(notices::attempts.eq(notices::attempts + 1)).execute(tx.conn())?;
    Ok(())
}

/// Notes the network's name of an answer.
pub fn set_sent_id(tx: &mut Tx, id: Uid, sent_id: &str) -> Result<()> {
    let row = tx.of(notices::table).filter(notices::id.eq(id));
    diesel::update(row).set(notices::sent_id.eq(Some(sent_id.to_owned()))).execute(tx.conn())?;
    Ok(())
}
