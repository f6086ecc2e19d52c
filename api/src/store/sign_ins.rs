//! Where citizens are signed in: one row for each, ended by signing out, by age or by a new password.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::sign_ins};

/// One browser or program of one citizen.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sign_ins, treat_none_as_default_value = false)]
pub struct SignIn {
    pub tenant_id: Uid,
    pub id: Uid,
    pub account_id: Uid,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
    pub created_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
    pub end_reason: Option<String>,
    /// When the password was typed once more in it.
    pub confirmed_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &SignIn) -> Result<()> {
    tx.insert(sign_ins::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

/// The sign-in with this id, where it still holds.
pub fn live(tx: &mut Tx, id: Uid, now: Time) -> Result<Option<SignIn>> {
    let query = tx.of(sign_ins::table).filter(sign_ins::id.eq(id)).filter(sign_ins::ended_at.is_null());
    let query = query.filter(sign_ins::expires_at.gt(now));
    Ok(query.select(SignIn::as_select()).first(tx.conn()).optional()?)
}

/// Those of an account that still hold, the oldest first.
pub fn of_account(tx: &mut Tx, account: Uid, now: Time) -> Result<Vec<SignIn>> {
    let query = tx.of(sign_ins::table).filter(sign_ins::account_id.eq(account)).filter(sign_ins::ended_at.is_null());
    let query = query.filter(sign_ins::expires_at.gt(now)).order((sign_ins::created_at, sign_ins::id));
    Ok(query.select(SignIn::as_select()).load(tx.conn())?)
}

/// The password was typed once more in a sign-in.
pub fn confirm(tx: &mut Tx, id: Uid, now: Time) -> Result<()> {
    let row = tx.of(sign_ins::table).filter(sign_ins::id.eq(id));
    diesel::update(row).set(sign_ins::confirmed_at.eq(Some(now))).execute(tx.conn())?;
    Ok(())
}

/// Ends one sign-in of an account. `false`: it has none of this id that still holds.
pub fn end(tx: &mut Tx, account: Uid, id: Uid, reason: &str, now: Time) -> Result<bool> {
    let own = tx.of(sign_ins::table).filter(sign_ins::account_id.eq(account)).filter(sign_ins::id.eq(id));
    let set = (sign_ins::ended_at.eq(Some(now)), sign_ins::end_reason.eq(Some(reason.to_owned())));
    Ok(diesel::update(own.filter(sign_ins::ended_at.is_null())).set(set).execute(tx.conn())? == 1)
}

/// Ends every sign-in of an account but `kept`.
pub fn end_all(tx: &mut Tx, account: Uid, kept: Option<Uid>, reason: &str, now: Time) -> Result<usize> {
    let all = tx.of(sign_ins::table).filter(sign_ins::account_id.eq(account)).filter(sign_ins::ended_at.is_null());
    let all = all.filter(sign_ins::id.ne(kept.unwrap_or(Uid(uuid::Uuid::nil()))));
    let set = (sign_ins::ended_at.eq(Some(now)), sign_ins::end_reason.eq(Some(reason.to_owned())));
    Ok(diesel::update(all).set(set).execute(tx.conn())?)
}

/// Forgets up to `most` sign-ins that had run out by this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over = tx.of(sign_ins::table).filter(sign_ins::expires_at.lt(before)).limit(most);
    let over: Vec<Uid> = over.select(sign_ins::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(sign_ins::table).filter(sign_ins::id.eq_any(over))).execute(tx.conn())?)
}
