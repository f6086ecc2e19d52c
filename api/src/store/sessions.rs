//! Signed-in staff: one row for each sign-in, ended by sign-out, age, disabling or the reuse of a spent token.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use uuid::Uuid;

use super::{
    Result, Tx,
    schema::sessions,
    types::{Time, Uid},
};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct Session {
    pub tenant_id: Uid,
    pub id: Uid,
    pub staff_id: Uid,
    pub refresh_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub created_at: Time,
    pub refreshed_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
    pub end_reason: Option<String>,
}

pub fn insert(tx: &mut Tx, session: &Session) -> Result<()> {
    tx.insert(sessions::table).values(session.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Session>> {
    let row = tx.of(sessions::table).filter(sessions::id.eq(Uid(id)));
    Ok(row.select(Session::as_select()).first(tx.conn()).optional()?)
}

/// Puts the next refresh token in the place of the one that was shown. `false`: it was spent meanwhile.
pub fn rotate(tx: &mut Tx, id: Uuid, shown: &[u8], next: &[u8], now: Time) -> Result<bool> {
    let row = tx
        .of(sessions::table)
        .filter(sessions::id.eq(Uid(id)))
        .filter(sessions::refresh_hash.eq(shown))
        .filter(sessions::ended_at.is_null());
    let set = (
        sessions::refresh_hash.eq(next.to_vec()),
        sessions::previous_hash.eq(Some(shown.to_vec())),
        sessions::refreshed_at.eq(now),
    );
    Ok(diesel::update(row).set(set).execute(tx.conn())? == 1)
}

/// Ends one session.
pub fn end(tx: &mut Tx, id: Uuid, reason: &str, now: Time) -> Result<()> {
    let row = tx.of(sessions::table).filter(sessions::id.eq(Uid(id))).filter(sessions::ended_at.is_null());
    let set = (sessions::ended_at.eq(Some(now)), sessions::end_reason.eq(Some(reason)));
    diesel::update(row).set(set).execute(tx.conn())?;
    Ok(())
}

/// Ends every session of a member of staff.
pub fn end_all(tx: &mut Tx, staff: Uuid, reason: &str, now: Time) -> Result<()> {
    let rows = tx.of(sessions::table).filter(sessions::staff_id.eq(Uid(staff))).filter(sessions::ended_at.is_null());
    let set = (sessions::ended_at.eq(Some(now)), sessions::end_reason.eq(Some(reason)));
    diesel::update(rows).set(set).execute(tx.conn())?;
    Ok(())
}

/// Forgets up to `most` sessions that had run out by this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over: Vec<Uid> = tx
        .of(sessions::table)
        .filter(sessions::expires_at.lt(before))
        .limit(most)
        .select(sessions::id)
        .load(tx.conn())?;
    Ok(diesel::delete(tx.of(sessions::table).filter(sessions::id.eq_any(over))).execute(tx.conn())?)
}

/// Ends every session of a member of staff but one.
pub fn end_others(tx: &mut Tx, staff: Uuid, kept: Uuid, reason: &str, now: Time) -> Result<()> {
    let rows = tx.of(sessions::table).filter(sessions::staff_id.eq(Uid(staff))).filter(sessions::ended_at.is_null());
    let set = (sessions::ended_at.eq(Some(now)), sessions::end_reason.eq(Some(reason)));
    diesel::update(rows.filter(sessions::id.ne(Uid(kept)))).set(set).execute(tx.conn())?;
    Ok(())
}
