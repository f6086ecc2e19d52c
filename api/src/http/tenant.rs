//! The caller's own agency and its settings.

use actix_web::{get, patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body,
    contacts::QuietHours,
    door::Door,
    show::some,
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    cases::hold,
    fail::Fail,
    ids,
    people::quiet::Hours,
    store::{
        self, Json, Tx,
        tenants::{Change, Gate},
    },
    tenants,
};

/// An agency as its own people see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnTenant {
    #[schema(example = "ten_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    #[schema(example = "riverton")]
    slug: String,
    #[schema(example = "City of Riverton")]
    name: String,
    /// What case references begin with.
    #[schema(example = "RIV")]
    reference_prefix: String,
    #[schema(example = "en")]
    locale: String,
    #[schema(example = "Europe/Lisbon")]
    time_zone: String,
    /// Whether every change must say, by `If-Match`, which version it changes.
    require_if_match: bool,
    /// When nobody is texted who has asked for no hours of their own; null: texts go out at any hour.
    quiet_hours: Option<QuietHours>,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    updated_at: String,
}

/// The agency as it stands in this transaction.
fn show(tx: &mut Tx) -> Result<(OwnTenant, i64), Fail> {
    let row = store::tenant::get(tx)?;
    let gate: Gate = row.settings.read();
    let quiet_hours = hold::hours_of(&row).map(QuietHours::of);
    let view = OwnTenant {
        id: ids::TENANT.show(row.tenant_id.0),
        slug: row.slug,
        name: row.name,
        reference_prefix: row.reference_prefix,
        locale: row.locale,
        time_zone: row.time_zone,
        require_if_match: gate.require_if_match,
        quiet_hours,
        updated_at: row.updated_at.0.to_string(),
    };
    Ok((view, row.version))
}

/// Reads the caller's agency.
#[utoipa::path(tag = "tenant", operation_id = "get_own_tenant",
    responses((status = 200, description = "The agency.", body = OwnTenant)))]
#[get("/tenant")]
pub async fn read(door: Door<needs::TenantRead>) -> Answer {
    let read = door.read(|tx, _| {
        let (view, version) = show(tx)?;
        Ok(Reply::ok(&view)?.version(version))
    });
    read.await
}

/// What to change about the agency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTenant {
    #[schema(example = "City of Riverton", min_length = 1, max_length = 200)]
    name: Option<String>,
    /// A language tag such as `en` or `pt-BR`.
    #[schema(example = "en", min_length = 2, max_length = 35)]
    locale: Option<String>,
    /// An IANA name.
    #[schema(example = "Europe/Lisbon")]
    time_zone: Option<String>,
    /// Whether every change must say, by `If-Match`, which version it changes.
    require_if_match: Option<bool>,
    /// Null turns them off. Where an agency says nothing they last from 21:00 to 08:00.
    #[serde(default, deserialize_with = "some")]
    quiet_hours: Option<Option<QuietHours>>,
}

/// Changes the caller's agency.
#[utoipa::path(tag = "tenant", operation_id = "update_own_tenant", request_body = ChangeTenant,
    responses((status = 200, description = "The agency as it is now.", body = OwnTenant)))]
#[patch("/tenant")]
pub async fn update(door: Door<needs::TenantManage>, body: Body<ChangeTenant>) -> Answer {
    let (only_if, new) = (door.if_match()?, body.into_inner());
    let name = new.name.map(|n| n.trim().to_owned());
    let change = Change { name: name.clone(), locale: new.locale, time_zone: new.time_zone };
    let quiet = new.quiet_hours.map(|set| set.map(QuietHours::hours));
    let mut wrong = tenants::wrong_change(&change);
    let own = quiet.iter().flatten().flat_map(Hours::wrong);
    wrong.extend(own.map(|(field, why)| (format!("/quiet_hours{field}"), why)));
    Fail::fields(wrong)?;
    let written = door.write(move |tx, who| {
        let row = store::tenant::get(tx)?;
        only_if.check(who, row.version)?;
        let gate: Gate = row.settings.read();
        let require_if_match = new.require_if_match.unwrap_or(gate.require_if_match);
        store::tenants::change(tx, row.version, &change, who.acting.now)?;
        if change.locale.as_ref().is_some_and(|locale| *locale != row.locale) {
            store::tenant::outdate_search(tx)?;
        }
        if let Some(set) = &quiet {
            store::tenants::set_setting(tx, hold::SETTING, &Json::of(set))?;
        }
        store::tenants::set_gate(tx, &Gate { require_if_match, ..gate }, who.acting.now)?;
        let (view, version) = show(tx)?;
        Ok(Reply::ok(&view)?.version(version))
    });
    let reply = written.await?;
    if let Some(name) = name {
        let tenant = door.tenant();
        door.app()
            .store
            .control_write(move |c| store::tenants::set_name(c, tenant, &name))
            .await
            .map_err(Fail::from)?;
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::TestApp;

    #[actix_web::test]
    async fn an_agency_changes_itself_and_the_operator_sees_its_new_name() {
        let desk = TestApp::start().await;
        let (agency, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
        let new = json!({ "name": " River Town ", "time_zone": "Europe/Lisbon", "require_if_match": true });
        let changed = desk.patch("/v1/tenant", &agency.key, new).await;
        assert_eq!((changed.status.as_u16(), &changed.body["name"]), (200, &json!("River Town")));
        assert_eq!(desk.patch("/v1/tenant", &agency.key, json!({ "locale": "pt" })).await.status, 428);
        assert_eq!(desk.get("/v1/tenant", &agency.key).await.header("etag"), changed.header("etag"));
        assert_eq!(desk.patch("/v1/tenant", &other.key, json!({ "locale": "pt" })).await.status, 200);
        let operator = desk.operator().await;
        let listed = desk.get("/v1/tenants", &operator).await.body;
        let own = listed["data"].as_array().unwrap().iter().find(|t| t["slug"] == "riverton").unwrap();
        assert_eq!(own["name"], "River Town");
        let wrong = json!({ "name": "", "locale": "", "time_zone": "x" });
        let refused = desk.patch("/v1/tenant", &agency.key, wrong).await;
        assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3, "{:?}", refused.body);
    }
}
