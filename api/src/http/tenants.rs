//! Agencies of the installation: for operators only.

use actix_web::{get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body, Params,
    door::Operator,
    page::List,
    staff::{CreateStaff, StaffCreated},
    teams::Part,
    wire::{Answer, Reply, id},
};
use crate::{
    auth::staff::NewStaff,
    ids,
    store::{self, tenants::Entry},
    tenants::{self, NewTenant},
};

/// Whether an agency is at work.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TenantStatus)]
pub enum Status {
    Active,
    Suspended,
}

/// An agency as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub struct TenantView {
    #[schema(example = "ten_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    #[schema(example = "riverton")]
    slug: String,
    #[schema(example = "City of Riverton")]
    name: String,
    status: Status,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    created_at: String,
}

impl TenantView {
    fn of(entry: Entry) -> Self {
        Self {
            id: ids::TENANT.show(entry.id.0),
            slug: entry.slug,
            name: entry.name,
            status: if entry.status == store::tenants::ACTIVE { Status::Active } else { Status::Suspended },
            created_at: entry.created_at.0.to_string(),
        }
    }
}

/// A new agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantCreated {
    #[serde(flatten)]
    tenant: TenantView,
    /// The first member of staff, where one was asked for.
    owner: Option<StaffCreated>,
}

/// What a new agency is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// Its name in addresses: small letters, digits and single hyphens.
    #[schema(example = "riverton", min_length = 2, max_length = 40)]
    slug: String,
    #[schema(example = "City of Riverton", min_length = 1, max_length = 200)]
    name: String,
    /// What case references begin with; taken from the slug where it is left out.
    #[schema(example = "RIV", min_length = 2, max_length = 6)]
    reference_prefix: Option<String>,
    /// A language tag; `en` where it is left out.
    #[schema(example = "en")]
    locale: Option<String>,
    /// An IANA name; `UTC` where it is left out.
    #[schema(example = "Europe/Lisbon")]
    time_zone: Option<String>,
    /// An ISO 3166 code: the country whose telephone numbers are meant. The region of `locale` where it is left out.
    #[schema(example = "PT", min_length = 2, max_length = 2)]
    phone_country: Option<String>,
    /// The first member of staff, who adds the others.
    owner: Option<CreateStaff>,
}

/// Lists agencies in the order in which they were made.
#[utoipa::path(tag = "tenants", operation_id = "list_tenants", params(Part),
    responses((status = 200, description = "A page of agencies.", body = List<TenantView>)))]
#[get("/tenants")]
pub async fn list(operator: Operator, query: Params<Part>) -> Answer {
    let page = operator.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    let (after, most) = (page.after, page.fetch());
    let rows = operator.read(move |c| store::tenants::page(c, after, most)).await?;
    Ok(Reply::ok(&page.list(rows, |t| t.id.0, TenantView::of))?)
}

/// Makes an agency.
///
/// No `Idempotency-Key` is kept here, since its answer would belong to no agency: the slug is taken once, so that the same
/// request again is refused with `slug-taken` and makes nothing.
#[utoipa::path(tag = "tenants", operation_id = "create_tenant", request_body = CreateTenant,
    responses((status = 201, description = "Made.", body = TenantCreated)))]
#[post("/tenants")]
pub async fn create(operator: Operator, body: Body<CreateTenant>) -> Answer {
    let app = operator.enter().await?;
    let CreateTenant { slug, name, reference_prefix, locale, time_zone, phone_country, owner } = body.into_inner();
    let usual = NewTenant::new(slug, name);
    let new = NewTenant {
        reference_prefix,
        locale: locale.unwrap_or(usual.locale),
        time_zone: time_zone.unwrap_or(usual.time_zone),
        phone_country,
        ..usual
    };
    let (entry, owner) = match owner {
        None => (tenants::create(app, new).await?, None),
        Some(CreateStaff { invite: true, .. }) => {
            return Err(
                crate::fail::Fail::field("/owner/invite", "a new agency has no channel that sends mail yet").into()
            );
        }
        Some(CreateStaff { email, name, role, password, .. }) => {
            let owner = NewStaff { email, name, role, password, invited: false };
            let (entry, row, made) = tenants::create_with_owner(app, new, owner).await?;
            (entry, Some(StaffCreated::of(row, made.as_ref())))
        }
    };
    let tenant = TenantView::of(entry);
    Ok(Reply::created(format!("/v1/tenants/{}", tenant.id), &TenantCreated { tenant, owner })?)
}

/// Reads an agency's line.
#[utoipa::path(tag = "tenants", operation_id = "get_tenant", params(("id" = String, Path, description = "The agency's id.")),
    responses((status = 200, description = "The agency.", body = TenantView)))]
#[get("/tenants/{id}")]
pub async fn read(operator: Operator, path: Path<String>) -> Answer {
    operator.enter().await?;
    let id = id(ids::TENANT, &path)?;
    let entry = operator.read(move |c| store::tenants::entry(c, id)).await?;
    Ok(Reply::ok(&TenantView::of(entry))?)
}

/// Suspends an agency: every credential of it is refused.
#[utoipa::path(tag = "tenants", operation_id = "suspend_tenant", params(("id" = String, Path, description = "The agency's id.")),
    responses((status = 200, description = "Suspended.", body = TenantView)))]
#[post("/tenants/{id}/suspend")]
pub async fn suspend(operator: Operator, path: Path<String>) -> Answer {
    let app = operator.enter().await?;
    let entry = tenants::suspend(app, id(ids::TENANT, &path)?).await?;
    Ok(Reply::ok(&TenantView::of(entry))?)
}

/// Lets a suspended agency work again.
#[utoipa::path(tag = "tenants", operation_id = "resume_tenant", params(("id" = String, Path, description = "The agency's id.")),
    responses((status = 200, description = "At work.", body = TenantView)))]
#[post("/tenants/{id}/resume")]
pub async fn resume(operator: Operator, path: Path<String>) -> Answer {
    let app = operator.enter().await?;
    let entry = tenants::resume(app, id(ids::TENANT, &path)?).await?;
    Ok(Reply::ok(&TenantView::of(entry))?)
}

#[cfg(test)]
#[path = "tenants_tests.rs"]
mod tests;
