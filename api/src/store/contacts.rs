//! The people outside and the addresses that name them.

use diesel::prelude::*;

use super::{
    Error, Json, Result, Time, Tx, Uid,
    keyset::beyond,
    schema::{contacts, identities},
    types::{Id, Ts},
};

/// One person outside.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = contacts, treat_none_as_default_value = false)]
pub struct Contact {
    pub tenant_id: Uid,
    pub id: Uid,
    pub name: Option<String>,
    pub language: Option<String>,
    /// Where they would rather be answered.
    pub preferred_channel: Option<Uid>,
    /// When they want no texts, in the form of `people::quiet`; the agency's hours where nothing is set.
    pub quiet_hours: Option<Json>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
    /// The name as the program compares it; none where it has only one word.
    pub folded_name: Option<String>,
    /// The contact that stands for this person since the two were joined.
    pub merged_into: Option<Uid>,
}

/// One way to name a person: an email address, a phone number.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = identities, treat_none_as_default_value = false)]
pub struct Identity {
    pub tenant_id: Uid,
    pub id: Uid,
    pub contact_id: Uid,
    pub kind: String,
    /// As the person writes it.
    pub value: String,
    /// As the program compares it; unique per tenant and kind.
    pub normal: String,
    pub verified_at: Option<Time>,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Contact) -> Result<()> {
    tx.insert(contacts::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Contact> {
    Ok(tx.of(contacts::table).filter(contacts::id.eq(id)).select(Contact::as_select()).first(tx.conn())?)
}

pub fn get_all(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<Contact>> {
    let query = tx.of(contacts::table).filter(contacts::id.eq_any(ids.to_vec()));
    Ok(query.select(Contact::as_select()).load(tx.conn())?)
}

/// The contact that stands for this person: this one, or the one that it was merged into, however often.
pub fn whole(tx: &mut Tx, contact: Contact) -> Result<Contact> {
    let mut whole = contact;
    while let Some(into) = whole.merged_into {
        whole = get(tx, into)?;
    }
    Ok(whole)
}

/// The contacts that were merged into one of these, and into those, and so on.
pub fn merged_into(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<Uid>> {
    let (mut all, mut level) = (Vec::new(), ids.to_vec());
    while !level.is_empty() {
        let query = tx.of(contacts::table).filter(contacts::merged_into.eq_any(level.into_iter().map(Some)));
        level = query.order(contacts::id).select(contacts::id).load(tx.conn())?;
        all.extend(&level);
    }
    Ok(all)
}

/// Contacts with this name as the program compares it, the last changed first.
pub fn of_name(tx: &mut Tx, folded: &str, limit: i64) -> Result<Vec<Contact>> {
    let query = tx.of(contacts::table).filter(contacts::folded_name.eq(Some(folded.to_owned())));
    let query = query.filter(contacts::merged_into.is_null());
    let query = query.order((contacts::updated_at.desc(), contacts::id.desc())).limit(limit);
    Ok(query.select(Contact::as_select()).load(tx.conn())?)
}

/// Newest change first, from a position on, without those that were merged into others.
pub fn list(tx: &mut Tx, from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Contact>> {
    let mut query = tx.of(contacts::table).filter(contacts::merged_into.is_null()).into_boxed();
    if let Some((at, id)) = from {
        let position = (diesel::expression::AsExpression::<Ts>::as_expression(at), as_id(id));
        query = query.filter(beyond((contacts::updated_at, contacts::id), position, true));
    }
    query = query.order((contacts::updated_at.desc(), contacts::id.desc())).limit(limit);
    Ok(query.select(Contact::as_select()).load(tx.conn())?)
}

fn as_id(id: Uid) -> <Uid as diesel::expression::AsExpression<Id>>::Expression {
    diesel::expression::AsExpression::<Id>::as_expression(id)
}

/// Changes a person's own columns where the version still is `version`.
pub fn update(tx: &mut Tx, row: &Contact, version: i64) -> Result<Contact> {
    let target = tx.of(contacts::table).filter(contacts::id.eq(row.id)).filter(contacts::version.eq(version));
    diesel::update(target)
        .set((
            contacts::name.eq(row.name.clone()),
            contacts::language.eq(row.language.clone()),
            contacts::folded_name.eq(row.folded_name.clone()),
            contacts::merged_into.eq(row.merged_into),
            contacts::preferred_channel.eq(row.preferred_channel),
            contacts::quiet_hours.eq(row.quiet_hours.clone()),
            contacts::updated_at.eq(row.updated_at),
            contacts::version.eq(version + 1),
        ))
        .returning(contacts::all_columns)
        .get_result(tx.conn())
        .optional()?
        .ok_or(Error::Stale)
}

pub fn insert_identity(tx: &mut Tx, row: &Identity) -> Result<()> {
    tx.insert(identities::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// The person has shown that an address is theirs.
pub fn set_verified(tx: &mut Tx, id: Uid, at: Time) -> Result<()> {
    let target = tx.of(identities::table).filter(identities::id.eq(id));
    diesel::update(target).set(identities::verified_at.eq(Some(at))).execute(tx.conn())?;
    Ok(())
}

pub fn find_identity(tx: &mut Tx, kind: &str, normal: &str) -> Result<Option<Identity>> {
    let query = tx.of(identities::table).filter(identities::kind.eq(kind)).filter(identities::normal.eq(normal));
    Ok(query.select(Identity::as_select()).first(tx.conn()).optional()?)
}

/// Every identity that has one of these addresses, of whatever kind.
pub fn find_identities(tx: &mut Tx, normals: &[String]) -> Result<Vec<Identity>> {
    let query = tx.of(identities::table).filter(identities::normal.eq_any(normals.to_vec()));
    Ok(query.select(Identity::as_select()).load(tx.conn())?)
}

/// The contacts that any of these addresses name.
pub fn find_contacts(tx: &mut Tx, kind: &str, normals: &[String]) -> Result<Vec<Uid>> {
    let query = tx.of(identities::table).filter(identities::kind.eq(kind));
    let query = query.filter(identities::normal.eq_any(normals.to_vec()));
    Ok(query.select(identities::contact_id).distinct().load(tx.conn())?)
}

pub fn identities_of(tx: &mut Tx, contacts: &[Uid]) -> Result<Vec<Identity>> {
    let query = tx.of(identities::table).filter(identities::contact_id.eq_any(contacts.to_vec()));
    Ok(query.order((identities::created_at, identities::id)).select(Identity::as_select()).load(tx.conn())?)
}

pub fn delete_identity(tx: &mut Tx, contact: Uid, id: Uid) -> Result<bool> {
    let target = tx.of(identities::table).filter(identities::contact_id.eq(contact)).filter(identities::id.eq(id));
    Ok(diesel::delete(target).execute(tx.conn())? == 1)
}

/// People in the order of their ids, after this one.
pub fn after(tx: &mut Tx, id: Uid, limit: i64) -> Result<Vec<Contact>> {
    let query = tx.of(contacts::table).filter(contacts::id.gt(id)).order(contacts::id).limit(limit);
    Ok(query.select(Contact::as_select()).load(tx.conn())?)
}
