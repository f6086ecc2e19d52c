//! Who is probably the same person as this one, with the reasons in words: few and good guesses, which staff decide.

use std::collections::{BTreeMap, BTreeSet};

use civicdesk_contract::Party;
use serde_json::json;

use super::{addresses, joining};
use crate::{
    acting::Acting,
    cases::written::Written,
    fail::Fail,
    ids,
    store::{
        Json, Tx, Uid, cases,
        contacts::{self, Contact, Identity},
        likely::{self, Given},
    },
};

/// Guesses that are shown.
const SHOWN: usize = 10;
/// People of one name, and addresses that were given, that are looked at.
const LOOKED_AT: i64 = 50;
/// A shorter name before the `@` is everybody's.
const TELLING: usize = 5;
/// The last digits by which numbers with and without a country are compared.
const DIGITS: usize = 9;

/// A guess.
#[derive(Clone, Debug)]
pub struct Likely {
    pub contact: Contact,
    pub reasons: Vec<String>,
}

/// Notes the addresses that a person gave beside the one that they wrote from.
pub fn note_given(tx: &mut Tx, act: &Acting, contact: Uid, given: &[Party]) -> Result<(), Fail> {
    for party in given {
        let Some(normal) = addresses::normal(party.kind, &party.address) else { continue };
        let kind = party.kind.as_str().to_owned();
        likely::note(tx, Given { tenant_id: tx.tenant(), contact_id: contact, kind, normal, given_at: act.now })?;
    }
    Ok(())
}

/// The guesses for a person, the best founded first.
pub fn find(tx: &mut Tx, contact: &Contact) -> Result<Vec<Likely>, Fail> {
    let mut own = contacts::merged_into(tx, &[contact.id])?;
    own.push(contact.id);
    let mut reasons: BTreeMap<Uid, Vec<String>> = BTreeMap::new();
    for (other, reason) in by_given(tx, contact, &own)? {
        let reasons = reasons.entry(other).or_default();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    for (other, more) in by_name(tx, contact, &reasons)? {
        reasons.entry(other).or_default().extend(more);
    }
    let mut different = BTreeSet::new();
    let told_apart = likely::different_from(tx, &own)?;
    for other in contacts::get_all(tx, &told_apart)? {
        different.insert(contacts::whole(tx, other)?.id);
    }
    let others: Vec<Uid> = reasons.keys().copied().filter(|id| !different.contains(id)).collect();
    let people = contacts::get_all(tx, &others)?.into_iter().filter(|other| other.merged_into.is_none());
    let guess = |contact: Contact| Likely { reasons: reasons.remove(&contact.id).unwrap_or_default(), contact };
    let mut guesses: Vec<Likely> = people.map(guess).collect();
    guesses.sort_by_key(|l| std::cmp::Reverse((l.reasons.len(), l.contact.updated_at, l.contact.id)));
    guesses.truncate(SHOWN);
    Ok(guesses)
}

/// Somebody gave an address in a form that names the other.
fn by_given(tx: &mut Tx, contact: &Contact, own: &[Uid]) -> Result<Vec<(Uid, String)>, Fail> {
    let mut found = Vec::new();
    let given = likely::given_by(tx, own, LOOKED_AT)?;
    let normals: Vec<String> = given.iter().map(|g| g.normal.clone()).collect();
    for identity in contacts::find_identities(tx, &normals)? {
        let meant = given.iter().any(|g| g.kind == identity.kind && g.normal == identity.normal);
        if meant && identity.contact_id != contact.id {
            let reason = format!("this person gave the other's address in a form: {}", identity.value);
            found.push((identity.contact_id, reason));
        }
    }
    let identities = contacts::identities_of(tx, &[contact.id])?;
    let normals: Vec<String> = identities.iter().map(|i| i.normal.clone()).collect();
    for given in likely::givers(tx, &normals, LOOKED_AT)? {
        let named = identities.iter().find(|i| i.kind == given.kind && i.normal == given.normal);
        let giver = contacts::get(tx, given.contact_id)?;
        let giver = contacts::whole(tx, giver)?.id;
        if let Some(identity) = named.filter(|_| giver != contact.id) {
            found.push((giver, format!("the other gave this person's address in a form: {}", identity.value)));
        }
    }
    Ok(found)
}

/// Somebody has the same full name, and something else speaks for it.
fn by_name(
    tx: &mut Tx,
    contact: &Contact,
    known: &BTreeMap<Uid, Vec<String>>,
) -> Result<Vec<(Uid, Vec<String>)>, Fail> {
    let Some(name) = &contact.folded_name else { return Ok(Vec::new()) };
    let same = contacts::of_name(tx, name, LOOKED_AT)?;
    let same: Vec<Contact> = same.into_iter().filter(|other| other.id != contact.id).collect();
    let mut ids: Vec<Uid> = same.iter().map(|other| other.id).collect();
    ids.push(contact.id);
    let identities = contacts::identities_of(tx, &ids)?;
    let of = |id: Uid| identities.iter().filter(move |i| i.contact_id == id);
    let own_cases: BTreeSet<Uid> = if same.is_empty() { BTreeSet::new() } else { cases_of(tx, contact.id)? };
    let mut found = Vec::new();
    for other in same {
        let mut more = Vec::new();
        let theirs: Vec<&Identity> = of(other.id).collect();
        for own in of(contact.id) {
            more.extend(theirs.iter().filter_map(|their| alike(own, their)));
        }
        let shared = cases_of(tx, other.id)?;
        if let Some(case) = own_cases.intersection(&shared).next() {
            more.push(format!("both take part in the case {}", cases::get(tx, *case)?.reference));
        }
        if !more.is_empty() || known.contains_key(&other.id) {
            more.insert(0, "they have the same name".to_owned());
            more.dedup();
            found.push((other.id, more));
        }
    }
    Ok(found)
}

fn cases_of(tx: &mut Tx, contact: Uid) -> Result<BTreeSet<Uid>, Fail> {
    Ok(cases::of_party(tx, contact)?.into_iter().collect())
}

/// What two addresses that are not the same have in common.
fn alike(a: &Identity, b: &Identity) -> Option<String> {
    let local = |i: &Identity| i.normal.split('@').next().unwrap_or_default().split('+').next().map(str::to_owned);
    let names = |i: &Identity| matches!(i.kind.as_str(), "email" | "handle");
    if names(a) && names(b) {
        let same = local(a).filter(|name| name.chars().count() >= TELLING && Some(name) == local(b).as_ref());
        return same.map(|_| format!("{} and {} begin alike", a.value, b.value));
    }
    let digits = |i: &Identity| i.normal.chars().rev().take(DIGITS).collect::<String>();
    let numbers = a.kind == "phone" && b.kind == "phone" && a.normal.len() >= DIGITS && digits(a) == digits(b);
    numbers.then(|| format!("{} and {} end alike", a.value, b.value))
}

/// Keeps that these are two people: they are not guessed again.
pub fn dismiss(tx: &mut Tx, act: &Acting, contact: &Contact, other: &Contact) -> Result<(), Fail> {
    if contact.id == other.id {
        return Err(Fail::conflict("same-contact", "nobody is another person than they are"));
    }
    joining::goes_on(contact)?;
    joining::goes_on(other)?;
    likely::set_different(tx, contact.id, other.id, act.now)?;
    let mut written = Written::default();
    for (about, than) in [(contact, other), (other, contact)] {
        let mut event = act.event(tx, "contact.told_apart");
        event.contact_id = Some(about.id);
        event.data = Json(json!({ "from": ids::CONTACT.show(than.id.0) }));
        written.events.push(event);
    }
    written.flush(tx)
}
