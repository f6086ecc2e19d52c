//! What cases are about.

use diesel::prelude::*;

use super::{Error, Json, Result, Time, Tx, Uid, schema::topics};

/// One topic.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = topics, treat_none_as_default_value = false)]
pub struct Topic {
    pub tenant_id: Uid,
    pub id: Uid,
    /// Unique in the tenant.
    pub name: String,
    /// What it is, for people who choose.
    pub description: Option<String>,
    /// The fields of its form.
    pub fields: Json,
    pub team_id: Option<Uid>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Topic) -> Result<()> {
    tx.insert(topics::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Topic> {
    Ok(tx.of(topics::table).filter(topics::id.eq(id)).select(Topic::as_select()).first(tx.conn())?)
}

/// Whether another topic has this name.
pub fn is_taken(tx: &mut Tx, name: &str, but: Uid) -> Result<bool> {
    let query = tx.of(topics::table).filter(topics::name.eq(name.to_owned())).filter(topics::id.ne(but));
    Ok(query.count().get_result::<i64>(tx.conn())? > 0)
}

/// Topics by name, after one.
pub fn list(tx: &mut Tx, after: Option<&str>, limit: i64) -> Result<Vec<Topic>> {
    let query = tx.of(topics::table).filter(topics::name.gt(after.unwrap_or_default().to_owned()));
    Ok(query.order(topics::name).limit(limit).select(Topic::as_select()).load(tx.conn())?)
}

/// Writes a changed topic where its version still is the one that was read.
pub fn update(tx: &mut Tx, row: &Topic) -> Result<Topic> {
    let target = tx.of(topics::table).filter(topics::id.eq(row.id)).filter(topics::version.eq(row.version));
    diesel::update(target)
        .set((
            topics::name.eq(row.name.clone()),
            topics::description.eq(row.description.clone()),
            topics::fields.eq(row.fields.clone()),
            topics::team_id.eq(row.team_id),
            topics::updated_at.eq(row.updated_at),
            topics::version.eq(row.version + 1),
        ))
        .returning(topics::all_columns)
        .get_result(tx.conn())
        .optional()?
        .ok_or(Error::Stale)
}
