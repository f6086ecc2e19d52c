//! `/v1/events` and `/v1/cases/{id}/events`: the log, and a case's part of it.

use actix_web::{get, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Params,
    cases::named as case_named,
    door::Door,
    page::List,
    show::{id_or_none, moment},
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    fail::Fail,
    ids,
    store::events::{self, Event, Filter},
};

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
            at: moment(e.at),
            kind: e.kind,
            actor_kind: e.actor_kind,
            data: e.data.0,
        }
    }
}

/// Which lines to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// Only what concerns this case.
    case_id: Option<String>,
    /// Only what concerns this contact.
    contact_id: Option<String>,
    /// Only what came after this place (`seq`) in the log.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the log, in its order.
#[utoipa::path(tag = "events", operation_id = "list_events", params(ListEvents),
    responses((status = 200, description = "A page of the log.", body = List<EventView>)))]
#[get("/events")]
pub async fn list(door: Door<needs::EventsRead>, query: Params<ListEvents>) -> Answer {
    let page = door.page::<i64>(query.limit, query.cursor.as_deref())?;
    let after = query.after.unwrap_or(0);
    if after < 0 {
        return Err(Fail::field("after", "must not be less than 0").into());
    }
    door.read(move |tx, _| {
        let filter = Filter {
            case_id: id_or_none(ids::CASE, query.case_id.as_deref()),
            contact_id: id_or_none(ids::CONTACT, query.contact_id.as_deref()),
            after: page.after.unwrap_or(0).max(after),
        };
        let rows = events::list(tx, &filter, page.fetch())?;
        Reply::ok(&page.list(rows, |e| e.seq, EventView::of))
    })
    .await
}

/// A part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CaseEvents {
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what happened in a case, the oldest first.
#[utoipa::path(tag = "cases", operation_id = "list_case_events", params(("id" = String, Path, description = "The case."), CaseEvents),
    responses((status = 200, description = "A page of the case's history.", body = List<EventView>)))]
#[get("/cases/{id}/events")]
pub async fn of_case(door: Door<needs::CasesRead>, path: Path<String>, query: Params<CaseEvents>) -> Answer {
    let page = door.page::<i64>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let case = case_named(tx, &path)?;
        let filter = Filter { case_id: Some(case.id), contact_id: None, after: page.after.unwrap_or(0) };
        let rows = events::list(tx, &filter, page.fetch())?;
        Reply::ok(&page.list(rows, |e| e.seq, EventView::of))
    })
    .await
}
