//! `/v1/tenant/directory`: where the agency's accounts are held.

#[cfg(test)]
pub mod tests;
#[cfg(test)]
mod trip_tests;

use actix_web::{delete, get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    Body,
    channels::Checked,
    door::Door,
    show::moment,
    wire::{Answer, Reply},
};
use crate::{
    acting::Acting,
    auth::needs,
    directories::{open::Directories, setup},
    fail::Fail,
    store::{Json, Tx, directories, directories::Directory, events},
};

/// Where the agency's accounts are held.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryView {
    /// `built_in`, `ldap` or `signed_http`.
    #[schema(example = "ldap")]
    kind: String,
    /// The directory's settings without what is secret; empty for `built_in`.
    #[schema(value_type = Object, example = json!({ "kind": "ldap", "host": "ldap.riverton.example" }))]
    settings: Value,
    /// `ok`, or `failing` while it does not answer: whoever asks for a code is told so.
    #[schema(example = "ok")]
    health: String,
    /// What has to be mended.
    health_detail: Option<String>,
    /// Since when it has been so; null for `built_in`.
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    health_since: Option<String>,
}

impl DirectoryView {
    fn of(all: &Directories, row: Option<Directory>) -> Result<Self, Fail> {
        Ok(match row {
            Some(row) => Self {
                settings: setup::shown(&all.unseal(&row)?),
                kind: row.kind,
                health: row.health,
                health_detail: row.health_detail,
                health_since: Some(moment(row.health_since)),
            },
            None => Self {
                kind: "built_in".to_owned(),
                settings: json!({}),
                health: directories::OK.to_owned(),
                health_detail: None,
                health_since: None,
            },
        })
    }
}

/// Says where the agency's accounts are held.
#[utoipa::path(tag = "tenant", operation_id = "get_directory",
    responses((status = 200, description = "The directory.", body = DirectoryView)))]
#[get("/tenant/directory")]
pub async fn read(door: Door<needs::TenantRead>) -> Answer {
    let row = door.read(|tx, _| Ok(directories::get(tx)?)).await?;
    Ok(Reply::ok(&DirectoryView::of(&door.app().recovery.directories, row)?)?)
}

/// Which directory there shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDirectory {
    /// `kind`, which is `ldap` or `signed_http`, and what that kind wants to know. Secrets that are left out stay while the
    /// directory is at the same place.
    #[schema(value_type = Object, example = json!({ "kind": "ldap", "host": "ldap.riverton.example",
        "bind_dn": "cn=civicdesk,dc=riverton,dc=example", "bind_password": "a secret",
        "base_dn": "ou=people,dc=riverton,dc=example" }))]
    settings: Value,
}

/// Has the agency's accounts held in a directory of its own.
///
/// It is kept only if it answers. From then on passwords are checked and set there, and accounts that were made here sign in
/// only if the directory has them.
#[utoipa::path(tag = "tenant", operation_id = "set_directory", request_body = SetDirectory,
    responses((status = 200, description = "The directory as it is now.", body = DirectoryView)))]
#[put("/tenant/directory")]
pub async fn set(door: Door<needs::TenantManage>, body: Body<SetDirectory>) -> Answer {
    let all = door.app().recovery.directories.clone();
    let was = door.read(|tx, _| Ok(directories::get(tx)?)).await?;
    let was = was.map(|row| all.unseal(&row)).transpose()?;
    let given = setup::with_kept_secrets(body.into_inner().settings, was.as_ref());
    let prepared = setup::prepare(&all, door.tenant(), &given, door.app().time()).await;
    let (row, _) = prepared.map_err(|e| e.under("/settings"))?;
    door.write(move |tx, who| {
        directories::put(tx, &row)?;
        tell(tx, &who.acting, "directory.set", &row.kind)?;
        Reply::ok(&DirectoryView::of(&all, directories::get(tx)?)?)
    })
    .await
}

/// Has the agency's accounts held here again.
///
/// Whoever has an account in the directory sets a new password by recovery, and has one here.
#[utoipa::path(tag = "tenant", operation_id = "remove_directory",
    responses((status = 204, description = "Accounts are held here.")))]
#[delete("/tenant/directory")]
pub async fn remove(door: Door<needs::TenantManage>) -> Answer {
    door.write(|tx, who| {
        if directories::remove(tx)? {
            tell(tx, &who.acting, "directory.removed", "built_in")?;
        }
        Ok(Reply::nothing())
    })
    .await
}

/// Looks whether the directory answers.
#[utoipa::path(tag = "tenant", operation_id = "check_directory",
    responses((status = 200, description = "What was found.", body = Checked)))]
#[post("/tenant/directory/check")]
pub async fn check(door: Door<needs::TenantManage>) -> Answer {
    door.read(|_, _| Ok(())).await?;
    let all = &door.app().recovery.directories;
    let checked = match all.look(door.tenant()).await? {
        Ok(detail) => Checked { works: true, address: None, detail, kind: None },
        Err(down) => Checked { works: false, address: None, detail: down.0, kind: Some("unreachable".to_owned()) },
    };
    Ok(Reply::ok(&checked)?)
}

fn tell(tx: &mut Tx, act: &Acting, what: &str, kind: &str) -> Result<(), Fail> {
    let mut event = act.event(tx, what);
    event.data = Json(json!({ "kind": kind }));
    Ok(events::append(tx, vec![event])?)
}
