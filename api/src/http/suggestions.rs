//! `/v1/cases/{id}/suggestions`: messages that speak of a case though their sender is no party to it.

use actix_web::{get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Params,
    cases::{CaseView, named as case_named},
    door::Door,
    page::List,
    show::moment,
    wire::{Answer, IfMatch, Reply, id},
};
use crate::{
    acting::Acting,
    auth::{Who, needs},
    cases::suggesting,
    fail::Fail,
    ids,
    store::{
        Error, Tx, Uid, cases,
        cases::Case,
        messages,
        suggestions::{self, Suggestion},
    },
};

/// A message that may belong to a case, which a person decides.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionView {
    #[schema(example = "sug_0197f2a1c3d47b3e8a1f5c2d9e6b7a88")]
    pub id: String,
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub message_id: String,
    /// The case that the message speaks of.
    #[schema(example = "cas_0197f2a1c3d47b3e8a1f5c2d9e6b7a80")]
    pub case_id: String,
    /// The case in which the message lies.
    #[schema(example = "cas_0197f2a1c3d47b3e8a1f5c2d9e6b7a90")]
    pub lies_in: String,
    /// What led to the case, and what speaks against it.
    #[schema(example = "its subject names this case, but its sender is no party to it")]
    pub reason: String,
    /// `open`, `accepted` or `dismissed`.
    #[schema(example = "open")]
    pub state: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
}

impl SuggestionView {
    fn load_all(tx: &mut Tx, rows: &[Suggestion]) -> Result<Vec<Self>, Fail> {
        let all: Vec<Uid> = rows.iter().map(|s| s.message_id).collect();
        let lying = messages::cases_of(tx, &all)?;
        let view = |s: &Suggestion| {
            let lies_in =
                lying.iter().find(|(message, _)| *message == s.message_id).map_or(s.case_id, |(_, case)| *case);
            Self {
                id: ids::SUGGESTION.show(s.id.0),
                message_id: ids::MESSAGE.show(s.message_id.0),
                case_id: ids::CASE.show(s.case_id.0),
                lies_in: ids::CASE.show(lies_in.0),
                reason: s.reason.clone(),
                state: s.state.clone(),
                created_at: moment(s.created_at),
            }
        };
        Ok(rows.iter().map(view).collect())
    }
}

/// Which suggestions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListSuggestions {
    /// `open`, `accepted`, `dismissed`.
    #[serde(default)]
    state: Vec<String>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists messages that may belong to this case, and cases to which the messages in this one may belong.
#[utoipa::path(tag = "cases", operation_id = "list_suggestions",
    params(("id" = String, Path, description = "The case."), ListSuggestions),
    responses((status = 200, description = "A page of suggestions, the oldest first.", body = List<SuggestionView>)))]
#[get("/cases/{id}/suggestions")]
pub async fn list(door: Door<needs::CasesRead>, path: Path<String>, query: Params<ListSuggestions>) -> Answer {
    let page = door.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let case = case_named(tx, &path)?;
        let rows = suggestions::about_case(tx, case.id, &query.state, page.after.map(Uid), page.fetch())?;
        let listed = page.list(rows, |s| s.id.0, |s| s);
        let data = SuggestionView::load_all(tx, &listed.data)?;
        Reply::ok(&List { data, next_cursor: listed.next_cursor })
    })
    .await
}

/// Accepts a suggestion: the case that the message opened becomes part of the one that it speaks of.
///
/// Everything in it moves, with files and thread; its people become parties of the other case, and it is closed and leads
/// there (`merged_into`). `POST /v1/cases/{id}/unmerge` on it takes that back.
#[utoipa::path(tag = "cases", operation_id = "accept_suggestion",
    params(("id" = String, Path, description = "The case that the message speaks of, or the one that it lies in."),
        ("suggestion_id" = String, Path, description = "The suggestion.")),
    responses((status = 200, description = "The case that was asked for, as it is now.", body = CaseView)))]
#[post("/cases/{id}/suggestions/{suggestion_id}/accept")]
pub async fn accept(door: Door<needs::CasesWrite>, path: Path<(String, String)>) -> Answer {
    let only_if = door.if_match()?;
    door.write(move |tx, who| decide(tx, who, &path, &only_if, suggesting::accept)).await
}

/// Dismisses a suggestion: the message stays where it is.
#[utoipa::path(tag = "cases", operation_id = "dismiss_suggestion",
    params(("id" = String, Path, description = "The case that the message speaks of, or the one that it lies in."),
        ("suggestion_id" = String, Path, description = "The suggestion.")),
    responses((status = 200, description = "The case that was asked for, as it is now.", body = CaseView)))]
#[post("/cases/{id}/suggestions/{suggestion_id}/dismiss")]
pub async fn dismiss(door: Door<needs::CasesWrite>, path: Path<(String, String)>) -> Answer {
    let only_if = door.if_match()?;
    door.write(move |tx, who| decide(tx, who, &path, &only_if, suggesting::dismiss)).await
}

type Decision = fn(&mut Tx, &Acting, &Suggestion) -> Result<(), Fail>;

fn decide(
    tx: &mut Tx,
    who: &Who,
    path: &(String, String),
    only_if: &IfMatch,
    decision: Decision,
) -> Result<Reply, Fail> {
    let case = case_named(tx, &path.0)?;
    let suggestion = named(tx, &case, &path.1)?;
    only_if.check(who, case.version)?;
    decision(tx, &who.acting, &suggestion)?;
    let case = cases::get(tx, case.id)?;
    Ok(Reply::ok(&CaseView::load(tx, &case)?)?.version(case.version))
}

/// A suggestion that concerns this case.
fn named(tx: &mut Tx, case: &Case, path: &str) -> Result<Suggestion, Fail> {
    let missing = || Fail::NotFound("suggestion");
    let suggestion = suggestions::get(tx, Uid(id(ids::SUGGESTION, path)?)).map_err(|e| match e {
        Error::NotFound => missing(),
        e => e.into(),
    })?;
    let here = suggestion.case_id == case.id || messages::get(tx, suggestion.message_id)?.case_id == case.id;
    if here { Ok(suggestion) } else { Err(missing()) }
}
