//! An address that a person has proven is theirs. Whoever had it is the same person.

use serde_json::json;

use super::{
    change,
    joining::{self, Both},
};
use crate::{
    acting::Acting,
    cases::written::Written,
    fail::Fail,
    ids,
    store::{
        Tx, Uid,
        contacts::{self, Contact, Identity},
    },
};

/// A proven address, in the form in which rows keep it.
#[derive(Clone, Copy, Debug)]
pub struct Proven<'a> {
    pub kind: &'a str,
    pub value: &'a str,
    pub normal: &'a str,
}

/// What a proof led to.
#[derive(Debug)]
pub struct Held {
    /// The contact that stands for the person.
    pub contact: Contact,
    pub identity: Uid,
    /// It was never proven before.
    pub anew: bool,
    /// The contact that had the address until now.
    pub joined: Option<Contact>,
}

/// Gives a proven address to a person, and joins them with the contact that has it, which can be taken back.
pub fn hold(tx: &mut Tx, act: &Acting, contact: Uid, proven: Proven) -> Result<Held, Fail> {
    let contact = contacts::get(tx, contact)?;
    let mut contact = contacts::whole(tx, contact)?;
    let found = contacts::find_identity(tx, proven.kind, proven.normal)?;
    let other = found.as_ref().filter(|identity| identity.contact_id != contact.id);
    let joined = other.map(|identity| contacts::get(tx, identity.contact_id)).transpose()?;
    if let Some(from) = joined.clone() {
        let mut written = Written::default();
        let both = Both { from, into: contact };
        contact = joining::merge(tx, act, &mut written, &both, "the person proved an address of both")?.into;
        written.flush(tx)?;
    }
    let anew = found.as_ref().is_none_or(|identity| identity.verified_at.is_none());
    let identity = match found {
        Some(identity) => identity.id,
        None => {
            let row = Identity {
                tenant_id: tx.tenant(),
                id: act.id(),
                contact_id: contact.id,
                kind: proven.kind.to_owned(),
                value: proven.value.to_owned(),
                normal: proven.normal.to_owned(),
                verified_at: None,
                created_at: act.now,
            };
            contacts::insert_identity(tx, &row)?;
            row.id
        }
    };
    contacts::set_verified(tx, identity, act.now)?;
    Ok(Held { contact, identity, anew, joined })
}

/// The same, with a line in the log where it changes anything.
pub fn noted(tx: &mut Tx, act: &Acting, contact: Uid, proven: Proven, by: &str) -> Result<(), Fail> {
    let held = hold(tx, act, contact, proven)?;
    if !held.anew && held.joined.is_none() {
        return Ok(());
    }
    let data = json!({
        "identity_id": ids::IDENTITY.show(held.identity.0), "kind": proven.kind, "by": by,
        "joined": held.joined.map(|contact| ids::CONTACT.show(contact.id.0)),
    });
    change::saved(tx, act, &held.contact, "contact.identity_proved", data).map(drop)
}
