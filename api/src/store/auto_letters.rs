//! Letters that CivicDesk wrote by itself, so that it never writes too many to one address.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::auto_letters};

/// One such letter.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = auto_letters, treat_none_as_default_value = false)]
pub struct AutoLetter {
    pub tenant_id: Uid,
    pub id: Uid,
    /// As the program compares it.
    pub address: String,
    pub case_id: Option<Uid>,
    pub kind: String,
    /// SHA-256 of the words that it answered.
    pub answered: Vec<u8>,
    pub at: Time,
}

pub fn insert(tx: &mut Tx, row: &AutoLetter) -> Result<()> {
    tx.insert(auto_letters::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// What went to an address before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Letters since the given moment.
    pub lately: i64,
    /// One of them answered the same words.
    pub same_words: bool,
}

/// Looks up what went to the address of this letter since then.
pub fn before(tx: &mut Tx, letter: &AutoLetter, since: Time) -> Result<Before> {
    let to = tx.of(auto_letters::table).filter(auto_letters::address.eq(letter.address.clone()));
    let lately: Vec<Vec<u8>> = to.filter(auto_letters::at.ge(since)).select(auto_letters::answered).load(tx.conn())?;
    Ok(Before {
        lately: i64::try_from(lately.len()).unwrap_or(i64::MAX),
        same_words: lately.contains(&letter.answered),
    })
}

/// Forgets up to `most` letters older than this, which no rule counts any more, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let old = tx.of(auto_letters::table).filter(auto_letters::at.lt(before)).limit(most);
    let old: Vec<Uid> = old.select(auto_letters::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(auto_letters::table).filter(auto_letters::id.eq_any(old))).execute(tx.conn())?)
}
