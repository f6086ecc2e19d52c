//! What an account asks for beside its password: an authenticator app, saved codes, and the count of wrong ones.

use diesel::prelude::*;

use super::{
    Result, Time, Tx, Uid,
    connection::each,
    schema::{authenticators, factor_tries, saved_codes},
};

/// The app that shows a new code every half minute.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = authenticators, treat_none_as_default_value = false)]
pub struct Authenticator {
    pub tenant_id: Uid,
    pub account_id: Uid,
    /// Its secret.
    pub sealed: Vec<u8>,
    /// The last half minute whose code was used: none of it or before it works again.
    pub last_step: i64,
    pub created_at: Time,
    /// Since then the account asks for its codes.
    pub confirmed_at: Option<Time>,
    /// Too many wrong ones came: its codes open nothing any more.
    pub disabled_at: Option<Time>,
    /// When a password was set that is long enough only beside it.
    pub short_password_at: Option<Time>,
}

/// A code that its holder keeps for bad days.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = saved_codes, treat_none_as_default_value = false)]
pub struct SavedCode {
    pub tenant_id: Uid,
    pub id: Uid,
    pub account_id: Uid,
    pub hash: Vec<u8>,
    pub created_at: Time,
    pub used_at: Option<Time>,
}

/// Wrong second factors in a row.
#[derive(Clone, Copy, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = factor_tries)]
pub struct Tries {
    pub tenant_id: Uid,
    pub account_id: Uid,
    pub failures: i32,
    pub failed_at: Time,
}

pub fn authenticator(tx: &mut Tx, account: Uid) -> Result<Option<Authenticator>> {
    let query = tx.of(authenticators::table).filter(authenticators::account_id.eq(account));
    Ok(query.select(Authenticator::as_select()).first(tx.conn()).optional()?)
}

/// Puts an authenticator in the place of one that was never confirmed. `false`: the account has one.
pub fn offer(tx: &mut Tx, row: &Authenticator) -> Result<bool> {
    let own = tx.of(authenticators::table).filter(authenticators::account_id.eq(row.account_id));
    diesel::delete(own.filter(authenticators::confirmed_at.is_null())).execute(tx.conn())?;
    if authenticator(tx, row.account_id)?.is_some() {
        return Ok(false);
    }
    tx.insert(authenticators::table).values(row).execute(tx.conn())?;
    Ok(true)
}

/// The account asks for codes from now on. `false`: there is nothing to confirm.
pub fn confirm(tx: &mut Tx, account: Uid, step: i64, now: Time) -> Result<bool> {
    let own = tx.of(authenticators::table).filter(authenticators::account_id.eq(account));
    let set = (authenticators::confirmed_at.eq(Some(now)), authenticators::last_step.eq(step));
    Ok(diesel::update(own.filter(authenticators::confirmed_at.is_null())).set(set).execute(tx.conn())? == 1)
}

/// Uses up the code of a half minute. `true` for one caller only.
pub fn take_step(tx: &mut Tx, account: Uid, step: i64) -> Result<bool> {
    let own = tx.of(authenticators::table).filter(authenticators::account_id.eq(account));
    let own = own.filter(authenticators::confirmed_at.is_not_null()).filter(authenticators::disabled_at.is_null());
    let fresh = own.filter(authenticators::last_step.lt(step));
    Ok(diesel::update(fresh).set(authenticators::last_step.eq(step)).execute(tx.conn())? == 1)
}

/// Lets its codes open nothing any more. `false`: they opened nothing before.
pub fn disable(tx: &mut Tx, account: Uid, now: Time) -> Result<bool> {
    let own = tx.of(authenticators::table).filter(authenticators::account_id.eq(account));
    let own = own.filter(authenticators::disabled_at.is_null());
    Ok(diesel::update(own).set(authenticators::disabled_at.eq(Some(now))).execute(tx.conn())? == 1)
}

/// The password of this moment is long enough only beside the authenticator; none: it can stand alone.
pub fn note_short_password(tx: &mut Tx, account: Uid, at: Option<Time>) -> Result<()> {
    let own = tx.of(authenticators::table).filter(authenticators::account_id.eq(account));
    diesel::update(own).set(authenticators::short_password_at.eq(at)).execute(tx.conn())?;
    Ok(())
}

pub fn remove(tx: &mut Tx, account: Uid) -> Result<bool> {
    let own = tx.of(authenticators::table).filter(authenticators::account_id.eq(account));
    Ok(diesel::delete(own).execute(tx.conn())? == 1)
}

/// Puts a new set of codes in the place of an account's old one.
pub fn save_codes(tx: &mut Tx, account: Uid, rows: &[SavedCode]) -> Result<()> {
    let old = tx.of(saved_codes::table).filter(saved_codes::account_id.eq(account));
    diesel::delete(old).execute(tx.conn())?;
    if rows.is_empty() {
        return Ok(());
    }
    let into = tx.insert(saved_codes::table);
    each!(tx.conn(), c => into.values(rows).execute(c))?;
    Ok(())
}

/// Uses a saved code up. `true` for one caller only, however many come at once.
pub fn use_code(tx: &mut Tx, account: Uid, hash: &[u8], now: Time) -> Result<bool> {
    let own = tx.of(saved_codes::table).filter(saved_codes::account_id.eq(account));
    let good = own.filter(saved_codes::hash.eq(hash.to_vec())).filter(saved_codes::used_at.is_null());
    Ok(diesel::update(good).set(saved_codes::used_at.eq(Some(now))).execute(tx.conn())? == 1)
}

/// When an account's codes were made, and how many of them are left.
pub fn codes(tx: &mut Tx, account: Uid) -> Result<Option<(Time, usize)>> {
    let own = tx.of(saved_codes::table).filter(saved_codes::account_id.eq(account));
    let all: Vec<(Time, Option<Time>)> = own.select((saved_codes::created_at, saved_codes::used_at)).load(tx.conn())?;
    let left = all.iter().filter(|(_, used)| used.is_none()).count();
    Ok(all.first().map(|(made, _)| (*made, left)))
}

pub fn tries(tx: &mut Tx, account: Uid) -> Result<Option<Tries>> {
    let query = tx.of(factor_tries::table).filter(factor_tries::account_id.eq(account));
    Ok(query.select(Tries::as_select()).first(tx.conn()).optional()?)
}

/// Counts a wrong one, and answers how many came in a row.
pub fn failed(tx: &mut Tx, account: Uid, now: Time) -> Result<i32> {
    let own = tx.of(factor_tries::table).filter(factor_tries::account_id.eq(account));
    let set = (factor_tries::failures.eq(factor_tries::failures + 1), factor_tries::failed_at.eq(now));
    let counted = diesel::update(own).set(set).returning(factor_tries::failures);
    if let Some(failures) = counted.get_result(tx.conn()).optional()? {
        return Ok(failures);
    }
    let first = Tries { tenant_id: tx.tenant(), account_id: account, failures: 1, failed_at: now };
    tx.insert(factor_tries::table).values(first).execute(tx.conn())?;
    Ok(first.failures)
}

/// A right one came: the wrong ones before it are forgotten.
pub fn forgive(tx: &mut Tx, account: Uid) -> Result<()> {
    let own = tx.of(factor_tries::table).filter(factor_tries::account_id.eq(account));
    diesel::delete(own).execute(tx.conn())?;
    Ok(())
}

/// Forgets everything of this kind that an account has.
pub fn forget_all(tx: &mut Tx, account: Uid) -> Result<()> {
    remove(tx, account)?;
    save_codes(tx, account, &[])?;
    forgive(tx, account)
}

/// An account's saved codes, as the rows keep them.
#[cfg(test)]
pub fn saved(tx: &mut Tx, account: Uid) -> Result<Vec<SavedCode>> {
    let own = tx.of(saved_codes::table).filter(saved_codes::account_id.eq(account));
    Ok(own.select(SavedCode::as_select()).load(tx.conn())?)
}
