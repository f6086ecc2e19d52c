//! What arrived for two joined contacts while they were one, told apart by the addresses that it names.

use std::collections::{BTreeMap, HashSet};

use civicdesk_contract::Party;

use super::addresses;
use crate::{
    acting::Acting,
    cases::record,
    fail::Fail,
    store::{
        Json, Time, Tx, Uid, cases, contacts,
        joining::{self, Said},
    },
};

/// Addresses as the program compares them: kind and form.
type Names = HashSet<(String, String)>;

/// Gives `home`, whose addresses are its own again, what arrived through those since it was joined to `from`, and answers
/// the cases among it. What names neither, or was made by staff for the one person, stays with `from`.
pub fn part(tx: &mut Tx, act: &Acting, home: Uid, from: Uid, since: Time) -> Result<Vec<Uid>, Fail> {
    let (own, others) = (names(tx, home)?, names(tx, from)?);
    let joined = cases::parts_since(tx, from, since)?;
    let mut by_case: BTreeMap<Uid, Vec<Said>> = BTreeMap::new();
    for said in joining::said_since(tx, &[home, from], since)? {
        by_case.entry(said.case_id).or_default().push(said);
    }
    for row in &joined {
        by_case.entry(row.case_id).or_default();
    }
    let (mut written, mut moved) = (Vec::new(), Vec::new());
    for (case, said) in by_case {
        let case = cases::get(tx, case)?;
        let row = joined.iter().find(|row| row.case_id == case.id);
        let all = if row.is_some() { joining::said_in(tx, case.id)? } else { said.clone() };
        if said.iter().any(|s| concerns(s, &others)) {
            // Perhaps it was let in there only because the other took part.
            record::join(tx, act, &case, from, "participant")?;
        }
        if !all.iter().any(|s| concerns(s, &own)) {
            continue;
        }
        let theirs = |s: &&Said| s.author_id == Some(from) && s.author_kind == "contact";
        written.extend(said.iter().filter(theirs).filter(|s| speaks(s, &own)).map(|s| s.id));
        let is_new = case.contact_id == from && case.created_at >= since;
        let opened = is_new && said.iter().find(theirs).is_some_and(|s| speaks(s, &own));
        if opened {
            moved.push(case.id);
        }
        if let Some(row) = row {
            let asked = case.contact_id == from && !opened;
            cases::remove_part(tx, row)?;
            if asked || all.iter().any(|s| concerns(s, &others)) {
                record::join(tx, act, &case, from, if asked { "requester" } else { "participant" })?;
            }
        }
        record::join(tx, act, &case, home, if opened { "requester" } else { "participant" })?;
    }
    joining::set_author(tx, &written, home)?;
    joining::give_cases(tx, &moved, from, home)?;
    Ok(moved)
}

fn names(tx: &mut Tx, contact: Uid) -> Result<Names, Fail> {
    Ok(contacts::identities_of(tx, &[contact])?.into_iter().map(|i| (i.kind, i.normal)).collect())
}

fn speaks(said: &Said, names: &Names) -> bool {
    said.sender.read::<Option<Party>>().is_some_and(|party| is_among(&party, names))
}

fn concerns(said: &Said, names: &Names) -> bool {
    let among = |list: &Json| list.read::<Vec<Party>>().iter().any(|party| is_among(party, names));
    speaks(said, names) || among(&said.recipients) || among(&said.copies)
}

fn is_among(party: &Party, names: &Names) -> bool {
    let normal = addresses::normal(party.kind, &party.address);
    normal.is_some_and(|normal| names.contains(&(party.kind.as_str().to_owned(), normal)))
}
