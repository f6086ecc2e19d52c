//! Those who work for a tenant.

use diesel::{
    AsChangeset, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use uuid::Uuid;

use super::{
    Error, Result, Tx,
    connection::MultiBackend,
    schema::staff,
    types::{Time, Uid},
};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = staff, treat_none_as_default_value = false)]
pub struct Staff {
    pub tenant_id: Uid,
    pub id: Uid,
    /// Normalised; unique in the tenant.
    pub email: String,
    pub name: String,
    pub role: String,
    pub password_hash: Option<String>,
    pub status: String,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub const ACTIVE: &str = "active";
pub const DISABLED: &str = "disabled";

/// What may be changed; `None` leaves a column as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = staff)]
pub struct Change {
    pub name: Option<String>,
    pub role: Option<String>,
    pub status: Option<String>,
    pub password_hash: Option<String>,
}

pub fn insert(tx: &mut Tx, row: &Staff) -> Result<()> {
    tx.insert(staff::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uuid) -> Result<Staff> {
    Ok(tx.of(staff::table).filter(staff::id.eq(Uid(id))).select(Staff::as_select()).first(tx.conn())?)
}

pub fn by_email(tx: &mut Tx, email: &str) -> Result<Option<Staff>> {
    let row = tx.of(staff::table).filter(staff::email.eq(email));
    Ok(row.select(Staff::as_select()).first(tx.conn()).optional()?)
}

/// Staff in the order in which they came, after the given one.
pub fn page(
    tx: &mut Tx,
    after: Option<Uuid>,
    role: Option<&str>,
    status: Option<&str>,
    limit: i64,
) -> Result<Vec<Staff>> {
    let mut rows = tx.of(staff::table).into_boxed::<MultiBackend>();
    if let Some(after) = after {
        rows = rows.filter(staff::id.gt(Uid(after)));
    }
    if let Some(role) = role {
        rows = rows.filter(staff::role.eq(role.to_owned()));
    }
    if let Some(status) = status {
        rows = rows.filter(staff::status.eq(status.to_owned()));
    }
    Ok(rows.order(staff::id).limit(limit).select(Staff::as_select()).load(tx.conn())?)
}

/// Owners who can sign in. A tenant must keep one.
pub fn active_owners(tx: &mut Tx) -> Result<i64> {
    let rows = tx.of(staff::table).filter(staff::role.eq("owner")).filter(staff::status.eq(ACTIVE));
    Ok(rows.count().get_result(tx.conn())?)
}

/// Changes a row that is still at this version, and bumps it. `Stale` where it is not.
pub fn update(tx: &mut Tx, id: Uuid, version: i64, change: &Change, now: Time) -> Result<()> {
    let row = tx.of(staff::table).filter(staff::id.eq(Uid(id))).filter(staff::version.eq(version));
    let set = (change.clone(), staff::version.eq(staff::version + 1), staff::updated_at.eq(now));
    match diesel::update(row).set(set).execute(tx.conn())? {
        1 => Ok(()),
        _ => Err(Error::Stale),
    }
}
