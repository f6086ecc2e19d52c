//! Teams and who is in them.

use actix_web::{delete, get, patch, post, put, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    door::Door,
    page::List,
    staff::StaffView,
    wire::{Answer, Reply, id},
};
use crate::{
    auth::needs,
    fail::Fail,
    ids,
    store::{self, Tx, Uid, teams::Team},
};

/// A group of staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub struct TeamView {
    #[schema(example = "tea_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    #[schema(example = "Roads")]
    name: String,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    created_at: String,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    updated_at: String,
}

impl TeamView {
    fn of(row: Team) -> Self {
        Self {
            id: ids::TEAM.show(row.id.0),
            name: row.name,
            created_at: row.created_at.0.to_string(),
            updated_at: row.updated_at.0.to_string(),
        }
    }
}

/// A team's name, unique in the agency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameTeam {
    #[schema(example = "Roads", min_length = 1, max_length = 100)]
    name: String,
}

impl NameTeam {
    fn checked(self) -> Result<String, Fail> {
        let name = self.name.trim().to_owned();
        let fits = !name.is_empty() && name.chars().count() <= 100;
        if fits { Ok(name) } else { Err(Fail::field("/name", "must have 1 to 100 characters")) }
    }
}

/// Which part of a list to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// How many at most, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 25)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Lists teams in the order in which they were formed.
#[utoipa::path(tag = "teams", operation_id = "list_teams", params(Part),
    responses((status = 200, description = "A page of teams.", body = List<TeamView>)))]
#[get("/teams")]
pub async fn list(door: Door<needs::StaffRead>, query: Params<Part>) -> Answer {
    let page = door.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let rows = store::teams::page(tx, page.after, page.fetch())?;
        Reply::ok(&page.list(rows, |t| t.id.0, TeamView::of))
    })
    .await
}

/// Forms a team.
#[utoipa::path(tag = "teams", operation_id = "create_team", request_body = NameTeam,
    responses((status = 201, description = "Formed.", body = TeamView)))]
#[post("/teams")]
pub async fn create(door: Door<needs::StaffManage>, body: Body<NameTeam>) -> Answer {
    let (name, team, now) = (body.into_inner().checked()?, Uid(door.app().ids.next()), door.app().time());
    door.write(move |tx, _| {
        refuse_taken(tx, &name, None)?;
        let (tenant_id, name) = (tx.tenant(), name.clone());
        let row = Team { tenant_id, id: team, name, version: 1, created_at: now, updated_at: now };
        store::teams::insert(tx, &row)?;
        let view = TeamView::of(row);
        Ok(Reply::created(format!("/v1/teams/{}", view.id), &view)?.version(1))
    })
    .await
}

fn refuse_taken(tx: &mut Tx, name: &str, own: Option<Uuid>) -> Result<(), Fail> {
    match store::teams::by_name(tx, name)? {
        Some(other) if Some(other.id.0) != own => {
            Err(Fail::conflict("name-taken", "there is a team with this name: choose another"))
        }
        _ => Ok(()),
    }
}

/// Reads a team.
#[utoipa::path(tag = "teams", operation_id = "get_team", params(("id" = String, Path, description = "The team's id.")),
    responses((status = 200, description = "The team.", body = TeamView)))]
#[get("/teams/{id}")]
pub async fn read(door: Door<needs::StaffRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let row = store::teams::get(tx, id(ids::TEAM, &path)?)?;
        let version = row.version;
        Ok(Reply::ok(&TeamView::of(row))?.version(version))
    })
    .await
}

/// Renames a team.
#[utoipa::path(tag = "teams", operation_id = "update_team", request_body = NameTeam,
    params(("id" = String, Path, description = "The team's id.")),
    responses((status = 200, description = "The team as it is now.", body = TeamView)))]
#[patch("/teams/{id}")]
pub async fn update(door: Door<needs::StaffManage>, path: Path<String>, body: Body<NameTeam>) -> Answer {
    let (only_if, name) = (door.if_match()?, body.into_inner().checked()?);
    door.write(move |tx, who| {
        let id = id(ids::TEAM, &path)?;
        let row = store::teams::get(tx, id)?;
        only_if.check(who, row.version)?;
        refuse_taken(tx, &name, Some(id))?;
        store::teams::rename(tx, id, row.version, &name, who.acting.now)?;
        let row = store::teams::get(tx, id)?;
        let version = row.version;
        Ok(Reply::ok(&TeamView::of(row))?.version(version))
    })
    .await
}

/// Lists the members of a team.
#[utoipa::path(tag = "teams", operation_id = "list_team_members", params(Part, ("id" = String, Path, description = "The team's id.")),
    responses((status = 200, description = "A page of the team's members.", body = List<StaffView>)))]
#[get("/teams/{id}/members")]
pub async fn members(door: Door<needs::StaffRead>, path: Path<String>, query: Params<Part>) -> Answer {
    let page = door.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let team = store::teams::get(tx, id(ids::TEAM, &path)?)?;
        let rows = store::teams::members(tx, team.id.0, page.after, page.fetch())?;
        Reply::ok(&page.list(rows, |s| s.id.0, StaffView::of))
    })
    .await
}

/// Puts a member of staff into a team.
#[utoipa::path(tag = "teams", operation_id = "add_team_member",
    params(("id" = String, Path, description = "The team's id."), ("staff_id" = String, Path, description = "The member's id.")),
    responses((status = 204, description = "The member is in the team.")))]
#[put("/teams/{id}/members/{staff_id}")]
pub async fn add_member(door: Door<needs::StaffManage>, path: Path<(String, String)>) -> Answer {
    door.write(move |tx, _| {
        let (team, staff) = both(tx, &path)?;
        store::teams::add_member(tx, team, staff)?;
        Ok(Reply::nothing())
    })
    .await
}

/// Takes a member of staff out of a team.
#[utoipa::path(tag = "teams", operation_id = "remove_team_member",
    params(("id" = String, Path, description = "The team's id."), ("staff_id" = String, Path, description = "The member's id.")),
    responses((status = 204, description = "The member is not in the team.")))]
#[delete("/teams/{id}/members/{staff_id}")]
pub async fn remove_member(door: Door<needs::StaffManage>, path: Path<(String, String)>) -> Answer {
    door.write(move |tx, _| {
        let (team, staff) = both(tx, &path)?;
        store::teams::remove_member(tx, team, staff)?;
        Ok(Reply::nothing())
    })
    .await
}

/// The team and the member, if both are there.
fn both(tx: &mut Tx, path: &(String, String)) -> Result<(Uuid, Uuid), Fail> {
    let team = store::teams::get(tx, id(ids::TEAM, &path.0)?)?;
    let staff = store::staff::get(tx, id(ids::STAFF, &path.1)?)?;
    Ok((team.id.0, staff.id.0))
}
