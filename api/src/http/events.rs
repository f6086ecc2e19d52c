//! `/v1/events` and `/v1/cases/{id}/events`: the log, and a case's part of it.

use actix_web::{get, web::Path};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Params,
    cases::named as case_named,
    door::Door,
    page::List,
    show::id_or_none,
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    fail::Fail,
    ids,
    store::events::{self, Filter},
    webhooks::event::EventView,
};

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
