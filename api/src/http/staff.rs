//! Those who work for the agency.

use actix_web::{get, patch, post, web::Path};
use civicdesk_contract::Secret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    door::Door,
    page::List,
    wire::{Answer, Reply, id},
};
use crate::{
    auth::{
        Role, needs, passwords,
        staff::{self, NewStaff},
    },
    fail::Fail,
    ids,
    recovery::{self, keys},
    store::{
        self,
        staff::{Change, Staff},
    },
};

/// Whether a member of staff can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StaffStatus)]
pub enum Status {
    Active,
    Disabled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Active => store::staff::ACTIVE,
            Self::Disabled => store::staff::DISABLED,
        }
    }
}

/// A member of staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
pub struct StaffView {
    #[schema(example = "stf_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    #[schema(example = "ana@riverton.example")]
    email: String,
    #[schema(example = "Ana Lima")]
    name: String,
    role: Role,
    status: Status,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    created_at: String,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    updated_at: String,
}

impl StaffView {
    pub fn of(row: Staff) -> Self {
        Self {
            id: ids::STAFF.show(row.id.0),
            email: row.email,
            name: row.name,
            role: Role::read(&row.role).unwrap_or(Role::Auditor),
            status: if row.status == store::staff::ACTIVE { Status::Active } else { Status::Disabled },
            created_at: row.created_at.0.to_string(),
            updated_at: row.updated_at.0.to_string(),
        }
    }
}

/// A new member of staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffCreated {
    #[serde(flatten)]
    staff: StaffView,
    /// The password, where none was given: it is shown this once.
    #[schema(example = "pJ2xw0Q7mZ1tVb5kR8nLcA3e")]
    password: Option<String>,
}

impl StaffCreated {
    pub fn of(row: Staff, password: Option<&Secret>) -> Self {
        Self { staff: StaffView::of(row), password: password.map(|p| p.expose().to_owned()) }
    }
}

/// What a new member of staff is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateStaff {
    #[schema(example = "ana@riverton.example", format = Email)]
    pub email: String,
    #[schema(example = "Ana Lima", min_length = 1, max_length = 200)]
    pub name: String,
    pub role: Role,
    /// Leave it out, and one is made and shown once, unless the member is invited.
    #[schema(value_type = Option<String>, format = Password, min_length = 15, max_length = 256)]
    pub password: Option<Secret>,
    /// Mail them a link, good for a day, by which they choose a password that nobody else sees.
    #[serde(default)]
    #[schema(example = true)]
    pub invite: bool,
}

/// Which staff to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListStaff {
    /// How many at most, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those with this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only those with this status.
    #[param(inline)]
    status: Option<Status>,
}

/// Lists staff in the order in which they came.
#[utoipa::path(tag = "staff", operation_id = "list_staff", params(ListStaff),
    responses((status = 200, description = "A page of staff.", body = List<StaffView>)))]
#[get("/staff")]
pub async fn list(door: Door<needs::StaffRead>, query: Params<ListStaff>) -> Answer {
    let page = door.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let (role, status) = (query.role.map(Role::name), query.status.map(Status::name));
        let rows = store::staff::page(tx, page.after, role, status, page.fetch())?;
        Reply::ok(&page.list(rows, |s| s.id.0, StaffView::of))
    })
    .await
}

/// Adds a member of staff.
#[utoipa::path(tag = "staff", operation_id = "create_staff", request_body = CreateStaff,
    responses((status = 201, description = "Added.", body = StaffCreated)))]
#[post("/staff")]
pub async fn create(door: Door<needs::StaffManage>, body: Body<CreateStaff>) -> Answer {
    let CreateStaff { email, name, role, password, invite } = body.into_inner();
    // Hashing is dear: only for those who may.
    door.read(move |_, who| staff::may_change(who.rights, role)).await?;
    let (row, made) =
        staff::prepare(door.app(), door.tenant(), NewStaff { email, name, role, password, invited: invite }).await?;
    let (desk, token) = (door.app().recovery.clone(), keys::token(&door.app().ids));
    door.write(move |tx, who| {
        staff::may_change(who.rights, role)?;
        staff::add(tx, &who.acting, &row)?;
        if invite {
            recovery::staff::invite(tx, &who.acting, &desk, &row, &token)?;
        }
        let location = format!("/v1/staff/{}", ids::STAFF.show(row.id.0));
        let reply = Reply::created(location, &StaffCreated::of(row.clone(), made.as_ref()))?;
        reply.version(row.version).keep(&StaffCreated::of(row.clone(), None))
    })
    .await
}

/// Reads a member of staff.
#[utoipa::path(tag = "staff", operation_id = "get_staff", params(("id" = String, Path, description = "The member's id.")),
    responses((status = 200, description = "The member.", body = StaffView)))]
#[get("/staff/{id}")]
pub async fn read(door: Door<needs::StaffRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let row = store::staff::get(tx, id(ids::STAFF, &path)?)?;
        let version = row.version;
        Ok(Reply::ok(&StaffView::of(row))?.version(version))
    })
    .await
}

/// Mails a member of staff a link to choose a password by.
///
/// Whoever sends it never sees or chooses the password. The link is good for a day and once, and takes the place of one
/// that was sent before; the member can ask for one themselves at `/t/{tenant}/staff/recover`.
#[utoipa::path(tag = "staff", operation_id = "invite_staff", params(("id" = String, Path, description = "The member's id.")),
    responses((status = 202, description = "The mail is on its way.", body = StaffView)))]
#[post("/staff/{id}/invitation")]
pub async fn send_invitation(door: Door<needs::StaffManage>, path: Path<String>) -> Answer {
    let (desk, token) = (door.app().recovery.clone(), keys::token(&door.app().ids));
    door.write(move |tx, who| {
        let row = store::staff::get(tx, id(ids::STAFF, &path)?)?;
        if let Some(role) = Role::read(&row.role) {
            staff::may_change(who.rights, role)?;
        }
        recovery::staff::invite(tx, &who.acting, &desk, &row, &token)?;
        Reply::accepted(format!("/v1/staff/{}", ids::STAFF.show(row.id.0)), &StaffView::of(row))
    })
    .await
}

/// What to change about a member of staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStaff {
    #[schema(example = "Ana Lima", min_length = 1, max_length = 200)]
    name: Option<String>,
    role: Option<Role>,
    /// Whoever is disabled is signed out at once.
    status: Option<Status>,
    /// A new password signs the member out everywhere.
    #[schema(value_type = Option<String>, format = Password, min_length = 15, max_length = 256)]
    password: Option<Secret>,
}

/// Changes a member of staff.
#[utoipa::path(tag = "staff", operation_id = "update_staff", request_body = ChangeStaff,
    params(("id" = String, Path, description = "The member's id.")),
    responses((status = 200, description = "The member as it is now.", body = StaffView)))]
#[patch("/staff/{id}")]
pub async fn update(door: Door<needs::StaffManage>, path: Path<String>, body: Body<ChangeStaff>) -> Answer {
    let only_if = door.if_match()?;
    let new = body.into_inner();
    let mut wrong = Vec::new();
    if new.name.as_ref().is_some_and(|n| n.trim().is_empty() || n.chars().count() > 200) {
        wrong.push(("/name", "must have 1 to 200 characters".to_owned()));
    }
    let known = new.name.as_deref().unwrap_or_default();
    if let Some(Err(why)) = new.password.as_ref().map(|new| passwords::acceptable(new, &[known])) {
        wrong.push(("/password", why.to_string()));
    }
    Fail::fields(wrong)?;
    let password_hash = match &new.password {
        Some(password) => {
            door.read(|_, _| Ok(())).await?;
            Some(door.app().passwords.hash(password).await?)
        }
        None => None,
    };
    let change = Change {
        name: new.name.map(|n| n.trim().to_owned()),
        role: new.role.map(|r| r.name().to_owned()),
        status: new.status.map(|s| s.name().to_owned()),
        password_hash,
    };
    door.write(move |tx, who| {
        let id = id(ids::STAFF, &path)?;
        let row = store::staff::get(tx, id)?;
        only_if.check(who, row.version)?;
        for role in [Role::read(&row.role), new.role].into_iter().flatten() {
            staff::may_change(who.rights, role)?;
        }
        staff::change(tx, &who.acting, &row, &change)?;
        let row = store::staff::get(tx, id)?;
        let version = row.version;
        Ok(Reply::ok(&StaffView::of(row))?.version(version))
    })
    .await
}

#[cfg(test)]
#[path = "staff_tests.rs"]
mod tests;
