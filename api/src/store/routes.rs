//! Who answers for which address, host or hook: the installation's one map from the outside to a tenant.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use uuid::Uuid;

use super::{Control, Result, schema::routes, types::Uid};

/// Where one outside name leads.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = routes, treat_none_as_default_value = false)]
pub struct Route {
    /// `hook`, `address`, `host` or `jurisdiction`.
    pub kind: String,
    /// Normalised: lower case, domains as A-labels.
    pub value: String,
    pub tenant_id: Uid,
    pub channel_id: Option<Uid>,
}

/// Where this name leads.
pub fn find(c: &mut Control, kind: &str, value: &str) -> Result<Option<Route>> {
    Ok(routes::table.find((kind, value)).select(Route::as_select()).first(c.0).optional()?)
}

/// A tenant's routes.
pub fn of_tenant(c: &mut Control, tenant: Uuid) -> Result<Vec<Route>> {
    let rows = routes::table.filter(routes::tenant_id.eq(Uid(tenant))).order((routes::kind, routes::value));
    Ok(rows.select(Route::as_select()).load(c.0)?)
}

/// Adds a route. A name that already leads somewhere is `Taken`.
pub fn add(c: &mut Control, route: &Route) -> Result<()> {
    diesel::insert_into(routes::table).values(route.clone()).execute(c.0)?;
    Ok(())
}

/// Removes a tenant's route; another tenant's is left alone.
pub fn remove(c: &mut Control, tenant: Uuid, kind: &str, value: &str) -> Result<()> {
    diesel::delete(routes::table.find((kind, value)).filter(routes::tenant_id.eq(Uid(tenant)))).execute(c.0)?;
    Ok(())
}
