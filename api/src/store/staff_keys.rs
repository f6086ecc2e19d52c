//! Links that were mailed to staff for a password: one good one for each member, used once by one conditional update.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::staff_keys};

/// One link that was mailed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = staff_keys, treat_none_as_default_value = false)]
pub struct StaffKey {
    pub tenant_id: Uid,
    pub id: Uid,
    pub staff_id: Uid,
    /// `invite` or `recover`.
    pub purpose: String,
    /// The member's version when the link was made: it holds for no other.
    pub version: i64,
    /// SHA-256 of what the link holds.
    pub token_hash: Vec<u8>,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    /// Another link took its place.
    pub ended_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &StaffKey) -> Result<()> {
    tx.insert(staff_keys::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

/// How many links a member was sent since then.
pub fn lately(tx: &mut Tx, staff: Uid, since: Time) -> Result<i64> {
    let query = tx.of(staff_keys::table).filter(staff_keys::staff_id.eq(staff));
    Ok(query.filter(staff_keys::created_at.gt(since)).count().get_result(tx.conn())?)
}

/// Lets the link that a member has end: the newest alone is good.
pub fn end_live(tx: &mut Tx, staff: Uid, now: Time) -> Result<()> {
    let live = tx.of(staff_keys::table).filter(staff_keys::staff_id.eq(staff));
    let live = live.filter(staff_keys::used_at.is_null()).filter(staff_keys::ended_at.is_null());
    diesel::update(live).set(staff_keys::ended_at.eq(Some(now))).execute(tx.conn())?;
    Ok(())
}

/// The row of a link that is still good. Looking changes nothing.
pub fn by_token(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Option<StaffKey>> {
    let good = tx.of(staff_keys::table).filter(staff_keys::token_hash.eq(hash.to_vec()));
    let good = good.filter(staff_keys::used_at.is_null()).filter(staff_keys::ended_at.is_null());
    let good = good.filter(staff_keys::expires_at.gt(now));
    Ok(good.select(StaffKey::as_select()).first(tx.conn()).optional()?)
}

/// Uses a link up. `true` for one caller only, however many come at once.
pub fn use_up(tx: &mut Tx, id: Uid, now: Time) -> Result<bool> {
    let good = tx.of(staff_keys::table).filter(staff_keys::id.eq(id)).filter(staff_keys::used_at.is_null());
    let good = good.filter(staff_keys::ended_at.is_null()).filter(staff_keys::expires_at.gt(now));
    Ok(diesel::update(good).set(staff_keys::used_at.eq(Some(now))).execute(tx.conn())? == 1)
}

/// Forgets up to `most` links that were made before this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over = tx.of(staff_keys::table).filter(staff_keys::created_at.lt(before)).limit(most);
    let over: Vec<Uid> = over.select(staff_keys::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(staff_keys::table).filter(staff_keys::id.eq_any(over))).execute(tx.conn())?)
}

/// Every row, for the tests of what a dump holds.
#[cfg(test)]
pub fn all(tx: &mut Tx) -> Result<Vec<StaffKey>> {
    Ok(tx.of(staff_keys::table).select(StaffKey::as_select()).load(tx.conn())?)
}
