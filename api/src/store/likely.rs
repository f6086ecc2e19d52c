//! What speaks for two contacts being one person, and that staff have said they are not.

use diesel::prelude::*;

use super::{
    Result, Time, Tx, Uid,
    dialect::Both,
    schema::{different_people, given_addresses},
};

/// An address that somebody gave beside the one that they wrote from.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = given_addresses, treat_none_as_default_value = false)]
pub struct Given {
    pub tenant_id: Uid,
    pub contact_id: Uid,
    pub kind: String,
    pub normal: String,
    pub given_at: Time,
}

/// Notes it; one that was given before stays as it is.
pub fn note(tx: &mut Tx, row: Given) -> Result<()> {
    let into = tx.insert(given_addresses::table).values(row);
    Both(into.on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(())
}

/// What these contacts gave.
pub fn given_by(tx: &mut Tx, contacts: &[Uid], limit: i64) -> Result<Vec<Given>> {
    let query = tx.of(given_addresses::table).filter(given_addresses::contact_id.eq_any(contacts.to_vec()));
    Ok(query.order(given_addresses::given_at.desc()).limit(limit).select(Given::as_select()).load(tx.conn())?)
}

/// Who gave one of these addresses.
pub fn givers(tx: &mut Tx, normals: &[String], limit: i64) -> Result<Vec<Given>> {
    let query = tx.of(given_addresses::table).filter(given_addresses::normal.eq_any(normals.to_vec()));
    Ok(query.order(given_addresses::given_at.desc()).limit(limit).select(Given::as_select()).load(tx.conn())?)
}

/// Staff say that these are two people.
pub fn set_different(tx: &mut Tx, a: Uid, b: Uid, at: Time) -> Result<()> {
    let row = (
        different_people::tenant_id.eq(tx.tenant()),
        different_people::one_id.eq(a.min(b)),
        different_people::other_id.eq(a.max(b)),
        different_people::said_at.eq(at),
    );
    let into = tx.insert(different_people::table).values(row);
    Both(into.on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(())
}

/// Of whom staff said that they are others than any of these.
pub fn different_from(tx: &mut Tx, contacts: &[Uid]) -> Result<Vec<Uid>> {
    let before = tx.of(different_people::table).filter(different_people::one_id.eq_any(contacts.to_vec()));
    let mut all: Vec<Uid> = before.select(different_people::other_id).load(tx.conn())?;
    let after = tx.of(different_people::table).filter(different_people::other_id.eq_any(contacts.to_vec()));
    all.extend(after.select(different_people::one_id).load::<Uid>(tx.conn())?);
    Ok(all)
}
