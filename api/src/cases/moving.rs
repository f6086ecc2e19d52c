//! Two cases that are one: every message of the first moves to the second, and back again where that was wrong.
//!
//! Files, thread and words go with their message. The log is not rewritten: a line in each case says what moved, and the
//! first case's line holds all that undoing it needs.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{record, written::Written};
use crate::{
    acting::Acting,
    fail::Fail,
    ids::{self, Prefix},
    store::{
        Json, Time, Tx, Uid,
        cases::{self, Case, PartyRow},
        contacts, events, inbound, messages, search,
    },
};

/// Messages that one statement moves.
const TOGETHER: usize = 500;
const MERGED: &str = "case.merged";

/// What the first case's line in the log keeps for undoing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Moved {
    into: String,
    messages: Vec<String>,
    /// Who became a party by this.
    joined: Vec<String>,
    status: String,
    outcome: Option<String>,
    closed_at: Option<jiff::Timestamp>,
}

/// Both cases as they are afterwards.
#[derive(Clone, Debug)]
pub struct Both {
    pub from: Case,
    pub into: Case,
}

/// Moves everything that was said in `from` into `into`, whose parties the people of `from` become; `from` is closed and
/// leads there. `reopens`: a person outside is waiting for an answer.
pub fn merge(tx: &mut Tx, act: &Acting, written: &mut Written, both: &Both, reopens: bool) -> Result<Both, Fail> {
    let Both { from, into } = both;
    if from.id == into.id {
        return Err(Fail::conflict("same-case", "a case cannot be merged into itself"));
    }
    goes_on(from)?;
    goes_on(into)?;
    let moved = messages::ids_of_case(tx, from.id)?;
    carry(tx, &moved, into.id)?;
    let there: Vec<Uid> = cases::parties_of(tx, into.id)?.into_iter().map(|party| party.through).collect();
    let mut joined = Vec::new();
    for party in cases::parties_of(tx, from.id)? {
        if !there.contains(&party.through) {
            joined.push(party.through);
            cases::add_party(
                tx,
                PartyRow { case_id: into.id, role: "participant".into(), added_at: act.now, ..party },
            )?;
        }
    }
    let kept = Moved {
        into: ids::CASE.show(into.id.0),
        messages: shown(ids::MESSAGE, &moved),
        joined: shown(ids::CONTACT, &joined),
        status: from.status.clone(),
        outcome: from.outcome.clone(),
        closed_at: from.closed_at.map(|at| at.0),
    };
    let closed = Case {
        status: "closed".to_owned(),
        outcome: None,
        closed_at: Some(act.now),
        merged_into: Some(into.id),
        updated_at: act.now,
        ..from.clone()
    };
    let from = cases::update(tx, &closed)?;
    tell(tx, act, written, MERGED, from.id, Json::of(&kept));
    let came = json!({ "from": ids::CASE.show(from.id.0), "reference": from.reference, "messages": kept.messages });
    tell(tx, act, written, MERGED, into.id, Json(came));
    let into = record::touch(tx, act, written, into, reopens)?;
    Ok(Both { from, into })
}

/// Takes a merge back: what moved goes home, and `from` is again what it was. What was said since stays where it was said.
pub fn unmerge(tx: &mut Tx, act: &Acting, written: &mut Written, from: &Case) -> Result<Both, Fail> {
    let Some(into) = from.merged_into else {
        return Err(Fail::conflict("not-merged", "this case was not merged into another"));
    };
    let into = cases::get(tx, into)?;
    goes_on(&into)?;
    let line = events::last(tx, from.id, MERGED)?;
    let kept: Moved = line.map(|line| line.data.read()).unwrap_or_default();
    let mut moved = Vec::new();
    for chunk in read(ids::MESSAGE, &kept.messages).chunks(TOGETHER) {
        moved.extend(messages::lying_in(tx, into.id, chunk)?);
    }
    carry(tx, &moved, from.id)?;
    // Whoever spoke in the other case since is a party of it by that.
    let writers = messages::writers_in(tx, into.id)?;
    let spoke = people_of(tx, &writers)?;
    let joined = people_of(tx, &read(ids::CONTACT, &kept.joined))?;
    let silent = |(_, person): &&(Uid, Uid)| !spoke.iter().any(|(_, other)| other == person);
    let left: Vec<Uid> = joined.iter().filter(silent).map(|(through, _)| *through).collect();
    cases::remove_parties(tx, into.id, &left)?;
    let opened = Case {
        status: kept.status,
        outcome: kept.outcome,
        closed_at: kept.closed_at.map(Time),
        merged_into: None,
        updated_at: act.now,
        ..from.clone()
    };
    let from = cases::update(tx, &opened)?;
    let moved = shown(ids::MESSAGE, &moved);
    let line = json!({ "into": ids::CASE.show(into.id.0), "messages": moved });
    tell(tx, act, written, "case.unmerged", from.id, Json(line));
    let line = json!({ "from": ids::CASE.show(from.id.0), "reference": from.reference, "messages": moved });
    tell(tx, act, written, "case.unmerged", into.id, Json(line));
    let into = record::touch(tx, act, written, &into, false)?;
    Ok(Both { from, into })
}

/// Refuses to change a case that has become part of another.
pub fn goes_on(case: &Case) -> Result<(), Fail> {
    match case.merged_into {
        None => Ok(()),
        Some(into) => {
            let into = ids::CASE.show(into.0);
            Err(Fail::conflict(
                "merged",
                format!("this case was merged into {into}: work on that, or unmerge this one"),
            ))
        }
    }
}

/// Each contact with the one that stands for the same person now.
fn people_of(tx: &mut Tx, all: &[Uid]) -> Result<Vec<(Uid, Uid)>, Fail> {
    let mut people = Vec::with_capacity(all.len());
    for contact in contacts::get_all(tx, all)? {
        people.push((contact.id, contacts::whole(tx, contact)?.id));
    }
    Ok(people)
}

fn carry(tx: &mut Tx, moved: &[Uid], case: Uid) -> Result<(), Fail> {
    for chunk in moved.chunks(TOGETHER) {
        messages::set_case(tx, chunk, case)?;
        inbound::set_case(tx, chunk, case)?;
        search::set_case(tx, chunk, case)?;
    }
    Ok(())
}

fn tell(tx: &Tx, act: &Acting, written: &mut Written, kind: &str, case: Uid, data: Json) {
    let mut event = act.event(tx, kind);
    event.case_id = Some(case);
    event.data = data;
    written.events.push(event);
}

fn shown(prefix: Prefix, all: &[Uid]) -> Vec<String> {
    all.iter().map(|id| prefix.show(id.0)).collect()
}

fn read(prefix: Prefix, all: &[String]) -> Vec<Uid> {
    all.iter().filter_map(|id| prefix.read(id).map(Uid)).collect()
}
