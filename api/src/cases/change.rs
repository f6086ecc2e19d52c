//! How a case changes: checked against what is there, and told in one line of the log with old and new values.

use serde_json::{Map, Value, json};

use super::{
    fields::{Check, OUTCOMES, PRIORITIES, STATUSES},
    moving, record,
    written::Written,
};
use crate::{
    acting::Acting,
    fail::Fail,
    ids::{self, Prefix},
    store::{
        Json, Tx, Uid,
        cases::{self, Case},
        tenant,
    },
};

/// What to change; a field left out stays, and the inner `None` empties it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub subject: Option<String>,
    pub status: Option<String>,
    pub outcome: Option<Option<String>>,
    pub priority: Option<String>,
    pub topic_id: Option<Option<Uid>>,
    pub team_id: Option<Option<Uid>>,
    pub assignee_id: Option<Option<Uid>>,
    /// All tags that the case shall have.
    pub tags: Option<Vec<String>>,
}

/// Changes a case that still is as the caller read it. A change that changes nothing leaves no trace.
pub fn change(tx: &mut Tx, act: &Acting, case: &Case, change: Change) -> Result<Case, Fail> {
    moving::goes_on(case)?;
    let mut check = Check::default();
    let mut row = case.clone();
    if let Some(subject) = &change.subject {
        row.subject = check.subject(subject);
    }
    if let Some(status) = change.status {
        check.one_of("/status", &status, &STATUSES);
        if status == "new" && case.status != "new" {
            check.wrong("/status", "a case that was worked on is not new again; use open");
        }
        row.status = status;
    }
    if let Some(outcome) = change.outcome {
        row.outcome = outcome;
    } else if !is_over(&row.status) {
        row.outcome = None;
    }
    if let Some(outcome) = &row.outcome {
        check.one_of("/outcome", outcome, &OUTCOMES);
        if !is_over(&row.status) {
            check.wrong("/outcome", "only a resolved or closed case has an outcome");
        }
    }
    if let Some(priority) = change.priority {
        check.one_of("/priority", &priority, &PRIORITIES);
        row.priority = priority;
    }
    if let Some(topic) = change.topic_id {
        check.topic(tx, topic)?;
        row.topic_id = topic;
    }
    if let Some(team) = change.team_id {
        check.team(tx, team)?;
        row.team_id = team;
    }
    if let Some(assignee) = change.assignee_id {
        check.assignee(tx, assignee)?;
        row.assignee_id = assignee;
    }
    let had: Vec<String> = match &change.tags {
        Some(_) => cases::tags_of(tx, &[case.id])?.into_iter().map(|(_, tag)| tag).collect(),
        None => Vec::new(),
    };
    let tags = change.tags.map(|tags| check.tags(&tags)).filter(|tags| *tags != had);
    check.done()?;
    row.closed_at = if row.status == "closed" { case.closed_at.or(Some(act.now)) } else { None };

    let mut changes = differences(case, &row);
    if let Some(tags) = &tags {
        changes.insert("tags".to_owned(), json!({ "from": had, "to": tags }));
    }
    if changes.is_empty() {
        return Ok(case.clone());
    }
    row.updated_at = act.now;
    let row = cases::update(tx, &row)?;
    if let Some(tags) = &tags {
        cases::set_tags(tx, case.id, tags)?;
    }
    let mut written = Written::default();
    if row.subject != case.subject {
        let language = tenant::get(tx)?.locale;
        written.docs.push(record::doc(&row, &language));
    }
    let mut event = act.event(tx, "case.changed");
    event.case_id = Some(case.id);
    event.data = Json(json!({ "changes": changes }));
    written.events.push(event);
    written.flush(tx)?;
    Ok(row)
}

fn is_over(status: &str) -> bool {
    matches!(status, "resolved" | "closed")
}

/// Every field whose value differs, with both values as the API shows them.
fn differences(old: &Case, new: &Case) -> Map<String, Value> {
    let id = |prefix: Prefix, id: Option<Uid>| id.map(|id| prefix.show(id.0));
    let fields = [
        ("subject", json!(old.subject), json!(new.subject)),
        ("status", json!(old.status), json!(new.status)),
        ("outcome", json!(old.outcome), json!(new.outcome)),
        ("priority", json!(old.priority), json!(new.priority)),
        ("topic_id", json!(id(ids::TOPIC, old.topic_id)), json!(id(ids::TOPIC, new.topic_id))),
        ("team_id", json!(id(ids::TEAM, old.team_id)), json!(id(ids::TEAM, new.team_id))),
        ("assignee_id", json!(id(ids::STAFF, old.assignee_id)), json!(id(ids::STAFF, new.assignee_id))),
    ];
    let changed = fields.into_iter().filter(|(_, from, to)| from != to);
    changed.map(|(name, from, to)| (name.to_owned(), json!({ "from": from, "to": to }))).collect()
}
