//! What people said about being written to, by address and channel.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::consents};

/// The last word about one address on one channel.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents, treat_none_as_default_value = false)]
pub struct Consent {
    pub tenant_id: Uid,
    pub channel_id: Uid,
    /// The address, as `identities` has it.
    pub kind: String,
    pub normal: String,
    /// `stopped` or `allowed`.
    pub state: String,
    /// Who said so: `keyword` (they themselves, here), `network` or `staff`.
    pub source: String,
    pub reason: Option<String>,
    pub actor_kind: String,
    pub actor_id: Option<Uid>,
    pub at: Time,
}

pub fn get(tx: &mut Tx, channel: Uid, kind: &str, normal: &str) -> Result<Option<Consent>> {
    let query = tx.of(consents::table).filter(consents::channel_id.eq(channel));
    let query = query.filter(consents::kind.eq(kind.to_owned())).filter(consents::normal.eq(normal.to_owned()));
    Ok(query.select(Consent::as_select()).first(tx.conn()).optional()?)
}

/// Everything that was said about these addresses, of whatever kind, the latest word first.
pub fn of(tx: &mut Tx, normals: &[String]) -> Result<Vec<Consent>> {
    let query = tx.of(consents::table).filter(consents::normal.eq_any(normals.to_vec()));
    let query = query.order((consents::at.desc(), consents::channel_id, consents::normal));
    Ok(query.select(Consent::as_select()).load(tx.conn())?)
}

/// Writes the last word down in place of the one before.
pub fn set(tx: &mut Tx, row: &Consent) -> Result<()> {
    let same = tx.of(consents::table).filter(consents::channel_id.eq(row.channel_id));
    let same = same.filter(consents::kind.eq(row.kind.clone())).filter(consents::normal.eq(row.normal.clone()));
    diesel::delete(same).execute(tx.conn())?;
    tx.insert(consents::table).values(row).execute(tx.conn())?;
    Ok(())
}
