//! Tenants: the installation's list of them, and the gate before each.

use diesel::{
    AsChangeset, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Control, Error, Result, Tx,
    schema::{tenant, tenants},
    types::{Json, Time, Uid},
};

/// A tenant in the installation's list.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenants)]
pub struct Entry {
    pub id: Uid,
    pub slug: String,
    pub name: String,
    pub status: String,
    pub created_at: Time,
}

pub const ACTIVE: &str = "active";
pub const SUSPENDED: &str = "suspended";

/// What of a tenant's settings every request must know. Other settings in the column are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// Every credential is refused.
    pub suspended: bool,
    /// A change without `If-Match` is refused.
    pub require_if_match: bool,
}

/// How people outside reach the agency, as its pages say it. Other settings in the column are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContactDetails {
    #[schema(example = "+1 555 010 0100", max_length = 500)]
    pub phone: Option<String>,
    #[schema(example = "help@riverton.example", max_length = 500)]
    pub email: Option<String>,
    #[schema(example = "Monday to Friday, 9 to 5", max_length = 500)]
    pub hours: Option<String>,
    /// Where its counter is.
    #[schema(max_length = 500)]
    pub address: Option<String>,
    /// Whom to call when it cannot wait.
    #[schema(example = "911", max_length = 500)]
    pub emergency: Option<String>,
}

impl ContactDetails {
    /// What a tenant's settings say.
    pub fn of(settings: &Json) -> Self {
        settings.0.get("contact").cloned().map(Json).map(|contact| contact.read()).unwrap_or_default()
    }
}

/// Puts a tenant on the installation's list.
pub fn list_new(c: &mut Control, entry: &Entry) -> Result<()> {
    diesel::insert_into(tenants::table).values(entry.clone()).execute(c.0)?;
    Ok(())
}

/// The tenant of this slug.
pub fn by_slug(c: &mut Control, slug: &str) -> Result<Option<Entry>> {
    let found = tenants::table.filter(tenants::slug.eq(slug)).select(Entry::as_select());
    Ok(found.first(c.0).optional()?)
}

/// The tenant of this id.
pub fn entry(c: &mut Control, id: Uuid) -> Result<Entry> {
    Ok(tenants::table.find(Uid(id)).select(Entry::as_select()).first(c.0)?)
}

/// Tenants in the order in which they were made, after the given one.
pub fn page(c: &mut Control, after: Option<Uuid>, limit: i64) -> Result<Vec<Entry>> {
    let after = Uid(after.unwrap_or(Uuid::nil()));
    let rows = tenants::table.filter(tenants::id.gt(after)).order(tenants::id).limit(limit);
    Ok(rows.select(Entry::as_select()).load(c.0)?)
}

/// Every tenant that is at work.
pub fn active(c: &mut Control) -> Result<Vec<Entry>> {
    let rows = tenants::table.filter(tenants::status.eq(ACTIVE)).order(tenants::id);
    Ok(rows.select(Entry::as_select()).load(c.0)?)
}

/// Whether any tenant at work was last swept before this moment.
pub fn is_unswept(c: &mut Control, before: Time) -> Result<bool> {
    let due = tenants::table.filter(tenants::status.eq(ACTIVE)).filter(tenants::swept_at.lt(before));
    Ok(due.select(tenants::id).first::<Uid>(c.0).optional()?.is_some())
}

/// Takes the tenant at work that was swept longest ago, if that was before this moment, and notes that it is swept now.
/// Of several processes one gets it; another that asked at the same time gets none.
pub fn take_unswept(c: &mut Control, before: Time, now: Time) -> Result<Option<Uid>> {
    let due = tenants::table.filter(tenants::status.eq(ACTIVE)).filter(tenants::swept_at.lt(before));
    let due = due.order((tenants::swept_at, tenants::id)).select((tenants::id, tenants::swept_at));
    let Some((id, swept)) = due.first::<(Uid, Time)>(c.0).optional()? else { return Ok(None) };
    let unchanged = tenants::table.filter(tenants::id.eq(id)).filter(tenants::swept_at.eq(swept));
    let taken = diesel::update(unchanged).set(tenants::swept_at.eq(now)).execute(c.0)?;
    Ok((taken == 1).then_some(id))
}

/// Notes on the installation's list whether a tenant is suspended.
pub fn set_status(c: &mut Control, id: Uuid, status: &str) -> Result<()> {
    diesel::update(tenants::table.find(Uid(id))).set(tenants::status.eq(status)).execute(c.0)?;
    Ok(())
}

/// Only what every request must know of the tenant, or none where the tenant does not exist.
pub fn gate(tx: &mut Tx) -> Result<Option<Gate>> {
    let settings: Option<Json> = tx.of(tenant::table).select(tenant::settings).first(tx.conn()).optional()?;
    Ok(settings.map(|s| s.read()))
}

/// What an agency may change of itself; `None` leaves a column as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = tenant)]
pub struct Change {
    pub name: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
}

/// Changes the tenant's row where it is still at this version, without bumping it: `set_gate` comes with it and does.
pub fn change(tx: &mut Tx, version: i64, change: &Change, now: Time) -> Result<()> {
    let row = tx.of(tenant::table).filter(tenant::version.eq(version));
    match diesel::update(row).set((change.clone(), tenant::updated_at.eq(now))).execute(tx.conn())? {
        1 => Ok(()),
        _ => Err(Error::Stale),
    }
}

/// Notes a tenant's new name on the installation's list.
pub fn set_name(c: &mut Control, id: Uuid, name: &str) -> Result<()> {
    diesel::update(tenants::table.find(Uid(id))).set(tenants::name.eq(name)).execute(c.0)?;
    Ok(())
}

/// Changes how the agency is reached, without bumping the row's version: `set_gate` comes with it and does.
pub fn set_contact(tx: &mut Tx, contact: &ContactDetails) -> Result<()> {
    let settings = with(tx, &serde_json::json!({ "contact": contact }))?;
    diesel::update(tx.of(tenant::table)).set(tenant::settings.eq(settings)).execute(tx.conn())?;
    Ok(())
}

/// The tenant's settings with these in place of those of the same names.
fn with(tx: &mut Tx, new: &impl Serialize) -> Result<Json> {
    let mut settings: Json = tx.of(tenant::table).select(tenant::settings).first(tx.conn())?;
    if let (Some(all), Ok(serde_json::Value::Object(new))) = (settings.0.as_object_mut(), serde_json::to_value(new)) {
        all.extend(new);
    }
    Ok(settings)
}

/// Changes what every request must know of the tenant.
pub fn set_gate(tx: &mut Tx, gate: &Gate, now: Time) -> Result<()> {
    let settings = with(tx, gate)?;
    diesel::update(tx.of(tenant::table))
        .set((tenant::settings.eq(settings), tenant::version.eq(tenant::version + 1), tenant::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}
