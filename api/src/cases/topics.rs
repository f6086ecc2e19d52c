//! What cases are about: made and changed by those who order the work.

use super::{
    fields::{Check, one_line},
    form::{self, FormField},
};
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
/// Characters of a description.
const LONGEST_DESCRIPTION: usize = 2_000;

/// What a topic is to be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub name: String,
    pub description: Option<String>,
    pub fields: Vec<FormField>,
    pub team_id: Option<Uid>,
}

impl Wanted {
    /// What a topic is now.
    pub fn of(topic: &Topic) -> Self {
        Self {
            name: topic.name.clone(),
            description: topic.description.clone(),
            fields: topic.fields.read(),
            team_id: topic.team_id,
        }
    }
}

/// Makes a topic.
pub fn create(tx: &mut Tx, act: &Acting, wanted: &Wanted) -> Result<Topic, Fail> {
    let id = act.id();
    let Wanted { name, description, fields, team_id } = checked(tx, id, wanted)?;
    let (tenant_id, at) = (tx.tenant(), act.now);
    let fields = Json::of(&fields);
    let topic = Topic { tenant_id, id, name, description, fields, team_id, version: 1, created_at: at, updated_at: at };
    topics::insert(tx, &topic)?;
    tell(tx, act, "topic.created", &topic)?;
    Ok(topic)
}

/// Changes a topic that still is as the caller read it. A change that changes nothing leaves no trace.
pub fn change(tx: &mut Tx, act: &Acting, topic: &Topic, wanted: &Wanted) -> Result<Topic, Fail> {
    let Wanted { name, description, fields, team_id } = checked(tx, topic.id, wanted)?;
    let row = Topic { name, description, fields: Json::of(&fields), team_id, ..topic.clone() };
    if row == *topic {
        return Ok(row);
    }
    let row = topics::update(tx, &Topic { updated_at: act.now, ..row })?;
    tell(tx, act, "topic.changed", &row)?;
    Ok(row)
}

fn checked(tx: &mut Tx, id: Uid, wanted: &Wanted) -> Result<Wanted, Fail> {
    let mut check = Check::default();
    let name = one_line(&wanted.name);
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        check.wrong("/name", format!("must have 1 to {LONGEST_NAME} characters"));
    }
    let description = wanted.description.as_deref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        check.wrong("/description", format!("must have at most {LONGEST_DESCRIPTION} characters"));
    }
    let fields = form::checked(&mut check, &wanted.fields);
    check.team(tx, wanted.team_id)?;
    check.done()?;
    if topics::is_taken(tx, &name, id)? {
        return Err(Fail::conflict("name-taken", "another topic has this name"));
    }
    Ok(Wanted { name, description, fields, team_id: wanted.team_id })
}

fn tell(tx: &mut Tx, act: &Acting, kind: &str, topic: &Topic) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.data = Json(serde_json::json!({ "topic_id": crate::ids::TOPIC.show(topic.id.0), "name": topic.name }));
    Ok(events::append(tx, vec![event])?)
}
