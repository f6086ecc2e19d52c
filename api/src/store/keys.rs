//! The credentials of machines: a tenant's API keys, and the operators' keys of the installation. Hashes only.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use uuid::Uuid;

use super::{
    Control, Error, Result, Tx,
    schema::{api_keys, operator_keys},
    types::{Json, Time, Uid},
};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub struct ApiKey {
    pub tenant_id: Uid,
    pub id: Uid,
    pub name: String,
    pub hash: Vec<u8>,
    pub scopes: Json,
    pub mode: String,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
    pub last_used_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = operator_keys, treat_none_as_default_value = false)]
pub struct OperatorKey {
    pub id: Uid,
    pub name: String,
    pub hash: Vec<u8>,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, key: &ApiKey) -> Result<()> {
    tx.insert(api_keys::table).values(key.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn by_hash(tx: &mut Tx, hash: &[u8]) -> Result<Option<ApiKey>> {
    let row = tx.of(api_keys::table).filter(api_keys::hash.eq(hash));
    Ok(row.select(ApiKey::as_select()).first(tx.conn()).optional()?)
}

pub fn get(tx: &mut Tx, id: Uuid) -> Result<ApiKey> {
    Ok(tx.of(api_keys::table).filter(api_keys::id.eq(Uid(id))).select(ApiKey::as_select()).first(tx.conn())?)
}

/// Keys in the order in which they were made, after the given one.
pub fn page(tx: &mut Tx, after: Option<Uuid>, limit: i64) -> Result<Vec<ApiKey>> {
    let rows = tx.of(api_keys::table).filter(api_keys::id.gt(Uid(after.unwrap_or(Uuid::nil()))));
    Ok(rows.order(api_keys::id).limit(limit).select(ApiKey::as_select()).load(tx.conn())?)
}

/// Ends a key. A second time changes nothing.
pub fn revoke(tx: &mut Tx, id: Uuid, now: Time) -> Result<()> {
    get(tx, id)?;
    let row = tx.of(api_keys::table).filter(api_keys::id.eq(Uid(id))).filter(api_keys::revoked_at.is_null());
    diesel::update(row).set(api_keys::revoked_at.eq(Some(now))).execute(tx.conn())?;
    Ok(())
}

/// Notes when a key was last used.
pub fn touch(tx: &mut Tx, id: Uuid, now: Time) -> Result<()> {
    let row = tx.of(api_keys::table).filter(api_keys::id.eq(Uid(id)));
    diesel::update(row).set(api_keys::last_used_at.eq(Some(now))).execute(tx.conn())?;
    Ok(())
}

pub fn insert_operator(c: &mut Control, key: &OperatorKey) -> Result<()> {
    diesel::insert_into(operator_keys::table).values(key.clone()).execute(c.0)?;
    Ok(())
}

pub fn operator_by_hash(c: &mut Control, hash: &[u8]) -> Result<Option<OperatorKey>> {
    let row = operator_keys::table.filter(operator_keys::hash.eq(hash));
    Ok(row.select(OperatorKey::as_select()).first(c.0).optional()?)
}

pub fn operators(c: &mut Control) -> Result<Vec<OperatorKey>> {
    Ok(operator_keys::table.order(operator_keys::id).select(OperatorKey::as_select()).load(c.0)?)
}

/// Ends an operator's key.
pub fn revoke_operator(c: &mut Control, id: Uuid, now: Time) -> Result<()> {
    match diesel::update(operator_keys::table.find(Uid(id)))
        .set(operator_keys::revoked_at.eq(Some(now)))
        .execute(c.0)?
    {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}
