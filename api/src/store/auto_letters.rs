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
    pub at: Time,
}

pub fn insert(tx: &mut Tx, row: &AutoLetter) -> Result<()> {
    tx.insert(auto_letters::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// How many letters went to an address since then, and whether one of this kind went there about this case ever.
pub fn count(tx: &mut Tx, address: &str, since: Time, kind: &str, case: Uid) -> Result<(i64, bool)> {
    let to = tx.of(auto_letters::table).filter(auto_letters::address.eq(address.to_owned()));
    let lately = to.filter(auto_letters::at.ge(since)).count().get_result(tx.conn())?;
    let same = tx.of(auto_letters::table).filter(auto_letters::address.eq(address.to_owned()));
    let same = same.filter(auto_letters::kind.eq(kind.to_owned())).filter(auto_letters::case_id.eq(case));
    let about: i64 = same.count().get_result(tx.conn())?;
    Ok((lately, about > 0))
}

/// Forgets letters older than this that no rule counts any more.
pub fn forget(tx: &mut Tx, before: Time) -> Result<usize> {
    let old = tx.of(auto_letters::table).filter(auto_letters::at.lt(before));
    Ok(diesel::delete(old).execute(tx.conn())?)
}
