//! Addresses that people want for their accounts, each with the hash of the code that went there.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::address_claims};

/// One such address. Until its code comes back it is nobody's.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = address_claims, treat_none_as_default_value = false)]
pub struct Claim {
    pub tenant_id: Uid,
    pub id: Uid,
    pub account_id: Uid,
    /// The account's epoch when the code was made.
    pub epoch: i64,
    pub kind: String,
    pub value: String,
    pub normal: String,
    pub code_hash: Vec<u8>,
    pub tries: i32,
    pub created_at: Time,
    pub expires_at: Time,
    /// It was used, or another code took its place.
    pub ended_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &Claim) -> Result<()> {
    tx.insert(address_claims::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// How many codes went to this address since then.
pub fn lately(tx: &mut Tx, kind: &str, normal: &str, since: Time) -> Result<i64> {
    let query = tx.of(address_claims::table).filter(address_claims::kind.eq(kind.to_owned()));
    let query = query.filter(address_claims::normal.eq(normal.to_owned()));
    Ok(query.filter(address_claims::created_at.gt(since)).count().get_result(tx.conn())?)
}

/// When an account asked for codes since then, the first time first.
pub fn asked(tx: &mut Tx, account: Uid, since: Time) -> Result<Vec<Time>> {
    let query = tx.of(address_claims::table).filter(address_claims::account_id.eq(account));
    let query = query.filter(address_claims::created_at.gt(since)).order(address_claims::created_at);
    Ok(query.select(address_claims::created_at).load(tx.conn())?)
}

/// Those of an account whose code is still good.
pub fn live(tx: &mut Tx, account: Uid, epoch: i64, now: Time) -> Result<Vec<Claim>> {
    let query = tx.of(address_claims::table).filter(address_claims::account_id.eq(account));
    let query = query.filter(address_claims::epoch.eq(epoch)).filter(address_claims::ended_at.is_null());
    let query = query.filter(address_claims::expires_at.gt(now)).order(address_claims::created_at);
    Ok(query.select(Claim::as_select()).load(tx.conn())?)
}

/// Ends the code that an account has for an address: the newest alone is good.
pub fn end_live(tx: &mut Tx, account: Uid, kind: &str, normal: &str, now: Time) -> Result<()> {
    let live = tx.of(address_claims::table).filter(address_claims::account_id.eq(account));
    let live = live.filter(address_claims::kind.eq(kind.to_owned()));
    let live = live.filter(address_claims::normal.eq(normal.to_owned())).filter(address_claims::ended_at.is_null());
    diesel::update(live).set(address_claims::ended_at.eq(Some(now))).execute(tx.conn())?;
    Ok(())
}

/// Counts a try of a code of this account that is still good, and answers the row; nothing where it is good no more.
pub fn try_one(tx: &mut Tx, (account, epoch): (Uid, i64), id: Uid, most: i32, now: Time) -> Result<Option<Claim>> {
    let good = tx.of(address_claims::table).filter(address_claims::id.eq(id));
    let good = good.filter(address_claims::account_id.eq(account)).filter(address_claims::epoch.eq(epoch));
    let good = good.filter(address_claims::tries.lt(most)).filter(address_claims::ended_at.is_null());
    let good = good.filter(address_claims::expires_at.gt(now));
    let counted = diesel::update(good).set(address_claims::tries.eq(address_claims::tries + 1));
    Ok(counted.returning(address_claims::all_columns).get_result(tx.conn()).optional()?)
}

/// Uses a code up. `true` for one caller only.
pub fn use_up(tx: &mut Tx, id: Uid, now: Time) -> Result<bool> {
    let good = tx.of(address_claims::table).filter(address_claims::id.eq(id));
    let good = good.filter(address_claims::ended_at.is_null());
    Ok(diesel::update(good).set(address_claims::ended_at.eq(Some(now))).execute(tx.conn())? == 1)
}

/// Forgets every address that an account asked for.
pub fn forget_all(tx: &mut Tx, account: Uid) -> Result<()> {
    let own = tx.of(address_claims::table).filter(address_claims::account_id.eq(account));
    diesel::delete(own).execute(tx.conn())?;
    Ok(())
}

/// Forgets up to `most` that were asked for before this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over = tx.of(address_claims::table).filter(address_claims::created_at.lt(before)).limit(most);
    let over: Vec<Uid> = over.select(address_claims::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(address_claims::table).filter(address_claims::id.eq_any(over))).execute(tx.conn())?)
}
