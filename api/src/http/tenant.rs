//! The caller's own agency and its settings.

use actix_web::{get, patch};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Body,
    contacts::QuietHours,
    door::Door,
    show::{moment, some},
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    cases::{
        budget::{self, TextBudget},
        hold,
    },
    fail::Fail,
    ids,
    people::{phones, quiet::Hours},
    recovery::policy::{self, Policy},
    store::{
        self, Tx,
        tenants::{Change, ContactDetails, Gate},
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
    /// The country whose telephone numbers are meant where a number names none; null where nothing says it.
    #[schema(example = "PT")]
    phone_country: Option<String>,
    /// What may be spent on texts in a calendar month.
    text_budget: TextBudgetView,
    /// Whether every change must say, by `If-Match`, which version it changes.
    require_if_match: bool,
    /// When nobody is texted who has asked for no hours of their own; null: texts go out at any hour.
    quiet_hours: Option<QuietHours>,
    /// How people reach it, as its pages say it.
    contact: ContactDetails,
    /// How citizens make an account, and get in again who forgot the password.
    recovery: Policy,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    updated_at: String,
}

/// What an agency may spend on texts. What a part is, each channel's `measure` says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TextBudget)]
#[serde(deny_unknown_fields)]
pub struct TextBudgetView {
    /// Parts in a calendar month of the agency's time zone; null for no limit.
    #[schema(example = 5000, minimum = 0)]
    limit_parts: Option<i64>,
    /// At so many of a hundred parts there is one event `budget.alarm`; 80 where it is left out.
    #[serde(default = "alarm_percent")]
    #[schema(example = 80, minimum = 1, maximum = 100)]
    alarm_percent: i64,
}

fn alarm_percent() -> i64 {
    TextBudget::default().alarm_percent
}

impl From<TextBudget> for TextBudgetView {
    fn from(budget: TextBudget) -> Self {
        Self { limit_parts: budget.limit_parts, alarm_percent: budget.alarm_percent }
    }
}

/// The agency as it stands in this transaction.
fn show(tx: &mut Tx) -> Result<(OwnTenant, i64), Fail> {
    let row = store::tenant::get(tx)?;
    let gate: Gate = row.settings.read();
    let quiet_hours = hold::hours_of(&row).map(QuietHours::of);
    let country = phones::country(&row);
    let contact = ContactDetails::of(&row.settings);
    let view = OwnTenant {
        phone_country: (!country.is_empty()).then_some(country),
        text_budget: TextBudget::of(&row).into(),
        recovery: Policy::of(&row),
        id: ids::TENANT.show(row.tenant_id.0),
        slug: row.slug,
        name: row.name,
        reference_prefix: row.reference_prefix,
        locale: row.locale,
        time_zone: row.time_zone,
        require_if_match: gate.require_if_match,
        quiet_hours,
        contact,
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
    /// An ISO 3166 code; null takes the region of `locale`.
    #[serde(default, deserialize_with = "some")]
    #[schema(example = "PT", min_length = 2, max_length = 2)]
    phone_country: Option<Option<String>>,
    /// Replaces what may be spent on texts.
    text_budget: Option<TextBudgetView>,
    /// Whether every change must say, by `If-Match`, which version it changes.
    require_if_match: Option<bool>,
    /// Null turns them off. Where an agency says nothing they last from 21:00 to 08:00.
    #[serde(default, deserialize_with = "some")]
    quiet_hours: Option<Option<QuietHours>>,
    /// How people reach it, as its pages say it; replaced as a whole.
    contact: Option<ContactDetails>,
    /// How citizens make an account, and get in again who forgot the password; replaced as a whole.
    recovery: Option<Policy>,
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
    let mut wrong = tenants::wrong_change(&change, new.contact.as_ref());
    let own = quiet.iter().flatten().flat_map(Hours::wrong);
    wrong.extend(own.map(|(field, why)| (format!("/quiet_hours{field}"), why)));
    Fail::fields(wrong)?;
    let country =
        new.phone_country.map(|code| code.map(|code| tenants::checked_country(&code)).transpose()).transpose()?;
    let budget = new.text_budget.map(|b| TextBudget { limit_parts: b.limit_parts, alarm_percent: b.alarm_percent });
    budget.as_ref().map(TextBudget::check).transpose()?;
    new.recovery.as_ref().map(Policy::check).transpose()?;
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
            store::tenant::set_setting(tx, hold::SETTING, Some(json!(set)))?;
        }
        if let Some(country) = &country {
            store::tenant::set_setting(tx, phones::SETTING, country.as_ref().map(|code| json!(code)))?;
        }
        if let Some(budget) = &budget {
            store::tenant::set_setting(tx, budget::SETTING, Some(json!(budget)))?;
        }
        if let Some(recovery) = &new.recovery {
            store::tenant::set_setting(tx, policy::SETTING, Some(json!(recovery)))?;
        }
        if let Some(contact) = &new.contact {
            store::tenants::set_contact(tx, contact)?;
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

/// What the agency's texts cost this month.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// The calendar month where the agency is.
    #[schema(example = "2026-11")]
    month: String,
    /// Parts of texts that were sent, as carriers bill them.
    #[schema(example = 4210)]
    parts: i64,
    /// Parts that the budget has; null without a limit.
    #[schema(example = 5000)]
    limit_parts: Option<i64>,
    /// At so many of a hundred the agency is told.
    #[schema(example = 80)]
    alarm_percent: i64,
    /// When it was told that the budget runs out.
    #[schema(format = DateTime)]
    alarmed_at: Option<String>,
    /// When the limit was reached. Answers that would cost more are refused with `budget-spent`.
    #[schema(format = DateTime)]
    spent_at: Option<String>,
    /// When the next month begins.
    #[schema(example = "2026-12-01T00:00:00Z", format = DateTime)]
    begins_anew_at: String,
}

/// Says what the agency's texts cost this month.
///
/// A message counts once, when it is sent, by the parts that `measure` shows. One that certainly did not go out is given
/// back.
#[utoipa::path(tag = "tenant", operation_id = "get_usage",
    responses((status = 200, description = "This month's usage.", body = UsageView)))]
#[get("/tenant/usage")]
pub async fn usage(door: Door<needs::TenantRead>) -> Answer {
    door.read(|tx, who| {
        let standing = budget::standing(tx, who.acting.now)?;
        let (usage, budget) = (standing.usage, standing.budget);
        Reply::ok(&UsageView {
            month: usage.month,
            parts: usage.parts,
            limit_parts: budget.limit_parts,
            alarm_percent: budget.alarm_percent,
            alarmed_at: usage.alarmed_at.map(moment),
            spent_at: usage.spent_at.map(moment),
            begins_anew_at: moment(standing.begins_anew),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{TestApp, over_both};

    over_both!(the_country_of_telephone_numbers_is_a_setting_that_is_checked_and_shown, |desk| {
        let agency = desk.agency("riverton").await;
        assert_eq!(desk.get("/v1/tenant", &agency.key).await.body["phone_country"], json!(null));
        let local = desk.patch("/v1/tenant", &agency.key, json!({ "locale": "es-MX" })).await;
        assert_eq!(local.body["phone_country"], "MX", "the region of its language where nothing else is set");
        let set = desk.patch("/v1/tenant", &agency.key, json!({ "phone_country": "pt" })).await;
        assert_eq!((set.status.as_u16(), &set.body["phone_country"]), (200, &json!("PT")), "{:?}", set.body);
        let told = json!({ "text": "The bin was not emptied.", "phone": "912 345 678", "name": "Ana" });
        let noted = desk.post("/v1/calls", &agency.key, told).await;
        assert_eq!(noted.status, 201, "{:?}", noted.body);
        let contact = format!("/v1/contacts/{}", noted.body["contact_id"].as_str().unwrap());
        let contact = desk.get(&contact, &agency.key).await.body.to_string();
        assert!(contact.contains("+351912345678"), "{contact}");
        for wrong in ["XX", "PRT", ""] {
            let refused = desk.patch("/v1/tenant", &agency.key, json!({ "phone_country": wrong })).await;
            assert_eq!(
                (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
                (422, &json!("/phone_country"))
            );
        }
        let unset = desk.patch("/v1/tenant", &agency.key, json!({ "phone_country": null })).await;
        assert_eq!(unset.body["phone_country"], "MX");
    });

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
