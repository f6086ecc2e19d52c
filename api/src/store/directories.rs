//! Where an agency's accounts are held, if not here: its directory's settings, sealed, and how it is.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::directories};

/// It answered when it was last asked.
pub const OK: &str = "ok";
/// It did not.
pub const FAILING: &str = "failing";

/// The one directory of an agency.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = directories, treat_none_as_default_value = false)]
pub struct Directory {
    pub tenant_id: Uid,
    /// `ldap` or `signed_http`.
    pub kind: String,
    pub sealed: Vec<u8>,
    pub health: String,
    /// For staff.
    pub health_detail: Option<String>,
    pub health_since: Time,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub fn get(tx: &mut Tx) -> Result<Option<Directory>> {
    Ok(tx.of(directories::table).select(Directory::as_select()).first(tx.conn()).optional()?)
}

/// Says which directory there is from now on.
pub fn put(tx: &mut Tx, row: &Directory) -> Result<()> {
    let set = (
        directories::kind.eq(row.kind.clone()),
        directories::sealed.eq(row.sealed.clone()),
        directories::health.eq(row.health.clone()),
        directories::health_detail.eq(row.health_detail.clone()),
        directories::health_since.eq(row.health_since),
        directories::version.eq(directories::version + 1),
        directories::updated_at.eq(row.updated_at),
    );
    if diesel::update(tx.of(directories::table)).set(set).execute(tx.conn())? == 0 {
        tx.insert(directories::table).values(row.clone()).execute(tx.conn())?;
    }
    Ok(())
}

/// Takes the directory away. `false`: there was none.
pub fn remove(tx: &mut Tx) -> Result<bool> {
    Ok(diesel::delete(tx.of(directories::table)).execute(tx.conn())? == 1)
}

/// Notes how the directory is, where that is news. It is no change of the settings, and leaves their version.
pub fn note_health(tx: &mut Tx, health: &str, detail: Option<&str>, now: Time) -> Result<bool> {
    let other = tx.of(directories::table).filter(directories::health.ne(health.to_owned()));
    let set = (
        directories::health.eq(health.to_owned()),
        directories::health_detail.eq(detail.map(str::to_owned)),
        directories::health_since.eq(now),
    );
    Ok(diesel::update(other).set(set).execute(tx.conn())? == 1)
}
