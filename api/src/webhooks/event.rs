//! A line of the log as it is shown: in lists, in the stream, and to endpoints that want it whole.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{ids, store::events::Event};

/// One line of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    #[schema(example = "evt_0197f2a1c3d47b3e8a1f5c2d9e6b7a86")]
    pub id: String,
    /// Its place in the agency's log, without gaps.
    #[schema(example = 17)]
    pub seq: i64,
    /// What happened, such as `case.opened` or `message.received`.
    #[serde(rename = "type")]
    #[schema(example = "case.changed")]
    pub kind: String,
    /// `staff`, `key`, `contact` or `system`.
    #[schema(example = "staff")]
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub case_id: Option<String>,
    pub contact_id: Option<String>,
    pub message_id: Option<String>,
    /// What goes with it; the fields depend on the type.
    #[schema(value_type = Object, example = json!({ "changes": { "status": { "from": "open", "to": "closed" } } }))]
    pub data: serde_json::Value,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub at: String,
}

impl EventView {
    pub fn of(e: Event) -> Self {
        let actor = match e.actor_kind.as_str() {
            "staff" => Some(ids::STAFF),
            "key" => Some(ids::KEY),
            "contact" => Some(ids::CONTACT),
            _ => None,
        };
        Self {
            id: ids::EVENT.show(e.id.0),
            seq: e.seq,
            actor_id: actor.zip(e.actor_id).map(|(prefix, id)| prefix.show(id.0)),
            case_id: e.case_id.map(|i| ids::CASE.show(i.0)),
            contact_id: e.contact_id.map(|i| ids::CONTACT.show(i.0)),
            message_id: e.message_id.map(|i| ids::MESSAGE.show(i.0)),
            at: e.at.0.to_string(),
            kind: e.kind,
            actor_kind: e.actor_kind,
            data: e.data.0,
        }
    }
}
