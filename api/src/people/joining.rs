//! Two contacts that are one person: everything of the first becomes the second's, and comes back where that was wrong.
//!
//! The log is not rewritten: a line about each contact says what moved, and the first one's line holds what undoing it
//! needs. Only who takes part in which case is kept with its row (`through`): two joined contacts may both take part in
//! one case, and each must come out of it alone.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{contacts as people, names, parting};
use crate::{
    acting::Acting,
    cases::written::Written,
    fail::Fail,
    ids::{self, Prefix},
    store::{
        Json, Tx, Uid,
        contacts::{self, Contact},
        events, joining,
    },
};

const MERGED: &str = "contact.merged";

/// What the first contact's line in the log keeps for undoing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Moved {
    into: String,
    identities: Vec<String>,
    cases: Vec<String>,
    /// What the other contact took because it had none.
    name: Option<String>,
    language: Option<String>,
    preferred_channel: Option<String>,
    quiet_hours: Option<Value>,
    /// Why they are one person, in words.
    because: String,
}

impl Moved {
    fn channel(&self) -> Option<Uid> {
        self.preferred_channel.as_deref().and_then(|id| ids::CHANNEL.read(id)).map(Uid)
    }
}

/// Both contacts as they are afterwards.
#[derive(Clone, Debug)]
pub struct Both {
    pub from: Contact,
    pub into: Contact,
}

/// Refuses to change a contact that another stands for.
pub fn goes_on(contact: &Contact) -> Result<(), Fail> {
    match contact.merged_into {
        None => Ok(()),
        Some(into) => {
            let into = ids::CONTACT.show(into.0);
            Err(Fail::conflict(
                "merged",
                format!("this contact was merged into {into}: work on that, or unmerge this one"),
            ))
        }
    }
}

/// Makes everything of `from` part of `into`: addresses, cases, whatever they take part in, and the name and the wishes
/// (language, preferred channel, quiet hours) that `into` lacks. `from` stays, and leads there.
pub fn merge(tx: &mut Tx, act: &Acting, written: &mut Written, both: &Both, because: &str) -> Result<Both, Fail> {
    let Both { from, into } = both;
    if from.id == into.id {
        return Err(Fail::conflict("same-contact", "a contact cannot be merged into itself"));
    }
    goes_on(from)?;
    goes_on(into)?;
    let addresses: Vec<Uid> = contacts::identities_of(tx, &[from.id])?.iter().map(|i| i.id).collect();
    let cases = joining::cases_of(tx, from.id)?;
    joining::give_addresses(tx, &addresses, into.id)?;
    joining::give_cases(tx, &cases, from.id, into.id)?;
    joining::give_parts(tx, from.id, None, into.id)?;
    let kept = Moved {
        into: ids::CONTACT.show(into.id.0),
        identities: shown(ids::IDENTITY, &addresses),
        cases: shown(ids::CASE, &cases),
        name: from.name.clone().filter(|_| into.name.is_none()),
        language: from.language.clone().filter(|_| into.language.is_none()),
        preferred_channel: from
            .preferred_channel
            .filter(|_| into.preferred_channel.is_none())
            .map(|id| ids::CHANNEL.show(id.0)),
        quiet_hours: from.quiet_hours.as_ref().filter(|_| into.quiet_hours.is_none()).map(|hours| hours.0.clone()),
        because: because.to_owned(),
    };
    let row = named(into, into.name.clone().or_else(|| kept.name.clone()));
    let row = Contact {
        language: into.language.clone().or_else(|| kept.language.clone()),
        preferred_channel: into.preferred_channel.or_else(|| kept.channel()),
        quiet_hours: into.quiet_hours.clone().or_else(|| kept.quiet_hours.clone().map(Json)),
        ..row
    };
    let came = json!({
        "from": ids::CONTACT.show(from.id.0), "identities": kept.identities, "cases": kept.cases, "because": because,
    });
    let from = Contact { merged_into: Some(into.id), ..from.clone() };
    let from = saved(tx, act, written, &from, MERGED, Json::of(&kept))?;
    let into = saved(tx, act, written, &row, MERGED, Json(came))?;
    Ok(Both { from, into })
}

/// Takes a merge back: what came along goes home, and so does what arrived since through the addresses that go home.
pub fn unmerge(tx: &mut Tx, act: &Acting, written: &mut Written, from: &Contact) -> Result<Both, Fail> {
    let Some(into) = from.merged_into else {
        return Err(Fail::conflict("not-merged", "this contact was not merged into another"));
    };
    let into = contacts::get(tx, into)?;
    if let Some(further) = into.merged_into {
        let (middle, further) = (ids::CONTACT.show(into.id.0), ids::CONTACT.show(further.0));
        let why = format!("{middle}, into which this contact was merged, became part of {further}: unmerge that first");
        return Err(Fail::conflict("merged-further", why));
    }
    let line = events::last_about(tx, from.id, MERGED)?;
    let since = line.as_ref().map_or(from.updated_at, |line| line.at);
    let kept: Moved = line.map(|line| line.data.read()).unwrap_or_default();

    let addresses = joining::addresses_with(tx, into.id, &read(ids::IDENTITY, &kept.identities))?;
    joining::give_addresses(tx, &addresses, from.id)?;
    joining::give_cases(tx, &read(ids::CASE, &kept.cases), into.id, from.id)?;
    let mut own = contacts::merged_into(tx, &[from.id])?;
    own.push(from.id);
    joining::give_parts(tx, into.id, Some(&own), from.id)?;
    let cases = parting::part(tx, act, from.id, into.id, since)?;

    // What was changed since the merge is not given back.
    let row = if kept.name.is_some() && kept.name == into.name { named(&into, None) } else { into.clone() };
    let row = Contact {
        language: into.language.filter(|has| kept.language.as_ref() != Some(has)),
        preferred_channel: into.preferred_channel.filter(|has| kept.channel() != Some(*has)),
        quiet_hours: into.quiet_hours.filter(|has| kept.quiet_hours.as_ref() != Some(&has.0)),
        ..row
    };
    let (identities, since) = (shown(ids::IDENTITY, &addresses), shown(ids::CASE, &cases));
    let gone = json!({ "from": ids::CONTACT.show(from.id.0), "identities": identities, "cases_since": since });
    let back = json!({ "into": kept.into, "identities": identities, "cases_since": since });
    let from = Contact { merged_into: None, ..from.clone() };
    let from = saved(tx, act, written, &from, "contact.unmerged", Json(back))?;
    let into = saved(tx, act, written, &row, "contact.unmerged", Json(gone))?;
    Ok(Both { from, into })
}

fn named(contact: &Contact, name: Option<String>) -> Contact {
    Contact { folded_name: name.as_deref().and_then(names::folded), name, ..contact.clone() }
}

fn saved(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    row: &Contact,
    kind: &str,
    data: Json,
) -> Result<Contact, Fail> {
    let row = contacts::update(tx, &Contact { updated_at: act.now, ..row.clone() }, row.version)?;
    let identities = contacts::identities_of(tx, &[row.id])?;
    written.docs.push(people::doc(&row, &identities));
    let mut event = act.event(tx, kind);
    event.contact_id = Some(row.id);
    event.data = data;
    written.events.push(event);
    Ok(row)
}

fn shown(prefix: Prefix, all: &[Uid]) -> Vec<String> {
    all.iter().map(|id| prefix.show(id.0)).collect()
}

fn read(prefix: Prefix, all: &[String]) -> Vec<Uid> {
    all.iter().filter_map(|id| prefix.read(id).map(Uid)).collect()
}
