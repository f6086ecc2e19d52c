//! Finding the person behind an address, or making a record of them.

use std::collections::HashMap;

use civicdesk_contract::{IdentityKind, Party};

use super::{addresses, names};
use crate::{
    acting::Acting,
    cases::{words, written::Written},
    fail::Fail,
    store::{
        Tx, Uid,
        contacts::{self, Contact, Identity},
        search,
    },
};

/// The longest name that is kept.
const LONGEST_NAME: usize = 200;

/// Contacts that a transaction has looked up or made, by kind of address and address; `None`: nobody is named so yet.
pub type Met = HashMap<(IdentityKind, String), Option<Contact>>;

/// The contact whom this party's address names; made when nobody is named so yet.
pub fn find_or_make(tx: &mut Tx, act: &Acting, party: &Party) -> Result<Contact, Fail> {
    let mut written = Written::default();
    let contact = of_sender(tx, act, &mut written, &mut Met::new(), Some(party))?;
    written.flush(tx)?;
    Ok(contact)
}

/// The same for a sender who may be missing or unreadable: then the contact has no address.
pub fn of_sender(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    met: &mut Met,
    party: Option<&Party>,
) -> Result<Contact, Fail> {
    let name = party.and_then(|p| p.name.as_deref()).and_then(tidy);
    let Some((party, normal)) = party.and_then(|p| Some((p, addresses::normal(p.kind, &p.address)?))) else {
        return make(tx, act, written, name, None);
    };
    let key = (party.kind, normal);
    if !met.contains_key(&key) {
        meet(tx, met, std::slice::from_ref(&key))?;
    }
    let contact = match met.get(&key).cloned().flatten() {
        Some(contact) => named(tx, act, written, contact, name)?,
        None => make(tx, act, written, name, Some((party, key.1.clone())))?,
    };
    met.insert(key, Some(contact.clone()));
    Ok(contact)
}

/// Looks up many addresses in one go.
pub fn meet(tx: &mut Tx, met: &mut Met, addresses: &[(IdentityKind, String)]) -> Result<(), Fail> {
    let normals: Vec<String> = addresses.iter().map(|(_, normal)| normal.clone()).collect();
    let identities = contacts::find_identities(tx, &normals)?;
    let ids: Vec<Uid> = identities.iter().map(|identity| identity.contact_id).collect();
    let people = if ids.is_empty() { Vec::new() } else { contacts::get_all(tx, &ids)? };
    for (kind, normal) in addresses {
        let named = |i: &&Identity| i.kind == kind.as_str() && i.normal == *normal;
        let contact = identities.iter().find(named).map(|i| i.contact_id);
        let contact = contact.and_then(|id| people.iter().find(|person| person.id == id).cloned());
        met.insert((*kind, normal.clone()), contact);
    }
    Ok(())
}

/// A known contact. A name is taken where there was none: one that staff wrote is not changed by a mail's header.
fn named(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    contact: Contact,
    name: Option<String>,
) -> Result<Contact, Fail> {
    if contact.name.is_some() || name.is_none() {
        return Ok(contact);
    }
    let version = contact.version;
    let folded_name = name.as_deref().and_then(names::folded);
    let contact = contacts::update(tx, &Contact { name, folded_name, updated_at: act.now, ..contact }, version)?;
    let identities = contacts::identities_of(tx, &[contact.id])?;
    written.docs.push(doc(&contact, &identities));
    Ok(contact)
}

/// A contact that no address names yet.
pub fn unaddressed(tx: &mut Tx, act: &Acting, written: &mut Written, name: Option<&str>) -> Result<Contact, Fail> {
    make(tx, act, written, name.and_then(tidy), None)
}

fn make(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    name: Option<String>,
    address: Option<(&Party, String)>,
) -> Result<Contact, Fail> {
    let tenant_id = tx.tenant();
    let contact = Contact {
        tenant_id,
        id: act.id(),
        folded_name: name.as_deref().and_then(names::folded),
        name,
        language: None,
        preferred_channel: None,
        quiet_hours: None,
        version: 1,
        created_at: act.now,
        updated_at: act.now,
        merged_into: None,
    };
    contacts::insert(tx, &contact)?;
    let mut identities = Vec::new();
    if let Some((party, normal)) = address {
        let identity = Identity {
            tenant_id,
            id: act.id(),
            contact_id: contact.id,
            kind: party.kind.as_str().to_owned(),
            value: party.address.trim().to_owned(),
            normal,
            verified_at: None,
            created_at: act.now,
        };
        contacts::insert_identity(tx, &identity)?;
        identities.push(identity);
    }
    let mut event = act.event(tx, "contact.created");
    event.contact_id = Some(contact.id);
    written.events.push(event);
    written.docs.push(doc(&contact, &identities));
    Ok(contact)
}

/// A name without line breaks and of bearable length. `None`: there is nothing in it.
fn tidy(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    Some(name.trim().to_owned()).filter(|n| !n.is_empty())
}

/// What the search index holds of a contact: nothing of one that another stands for.
pub fn doc(contact: &Contact, identities: &[Identity]) -> search::Doc {
    let addresses = identities.iter().map(|i| i.value.as_str());
    let text: Vec<&str> = match contact.merged_into {
        None => contact.name.as_deref().into_iter().chain(addresses).collect(),
        Some(_) => Vec::new(),
    };
    search::Doc {
        tenant_id: contact.tenant_id,
        docid: search::docid(contact.id),
        kind: "contact".to_owned(),
        ref_id: contact.id,
        case_id: None,
        at: contact.updated_at,
        tokens: words::index(&text, &[]),
    }
}
