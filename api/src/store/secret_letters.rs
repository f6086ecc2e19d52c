//! Letters that hold a secret: sealed while they wait, emptied when they are sent.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::secret_letters};

/// One letter.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = secret_letters, treat_none_as_default_value = false)]
pub struct SecretLetter {
    pub tenant_id: Uid,
    pub id: Uid,
    pub channel_id: Uid,
    pub contact_id: Option<Uid>,
    /// What it is for, such as `recover`.
    pub purpose: String,
    /// To whom, and what; nothing once it is sent or useless.
    pub sealed: Option<Vec<u8>>,
    /// `queued`, `sent` or `failed`.
    pub state: String,
    pub detail: Option<String>,
    pub attempts: i32,
    pub created_at: Time,
    /// What it says holds until then.
    pub useless_at: Time,
    pub state_at: Time,
    /// The recovery whose keys it brings.
    pub recovery_id: Option<Uid>,
    /// Parts of a text that were counted for it, and in which month.
    pub parts: Option<i32>,
    pub billed_in: Option<String>,
    /// It may have gone out then.
    pub unsure_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &SecretLetter) -> Result<()> {
    tx.insert(secret_letters::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<SecretLetter> {
    let query = tx.of(secret_letters::table).filter(secret_letters::id.eq(id));
    Ok(query.select(SecretLetter::as_select()).first(tx.conn())?)
}

/// How the letters of these recoveries stand.
pub fn of_recoveries(tx: &mut Tx, recoveries: &[Uid]) -> Result<Vec<SecretLetter>> {
    let query = tx.of(secret_letters::table).filter(secret_letters::recovery_id.eq_any(recoveries.to_vec()));
    Ok(query.select(SecretLetter::as_select()).load(tx.conn())?)
}

/// Notes what was counted for it, or that nothing is.
pub fn set_billed(tx: &mut Tx, id: Uid, billed: Option<(i32, String)>) -> Result<()> {
    let (parts, month) = billed.unzip();
    let row = tx.of(secret_letters::table).filter(secret_letters::id.eq(id));
    diesel::update(row)
        .set((secret_letters::parts.eq(parts), secret_letters::billed_in.eq(month)))
        .execute(tx.conn())?;
    Ok(())
}

/// Counts an attempt that may be made again. `unsure`: it may have gone out.
pub fn attempted(tx: &mut Tx, id: Uid, detail: &str, unsure: bool, now: Time) -> Result<()> {
    if unsure {
        let row = tx.of(secret_letters::table).filter(secret_letters::id.eq(id));
        diesel::update(row).set(secret_letters::unsure_at.eq(Some(now))).execute(tx.conn())?;
    }
    let row = tx.of(secret_letters::table).filter(secret_letters::id.eq(id));
    let set = (
        secret_letters::attempts.eq(secret_letters::attempts + 1),
        secret_letters::detail.eq(Some(detail.to_owned())),
        secret_letters::state_at.eq(now),
    );
    diesel::update(row).set(set).execute(tx.conn())?;
    Ok(())
}

/// Ends a letter, and empties it.
pub fn end(tx: &mut Tx, id: Uid, state: &str, detail: &str, now: Time) -> Result<()> {
    let row = tx.of(secret_letters::table).filter(secret_letters::id.eq(id));
    let set = (
        secret_letters::attempts.eq(secret_letters::attempts + 1),
        secret_letters::state.eq(state.to_owned()),
        secret_letters::detail.eq(Some(detail.to_owned())),
        secret_letters::sealed.eq(None::<Vec<u8>>),
        secret_letters::state_at.eq(now),
    );
    diesel::update(row).set(set).execute(tx.conn())?;
    Ok(())
}

/// Forgets up to `most` letters that were written before this moment, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let over = tx.of(secret_letters::table).filter(secret_letters::created_at.lt(before)).limit(most);
    let over: Vec<Uid> = over.select(secret_letters::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(secret_letters::table).filter(secret_letters::id.eq_any(over))).execute(tx.conn())?)
}

/// Every letter, for the tests of what a dump holds.
#[cfg(test)]
pub fn all(tx: &mut Tx) -> Result<Vec<SecretLetter>> {
    Ok(tx.of(secret_letters::table).select(SecretLetter::as_select()).load(tx.conn())?)
}
