//! Codes and links that were sent to prove an address: two keys of one row, for one purpose, used once by one conditional
//! update.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::recoveries};

/// One code that was sent.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = recoveries, treat_none_as_default_value = false)]
pub struct Recovery {
    pub tenant_id: Uid,
    pub id: Uid,
    /// `register` or `recover`.
    pub purpose: String,
    /// Whose password is to be set; none where the account is still to be made.
    pub account_id: Option<Uid>,
    /// The account's epoch when the code was made.
    pub epoch: i64,
    pub kind: String,
    pub value: String,
    pub normal: String,
    pub code_hash: Vec<u8>,
    pub tries: i32,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    /// Another code took its place.
    pub ended_at: Option<Time>,
    /// SHA-256 of what the link holds.
    pub token_hash: Option<Vec<u8>>,
    /// `citizen`, `text`, `telephone` or `staff`.
    pub started_by: String,
    /// Its letter certainly did not go out.
    pub failed_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &Recovery) -> Result<()> {
    tx.insert(recoveries::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

/// How many codes this address was sent since then.
pub fn lately(tx: &mut Tx, kind: &str, normal: &str, since: Time) -> Result<i64> {
    let query = tx.of(recoveries::table).filter(recoveries::kind.eq(kind.to_owned()));
    let query = query.filter(recoveries::normal.eq(normal.to_owned())).filter(recoveries::created_at.gt(since));
    let query = query.filter(recoveries::failed_at.is_null());
    Ok(query.count().get_result(tx.conn())?)
}

/// How many codes this account was sent since then, to whichever address.
pub fn of_account_since(tx: &mut Tx, account: Uid, since: Time) -> Result<i64> {
    let query = tx.of(recoveries::table).filter(recoveries::account_id.eq(account));
    let query = query.filter(recoveries::failed_at.is_null());
    Ok(query.filter(recoveries::created_at.gt(since)).count().get_result(tx.conn())?)
}

/// What these accounts were sent, the newest first.
pub fn of_accounts(tx: &mut Tx, accounts: &[Uid], most: i64) -> Result<Vec<Recovery>> {
    let query = tx.of(recoveries::table).filter(recoveries::account_id.eq_any(accounts.to_vec()));
    let query = query.order((recoveries::created_at.desc(), recoveries::id.desc())).limit(most);
    Ok(query.select(Recovery::as_select()).load(tx.conn())?)
}

/// Lets the codes that an address has end: the newest alone is good.
pub fn end_live(tx: &mut Tx, kind: &str, normal: &str, now: Time) -> Result<()> {
    let live = tx.of(recoveries::table).filter(recoveries::kind.eq(kind.to_owned()));
    let live = live.filter(recoveries::normal.eq(normal.to_owned())).filter(recoveries::used_at.is_null());
    diesel::update(live.filter(recoveries::ended_at.is_null()))
        .set(recoveries::ended_at.eq(Some(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// Lets every code and link of an account end, to whichever address it went.
pub fn end_of_account(tx: &mut Tx, account: Uid, now: Time) -> Result<()> {
    let live = tx.of(recoveries::table).filter(recoveries::account_id.eq(account));
    let live = live.filter(recoveries::used_at.is_null()).filter(recoveries::ended_at.is_null());
    diesel::update(live).set(recoveries::ended_at.eq(Some(now))).execute(tx.conn())?;
    Ok(())
}

/// Ends what nobody was told, so that it counts no more.
pub fn give_back(tx: &mut Tx, id: Uid, now: Time) -> Result<()> {
    let row = tx.of(recoveries::table).filter(recoveries::id.eq(id)).filter(recoveries::used_at.is_null());
    let set = (recoveries::failed_at.eq(Some(now)), recoveries::ended_at.eq(Some(now)));
    diesel::update(row).set(set).execute(tx.conn())?;
    Ok(())
}

/// Ends what was not used in its time, and answers it; nothing where it was used or ended before.
pub fn expire(tx: &mut Tx, id: Uid, now: Time) -> Result<Option<Recovery>> {
    let live = tx.of(recoveries::table).filter(recoveries::id.eq(id)).filter(recoveries::used_at.is_null());
    let live = live.filter(recoveries::ended_at.is_null()).filter(recoveries::expires_at.le(now));
    let ended = diesel::update(live).set(recoveries::ended_at.eq(Some(now)));
    Ok(ended.returning(recoveries::all_columns).get_result(tx.conn()).optional()?)
}

/// The row of a link that is still good. Looking changes nothing.
pub fn by_token(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Option<Recovery>> {
    let good = tx.of(recoveries::table).filter(recoveries::token_hash.eq(Some(hash.to_vec())));
    let good = good.filter(recoveries::used_at.is_null()).filter(recoveries::ended_at.is_null());
    let good = good.filter(recoveries::expires_at.gt(now));
    Ok(good.select(Recovery::as_select()).first(tx.conn()).optional()?)
}

/// Counts a try of a code that is still good, and answers the row; nothing where it is good no more.
pub fn try_one(tx: &mut Tx, id: Uid, most: i32, now: Time) -> Result<Option<Recovery>> {
    let good = tx.of(recoveries::table).filter(recoveries::id.eq(id)).filter(recoveries::tries.lt(most));
    let good = good.filter(recoveries::used_at.is_null()).filter(recoveries::ended_at.is_null());
    let counted =
        diesel::update(good.filter(recoveries::expires_at.gt(now))).set(recoveries::tries.eq(recoveries::tries + 1));
    Ok(counted.returning(recoveries::all_columns).get_result(tx.conn()).optional()?)
}

/// The code was right, so the try does not count.
pub fn forgive(tx: &mut Tx, id: Uid) -> Result<()> {
    let row = tx.of(recoveries::table).filter(recoveries::id.eq(id));
    diesel::update(row).set(recoveries::tries.eq(recoveries::tries - 1)).execute(tx.conn())?;
    Ok(())
}

/// Uses a code up. `true` for one caller only, however many come at once.
pub fn use_up(tx: &mut Tx, id: Uid, now: Time) -> Result<bool> {
    let good = tx.of(recoveries::table).filter(recoveries::id.eq(id)).filter(recoveries::used_at.is_null());
    let good = good.filter(recoveries::ended_at.is_null()).filter(recoveries::expires_at.gt(now));
    Ok(diesel::update(good).set(recoveries::used_at.eq(Some(now))).execute(tx.conn())? == 1)
}

/// Gives a code back that this moment used up, where it is still in its time and no other took its place.
pub fn unuse(tx: &mut Tx, row: &Recovery, used: Time) -> Result<bool> {
    let live = tx.of(recoveries::table).filter(recoveries::kind.eq(row.kind.clone()));
    let live = live.filter(recoveries::normal.eq(row.normal.clone())).filter(recoveries::used_at.is_null());
    let others: i64 = live.filter(recoveries::ended_at.is_null()).count().get_result(tx.conn())?;
    let own = tx.of(recoveries::table).filter(recoveries::id.eq(row.id)).filter(recoveries::used_at.eq(Some(used)));
    let own = own.filter(recoveries::ended_at.is_null()).filter(recoveries::expires_at.gt(used));
    if others > 0 {
        return Ok(false);
    }
    Ok(diesel::update(own).set(recoveries::used_at.eq(None::<Time>)).execute(tx.conn())? == 1)
}

/// Forgets up to `most` codes that were made before this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over = tx.of(recoveries::table).filter(recoveries::created_at.lt(before)).limit(most);
    let over: Vec<Uid> = over.select(recoveries::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(recoveries::table).filter(recoveries::id.eq_any(over))).execute(tx.conn())?)
}

/// Every row, for the tests of what a dump holds.
#[cfg(test)]
pub fn all(tx: &mut Tx) -> Result<Vec<Recovery>> {
    Ok(tx.of(recoveries::table).select(Recovery::as_select()).load(tx.conn())?)
}
