//! What an agency's texts have cost in a month: one row for each month.

use diesel::{prelude::*, upsert::excluded};

use super::{Result, Time, Tx, Uid, dialect::Both, schema::usage};

/// One month of one agency.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = usage, treat_none_as_default_value = false)]
pub struct Usage {
    pub tenant_id: Uid,
    /// Of the agency's time zone, such as `2026-11`.
    pub month: String,
    /// Parts that carriers bill.
    pub parts: i64,
    /// When the agency was told that its budget runs out.
    pub alarmed_at: Option<Time>,
    /// When it was told that its budget is spent.
    pub spent_at: Option<Time>,
}

/// A month as it stands; one without texts has no row.
pub fn of_month(tx: &mut Tx, month: &str) -> Result<Usage> {
    let found = tx.of(usage::table).filter(usage::month.eq(month.to_owned()));
    let found: Option<Usage> = found.select(Usage::as_select()).first(tx.conn()).optional()?;
    let (tenant_id, month) = (tx.tenant(), month.to_owned());
    Ok(found.unwrap_or(Usage { tenant_id, month, parts: 0, alarmed_at: None, spent_at: None }))
}

/// Counts parts; fewer than none gives them back.
pub fn count(tx: &mut Tx, month: &str, parts: i64) -> Result<Usage> {
    let row = Usage { parts, ..of_month(tx, month)? };
    let into = tx.insert(usage::table).values(row);
    let counted = into
        .on_conflict((usage::tenant_id, usage::month))
        .do_update()
        .set(usage::parts.eq(usage::parts + excluded(usage::parts)));
    Both(counted).execute(tx.conn())?;
    of_month(tx, month)
}

/// Notes what the agency was told.
pub fn told(tx: &mut Tx, row: &Usage) -> Result<()> {
    diesel::update(tx.of(usage::table).filter(usage::month.eq(row.month.clone())))
        .set((usage::alarmed_at.eq(row.alarmed_at), usage::spent_at.eq(row.spent_at)))
        .execute(tx.conn())?;
    Ok(())
}
