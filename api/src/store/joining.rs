//! What belongs to a person, given from one contact to another and back.

use diesel::prelude::*;

use super::{
    Json, Result, Time, Tx, Uid,
    schema::{case_links, cases, identities, messages, parties},
};

/// Rows that one statement changes.
const TOGETHER: usize = 500;

/// Those of these addresses that name this contact.
pub fn addresses_with(tx: &mut Tx, contact: Uid, ids: &[Uid]) -> Result<Vec<Uid>> {
    let query = tx.of(identities::table).filter(identities::contact_id.eq(contact));
    Ok(query.filter(identities::id.eq_any(ids.to_vec())).select(identities::id).load(tx.conn())?)
}

pub fn give_addresses(tx: &mut Tx, ids: &[Uid], to: Uid) -> Result<()> {
    let given = tx.of(identities::table).filter(identities::id.eq_any(ids.to_vec()));
    diesel::update(given).set(identities::contact_id.eq(to)).execute(tx.conn())?;
    Ok(())
}

/// The cases that are a contact's own.
pub fn cases_of(tx: &mut Tx, contact: Uid) -> Result<Vec<Uid>> {
    let query = tx.of(cases::table).filter(cases::contact_id.eq(contact));
    Ok(query.order(cases::id).select(cases::id).load(tx.conn())?)
}

/// Makes cases of one contact another's, with the links that lead there.
pub fn give_cases(tx: &mut Tx, ids: &[Uid], from: Uid, to: Uid) -> Result<()> {
    for chunk in ids.chunks(TOGETHER) {
        let own = tx.of(cases::table).filter(cases::contact_id.eq(from)).filter(cases::id.eq_any(chunk.to_vec()));
        let set = (cases::contact_id.eq(to), cases::version.eq(cases::version + 1));
        diesel::update(own).set(set).execute(tx.conn())?;
        let links = tx.of(case_links::table).filter(case_links::contact_id.eq(from));
        let links = links.filter(case_links::case_id.eq_any(chunk.to_vec()));
        diesel::update(links).set(case_links::contact_id.eq(to)).execute(tx.conn())?;
    }
    Ok(())
}

/// Whatever a contact takes part in is another's from now on. `through`: only as far as they took part as these.
pub fn give_parts(tx: &mut Tx, from: Uid, through: Option<&[Uid]>, to: Uid) -> Result<()> {
    let parts = tx.of(parties::table).filter(parties::contact_id.eq(from));
    match through {
        None => diesel::update(parts).set(parties::contact_id.eq(to)).execute(tx.conn())?,
        Some(through) => diesel::update(parts.filter(parties::through.eq_any(through.to_vec())))
            .set(parties::contact_id.eq(to))
            .execute(tx.conn())?,
    };
    Ok(())
}

/// Who said something to whom.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Said {
    pub id: Uid,
    pub case_id: Uid,
    pub author_kind: String,
    pub author_id: Option<Uid>,
    pub sender: Json,
    pub recipients: Json,
    pub copies: Json,
}

/// What was said since then in whatever these contacts take part in, the oldest first.
pub fn said_since(tx: &mut Tx, contacts: &[Uid], since: Time) -> Result<Vec<Said>> {
    let theirs = tx.of(parties::table).filter(parties::contact_id.eq_any(contacts.to_vec())).select(parties::case_id);
    let query = tx.of(messages::table).filter(messages::case_id.eq_any(theirs));
    let query = query.filter(messages::created_at.ge(since)).order((messages::created_at, messages::id));
    Ok(query.select(Said::as_select()).load(tx.conn())?)
}

/// What was said in a case.
pub fn said_in(tx: &mut Tx, case: Uid) -> Result<Vec<Said>> {
    let query = tx.of(messages::table).filter(messages::case_id.eq(case));
    Ok(query.order((messages::created_at, messages::id)).select(Said::as_select()).load(tx.conn())?)
}

/// Says who wrote these messages.
pub fn set_author(tx: &mut Tx, ids: &[Uid], author: Uid) -> Result<()> {
    for chunk in ids.chunks(TOGETHER) {
        let written = tx.of(messages::table).filter(messages::id.eq_any(chunk.to_vec()));
        diesel::update(written).set(messages::author_id.eq(author)).execute(tx.conn())?;
    }
    Ok(())
}
