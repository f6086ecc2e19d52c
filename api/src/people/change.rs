//! What staff change about a person: name, language, addresses, and how and when they would rather be written to.

use civicdesk_contract::{IdentityKind, Party};

use super::{addresses, contacts as people, joining, names, phones, quiet::Hours};
use crate::{
    acting::Acting,
    cases::written::Written,
    fail::Fail,
    ids,
    store::{
        Error, Json, Tx, Uid, channels,
        contacts::{self, Contact, Identity},
        tenant,
    },
};

/// Characters of a name.
const LONGEST_NAME: usize = 200;
/// Characters of a language tag.
const LONGEST_LANGUAGE: usize = 35;

/// What to change; a field left out stays, and the inner `None` empties it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub preferred_channel: Option<Option<Uid>>,
    pub quiet_hours: Option<Option<Hours>>,
}

/// Changes a contact that still is as the caller read it. A change that changes nothing leaves no trace.
pub fn change(tx: &mut Tx, act: &Acting, contact: &Contact, change: Change) -> Result<Contact, Fail> {
    joining::goes_on(contact)?;
    let mut row = contact.clone();
    if let Some(name) = change.name {
        let name = name.map(|n| crate::cases::fields::one_line(&n)).filter(|n| !n.is_empty());
        if name.as_ref().is_some_and(|n| n.chars().count() > LONGEST_NAME) {
            return Err(Fail::field("/name", format!("must have at most {LONGEST_NAME} characters")));
        }
        row.folded_name = name.as_deref().and_then(names::folded);
        row.name = name;
    }
    if let Some(language) = change.language {
        if language.as_ref().is_some_and(|l| !is_language(l)) {
            return Err(Fail::field("/language", "must be a BCP 47 language tag such as `es` or `zh-Hant`"));
        }
        row.language = language;
    }
    if let Some(preferred) = change.preferred_channel {
        let missing = |_| Fail::field("/preferred_channel", "there is no such channel");
        preferred.map(|id| channels::get(tx, id)).transpose().map_err(missing)?;
        row.preferred_channel = preferred;
    }
    if let Some(hours) = change.quiet_hours {
        let wrong = hours.as_ref().map(Hours::wrong).unwrap_or_default();
        Fail::fields(wrong).map_err(|e| e.under("/quiet_hours"))?;
        row.quiet_hours = hours.as_ref().map(Json::of);
    }
    let same = (&row.name, &row.language, row.preferred_channel)
        == (&contact.name, &contact.language, contact.preferred_channel);
    if same && row.quiet_hours == contact.quiet_hours {
        return Ok(row);
    }
    saved(tx, act, &row, "contact.changed", serde_json::json!({}))
}

/// Adds an address. One that names somebody already is a conflict.
pub fn add_identity(tx: &mut Tx, act: &Acting, contact: &Contact, party: &Party) -> Result<Contact, Fail> {
    joining::goes_on(contact)?;
    let party = &dialled(tx, party)?;
    let kind = party.kind.as_str();
    let Some(normal) = addresses::normal(party.kind, &party.address) else {
        return Err(Fail::field("/value", format!("is no {kind} address")));
    };
    if let Some(taken) = contacts::find_identity(tx, kind, &normal)? {
        let whose = if taken.contact_id == contact.id {
            "this contact has it already"
        } else {
            "another contact has it: merge the two, or ask for a proof (`/proofs`), which joins them"
        };
        return Err(Fail::conflict("identity-taken", whose));
    }
    let identity = Identity {
        tenant_id: tx.tenant(),
        id: act.id(),
        contact_id: contact.id,
        kind: kind.to_owned(),
        value: party.address.trim().to_owned(),
        normal,
        verified_at: None,
        created_at: act.now,
    };
    contacts::insert_identity(tx, &identity)?;
    saved(tx, act, contact, "contact.identity_added", shown(&identity))
}

/// Takes an address away.
pub fn remove_identity(tx: &mut Tx, act: &Acting, contact: &Contact, id: Uid) -> Result<Contact, Fail> {
    joining::goes_on(contact)?;
    let identities = contacts::identities_of(tx, &[contact.id])?;
    let identity = identities.iter().find(|i| i.id == id).ok_or(Fail::NotFound("address"))?;
    contacts::delete_identity(tx, contact.id, id)?;
    saved(tx, act, contact, "contact.identity_removed", shown(identity))
}

/// A new contact with these addresses; one of them that names somebody already is a conflict.
pub fn made(tx: &mut Tx, act: &Acting, parties: &[Party], name: Option<&str>) -> Result<Contact, Fail> {
    for party in parties {
        let party = dialled(tx, party)?;
        let normal = addresses::normal(party.kind, &party.address).unwrap_or_default();
        if contacts::find_identity(tx, party.kind.as_str(), &normal)?.is_some() {
            return Err(Fail::conflict("identity-taken", format!("another contact has this {}", party.kind.as_str())));
        }
    }
    found_or_made(tx, act, parties, name)
}

/// The contact whom one of these addresses names, or a new one, with all of them that are free.
pub fn found_or_made(tx: &mut Tx, act: &Acting, parties: &[Party], name: Option<&str>) -> Result<Contact, Fail> {
    let parties: Vec<Party> = parties.iter().map(|party| dialled(tx, party)).collect::<Result<_, Fail>>()?;
    let mut known = None;
    for party in &parties {
        let normal = addresses::normal(party.kind, &party.address).unwrap_or_default();
        if let Some(identity) = contacts::find_identity(tx, party.kind.as_str(), &normal)? {
            known = Some(contacts::get(tx, identity.contact_id)?);
            break;
        }
    }
    let mut contact = match (known, parties.first()) {
        (Some(contact), _) => contact,
        (None, Some(first)) => people::find_or_make(tx, act, first)?,
        (None, None) => {
            let mut written = Written::default();
            let contact = people::unaddressed(tx, act, &mut written, name)?;
            written.flush(tx)?;
            contact
        }
    };
    for party in &parties {
        let normal = addresses::normal(party.kind, &party.address).unwrap_or_default();
        if contacts::find_identity(tx, party.kind.as_str(), &normal)?.is_none() {
            contact = add_identity(tx, act, &contact, party)?;
        }
    }
    Ok(contact)
}

/// A phone number as the agency's country dials it becomes the one that the networks know.
pub fn dialled(tx: &mut Tx, party: &Party) -> Result<Party, Fail> {
    if party.kind != IdentityKind::Phone {
        return Ok(party.clone());
    }
    Ok(phones::fitted(party.clone(), &phones::country(&tenant::get(tx)?)))
}

/// Writes a changed contact, its words for the search and a line in the log.
pub(super) fn saved(
    tx: &mut Tx,
    act: &Acting,
    row: &Contact,
    kind: &str,
    data: serde_json::Value,
) -> Result<Contact, Fail> {
    let row = Contact { updated_at: act.now, ..row.clone() };
    let row = contacts::update(tx, &row, row.version).map_err(|e| match e {
        Error::Stale => Fail::Stale,
        e => e.into(),
    })?;
    let identities = contacts::identities_of(tx, &[row.id])?;
    let mut written = Written::default();
    written.docs.push(people::doc(&row, &identities));
    let mut event = act.event(tx, kind);
    event.contact_id = Some(row.id);
    event.data = Json(data);
    written.events.push(event);
    written.flush(tx)?;
    Ok(row)
}

fn shown(identity: &Identity) -> serde_json::Value {
    serde_json::json!({ "identity_id": ids::IDENTITY.show(identity.id.0), "kind": identity.kind })
}

fn is_language(tag: &str) -> bool {
    let parts: Vec<&str> = tag.split('-').collect();
    tag.len() <= LONGEST_LANGUAGE
        && parts.first().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.iter().all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
