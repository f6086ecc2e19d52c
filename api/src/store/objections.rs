//! The links in notices of a change, by which their readers say that it was somebody else.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::objections};

/// One link in one notice.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = objections, treat_none_as_default_value = false)]
pub struct Objection {
    pub tenant_id: Uid,
    pub id: Uid,
    pub account_id: Uid,
    /// SHA-256 of what the link holds.
    pub token_hash: Vec<u8>,
    /// The address by which the change came.
    pub changed_by: Option<Uid>,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &Objection) -> Result<()> {
    tx.insert(objections::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

/// Whether a link is still good. Looking changes nothing.
pub fn is_good(tx: &mut Tx, hash: &[u8], now: Time) -> Result<bool> {
    let good = tx.of(objections::table).filter(objections::token_hash.eq(hash.to_vec()));
    let good = good.filter(objections::used_at.is_null()).filter(objections::expires_at.gt(now));
    Ok(good.select(objections::id).first::<Uid>(tx.conn()).optional()?.is_some())
}

/// Uses a link up, and answers it to one caller only, however many come at once.
pub fn use_up(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Option<Objection>> {
    let good = tx.of(objections::table).filter(objections::token_hash.eq(hash.to_vec()));
    let good = good.filter(objections::used_at.is_null()).filter(objections::expires_at.gt(now));
    let used = diesel::update(good).set(objections::used_at.eq(Some(now)));
    Ok(used.returning(objections::all_columns).get_result(tx.conn()).optional()?)
}

/// Forgets up to `most` links that had run out by this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over = tx.of(objections::table).filter(objections::expires_at.lt(before)).limit(most);
    let over: Vec<Uid> = over.select(objections::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(objections::table).filter(objections::id.eq_any(over))).execute(tx.conn())?)
}
