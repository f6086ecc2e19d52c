//! `/v1/cases/{id}/merge` and `/unmerge`: two cases that are one, and two again.

use actix_web::{post, web::Path};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body,
    cases::{CaseView, named},
    door::Door,
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    cases::{
        moving::{self, Both},
        written::Written,
    },
    fail::Fail,
    ids,
    store::{Uid, cases},
};

/// Where a case goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCase {
    /// The case that its messages move to.
    #[schema(example = "cas_0197f2a1c3d47b3e8a1f5c2d9e6b7a90")]
    into: String,
}

/// Merges a case into another.
///
/// Everything in it moves, with files and thread; its people become parties of the other case, and it is closed and leads
/// there (`merged_into`).
#[utoipa::path(tag = "cases", operation_id = "merge_case", params(("id" = String, Path, description = "The case.")),
    request_body = MergeCase, responses((status = 200, description = "The case, closed.", body = CaseView)))]
#[post("/cases/{id}/merge")]
pub async fn merge(door: Door<needs::CasesWrite>, path: Path<String>, body: Body<MergeCase>) -> Answer {
    let (only_if, wanted) = (door.if_match()?, body.0);
    door.write(move |tx, who| {
        let from = named(tx, &path)?;
        let into = cases::get(tx, Uid(ids::CASE.read(&wanted.into).unwrap_or(Uuid::nil())));
        only_if.check(who, from.version)?;
        let into = into.map_err(|_| Fail::field("/into", "there is no such case"))?;
        let mut written = Written::default();
        let both = moving::merge(tx, &who.acting, &mut written, &Both { from, into }, false)?;
        written.flush(tx)?;
        Ok(Reply::ok(&CaseView::load(tx, &both.from)?)?.version(both.from.version))
    })
    .await
}

/// Takes a merge back: what moved comes home, and the case is again what it was.
///
/// What was said since then stays in the other case.
#[utoipa::path(tag = "cases", operation_id = "unmerge_case", params(("id" = String, Path, description = "The case.")),
    responses((status = 200, description = "The case as it is now.", body = CaseView)))]
#[post("/cases/{id}/unmerge")]
pub async fn unmerge(door: Door<needs::CasesWrite>, path: Path<String>) -> Answer {
    let only_if = door.if_match()?;
    door.write(move |tx, who| {
        let from = named(tx, &path)?;
        only_if.check(who, from.version)?;
        let mut written = Written::default();
        let both = moving::unmerge(tx, &who.acting, &mut written, &from)?;
        written.flush(tx)?;
        Ok(Reply::ok(&CaseView::load(tx, &both.from)?)?.version(both.from.version))
    })
    .await
}
