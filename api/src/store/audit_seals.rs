//! Seals over the tenant's log, in their order. They are written once, and never changed or forgotten.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::audit_seals};

/// One seal.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_seals, treat_none_as_default_value = false)]
pub struct Seal {
    pub tenant_id: Uid,
    /// 1 for the first, without gaps.
    pub n: i64,
    /// The first and the last line that it covers.
    pub first_seq: i64,
    pub last_seq: i64,
    pub hash: Vec<u8>,
    pub sealed_at: Time,
}

/// Writes a seal. Whoever comes second with the same number is refused as `Taken`.
pub fn insert(tx: &mut Tx, row: &Seal) -> Result<()> {
    tx.insert(audit_seals::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn last(tx: &mut Tx) -> Result<Option<Seal>> {
    let all = tx.of(audit_seals::table).order(audit_seals::n.desc());
    Ok(all.select(Seal::as_select()).first(tx.conn()).optional()?)
}

/// The seals after one, in their order.
pub fn after(tx: &mut Tx, n: i64, limit: i64) -> Result<Vec<Seal>> {
    let next = tx.of(audit_seals::table).filter(audit_seals::n.gt(n)).order(audit_seals::n).limit(limit);
    Ok(next.select(Seal::as_select()).load(tx.conn())?)
}
