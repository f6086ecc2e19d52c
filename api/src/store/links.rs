//! Secrets that lead one person to one case without an account; only their hashes are kept.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::case_links};

/// The link that leads to where a request stands.
pub const STATUS: &str = "status";

/// The link of a talk, whose holder may also write.
pub const CHAT: &str = "chat";

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_links, treat_none_as_default_value = false)]
pub struct Link {
    pub tenant_id: Uid,
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    pub case_id: Uid,
    pub contact_id: Uid,
    /// `status`, or `chat` where its holder may also write.
    pub kind: String,
    pub created_at: Time,
    pub expires_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &Link) -> Result<()> {
    tx.insert(case_links::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

/// The link of this secret, where it still holds.
pub fn find(tx: &mut Tx, kind: &str, hash: &[u8], now: Time) -> Result<Option<Link>> {
    let query = tx.of(case_links::table).filter(case_links::hash.eq(hash.to_vec()));
    let query = query.filter(case_links::kind.eq(kind.to_owned()));
    let query = query.filter(case_links::expires_at.is_null().or(case_links::expires_at.gt(now)));
    Ok(query.select(Link::as_select()).first(tx.conn()).optional()?)
}

/// The link of this secret, whether it still holds or not.
pub fn get(tx: &mut Tx, kind: &str, hash: &[u8]) -> Result<Option<Link>> {
    let query = tx.of(case_links::table).filter(case_links::hash.eq(hash.to_vec()));
    let query = query.filter(case_links::kind.eq(kind.to_owned()));
    Ok(query.select(Link::as_select()).first(tx.conn()).optional()?)
}

/// The newest link to a case.
pub fn of_case(tx: &mut Tx, kind: &str, case: Uid) -> Result<Option<Link>> {
    let query = tx.of(case_links::table).filter(case_links::case_id.eq(case));
    let query = query.filter(case_links::kind.eq(kind.to_owned())).order(case_links::created_at.desc());
    Ok(query.select(Link::as_select()).first(tx.conn()).optional()?)
}

/// Lets a link hold until then.
pub fn keep(tx: &mut Tx, hash: &[u8], until: Time) -> Result<()> {
    let target = tx.of(case_links::table).filter(case_links::hash.eq(hash.to_vec()));
    diesel::update(target).set(case_links::expires_at.eq(Some(until))).execute(tx.conn())?;
    Ok(())
}
