//! Texts wait for the end of the quiet hours of whoever they are to, unless that person is at their phone right now.

use civicdesk_contract::{Capabilities, Party};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::reach;
use crate::{
    fail::Fail,
    people::{addresses, quiet::Hours},
    store::{
        Json, Time, Tx, contacts,
        jobs::Job,
        tenant::{self, Tenant},
    },
};

/// The agency's setting: hours, or null for none; where it is missing, the usual hours.
pub const SETTING: &str = "quiet_hours";
/// So long after their last word somebody is still at their phone.
const AWAKE: SignedDuration = SignedDuration::from_mins(30);

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub due: Time,
    /// For staff, such as `held until 08:00: quiet hours`.
    pub why: String,
}

/// The hours of an agency; none where it has turned them off.
pub fn hours_of(tenant: &Tenant) -> Option<Hours> {
    match tenant.settings.0.get(SETTING) {
        None => Some(Hours::usual()),
        Some(set) => serde_json::from_value(set.clone()).ok(),
    }
}

/// Until when a message to these people waits; none where it goes at once. `heard`: when they last wrote there.
pub fn until(
    tx: &mut Tx,
    can: &Capabilities,
    to: &[Party],
    heard: Option<Time>,
    now: Time,
) -> Result<Option<Held>, Fail> {
    let awake = heard.is_some_and(|at| now.0.duration_since(at.0) < AWAKE);
    if !reach::texts(can) || awake {
        return Ok(None);
    }
    let tenant = tenant::get(tx)?;
    let mut ends = Vec::new();
    for party in to {
        let hours = own_hours(tx, party)?.or_else(|| hours_of(&tenant));
        ends.extend(hours.and_then(|hours| hours.end(now.0, &tenant.time_zone)));
    }
    Ok(ends.into_iter().max().map(|end| Held {
        due: Time::new(end.timestamp()),
        why: format!("held until {}: quiet hours", end.strftime("%H:%M")),
    }))
}

/// What the person has asked for.
fn own_hours(tx: &mut Tx, party: &Party) -> Result<Option<Hours>, Fail> {
    let Some(normal) = addresses::normal(party.kind, &party.address) else { return Ok(None) };
    let Some(identity) = contacts::find_identity(tx, party.kind.as_str(), &normal)? else { return Ok(None) };
    let own: Option<Json> = contacts::get(tx, identity.contact_id)?.quiet_hours;
    Ok(own.and_then(|own| serde_json::from_value(own.0).ok()))
}

/// What the job of a message carries that waits for no morning.
pub fn urgent() -> Value {
    json!({ "urgent": true })
}

pub fn is_urgent(job: &Job) -> bool {
    job.payload.0["urgent"] == true
}
