//! What cases are about: made and changed by those who order the work.

use super::fields::{Check, one_line};
use crate::{
    acting::Acting,
    fail::Fail,
    store::{
        Json, Tx, Uid, events,
        topics::{self, Topic},
    },
};

/// Characters of a topic's name.
const LONGEST_NAME: usize = 200;

/// Makes a topic.
pub fn create(tx: &mut Tx, act: &Acting, name: &str, team_id: Option<Uid>) -> Result<Topic, Fail> {
    let id = act.id();
    let name = checked(tx, id, name, team_id)?;
    let (at, tenant_id) = (act.now, tx.tenant());
    let topic = Topic { tenant_id, id, name, team_id, version: 1, created_at: at, updated_at: at };
    topics::insert(tx, &topic)?;
    tell(tx, act, "topic.created", &topic)?;
    Ok(topic)
}

/// Changes a topic that still is as the caller read it. A change that changes nothing leaves no trace.
pub fn change(
    tx: &mut Tx,
    act: &Acting,
    topic: &Topic,
    name: Option<&str>,
    team_id: Option<Option<Uid>>,
) -> Result<Topic, Fail> {
    let mut row = topic.clone();
    row.team_id = team_id.unwrap_or(row.team_id);
    row.name = checked(tx, row.id, name.unwrap_or(&topic.name), row.team_id)?;
    if row == *topic {
        return Ok(row);
    }
    row.updated_at = act.now;
    let row = topics::update(tx, &row)?;
    tell(tx, act, "topic.changed", &row)?;
    Ok(row)
}

fn checked(tx: &mut Tx, id: Uid, name: &str, team: Option<Uid>) -> Result<String, Fail> {
    let mut check = Check::default();
    let name = one_line(name);
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        check.wrong("/name", format!("must have 1 to {LONGEST_NAME} characters"));
    }
    check.team(tx, team)?;
    check.done()?;
    if topics::is_taken(tx, &name, id)? {
        return Err(Fail::conflict("name-taken", "another topic has this name"));
    }
    Ok(name)
}

fn tell(tx: &mut Tx, act: &Acting, kind: &str, topic: &Topic) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.data = Json(serde_json::json!({ "topic_id": crate::ids::TOPIC.show(topic.id.0), "name": topic.name }));
    Ok(events::append(tx, vec![event])?)
}
