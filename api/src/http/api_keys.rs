//! Credentials of machines: made, listed, revoked.

use actix_web::{delete, get, post, web::Path};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body, Params,
    door::Door,
    page::List,
    teams::Part,
    wire::{Answer, Reply, id},
};
use crate::{
    auth::{
        Right, Rights,
        keys::{self, Mode, NewKey},
        needs,
    },
    fail::Fail,
    ids,
    store::{self, Time, keys::ApiKey},
};

/// An API key, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    #[schema(example = "key_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    #[schema(example = "Web form")]
    name: String,
    /// Names of rights, or a role's name for all of its rights.
    #[schema(example = json!(["cases:read", "cases:write"]))]
    scopes: Vec<String>,
    mode: Mode,
    #[schema(example = "2026-11-22T09:00:00Z", format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// To the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl KeyView {
    fn of(row: ApiKey) -> Self {
        let show = |at: Option<Time>| at.map(|at| at.0.to_string());
        Self {
            id: ids::KEY.show(row.id.0),
            name: row.name,
            scopes: row.scopes.read(),
            mode: if row.mode == Mode::Test.name() { Mode::Test } else { Mode::Live },
            created_at: row.created_at.0.to_string(),
            expires_at: show(row.expires_at),
            revoked_at: show(row.revoked_at),
            last_used_at: show(row.last_used_at),
        }
    }
}

/// A new API key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyCreated {
    #[serde(flatten)]
    key: KeyView,
    /// The key itself. It is shown this once; null where the answer is repeated for an idempotency key.
    #[schema(example = "cd_live_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b_Zk3vQ0tqfJm8n1pXy7sRwB2cD4eF6gH9iK5lM0oP1qS")]
    secret: Option<String>,
}

/// What a new key is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    #[schema(example = "Web form", min_length = 1, max_length = 100)]
    name: String,
    /// Names of rights, or a role's name for all of its rights. Nobody gives more than they have.
    #[schema(example = json!(["cases:read", "cases:write"]), min_items = 1)]
    scopes: Vec<String>,
    /// `live` where it is left out.
    mode: Option<Mode>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Lists API keys in the order in which they were made, revoked ones included.
#[utoipa::path(tag = "api-keys", operation_id = "list_api_keys", params(Part),
    responses((status = 200, description = "A page of keys.", body = List<KeyView>)))]
#[get("/api-keys")]
pub async fn list(door: Door<needs::KeysRead>, query: Params<Part>) -> Answer {
    let page = door.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let rows = store::keys::page(tx, page.after, page.fetch())?;
        Reply::ok(&page.list(rows, |k| k.id.0, KeyView::of))
    })
    .await
}

/// Makes an API key.
#[utoipa::path(tag = "api-keys", operation_id = "create_api_key", request_body = CreateApiKey,
    responses((status = 201, description = "Made; its text is shown this once.", body = ApiKeyCreated)))]
#[post("/api-keys")]
pub async fn create(door: Door<needs::KeysManage>, body: Body<CreateApiKey>) -> Answer {
    let CreateApiKey { name, scopes, mode, expires_at } = body.into_inner();
    let new = NewKey { name, scopes, mode: mode.unwrap_or(Mode::Live), expires_at };
    let (row, text) = keys::prepare(door.app(), door.tenant(), &new)?;
    let rights = Rights::read(new.scopes.iter().map(String::as_str)).unwrap_or_default();
    door.write(move |tx, who| {
        if let Some(beyond) = Right::ALL.iter().find(|r| rights.has(**r) && !who.rights.has(**r)) {
            return Err(Fail::Forbidden(beyond.name()));
        }
        keys::add(tx, &who.acting, &row)?;
        let created = |secret| ApiKeyCreated { key: KeyView::of(row.clone()), secret };
        let location = format!("/v1/api-keys/{}", ids::KEY.show(row.id.0));
        Reply::created(location, &created(Some(text.expose().to_owned())))?.keep(&created(None))
    })
    .await
}

/// Reads an API key, without its text.
#[utoipa::path(tag = "api-keys", operation_id = "get_api_key", params(("id" = String, Path, description = "The key's id.")),
    responses((status = 200, description = "The key.", body = KeyView)))]
#[get("/api-keys/{id}")]
pub async fn read(door: Door<needs::KeysRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| Reply::ok(&KeyView::of(store::keys::get(tx, id(ids::KEY, &path)?)?))).await
}

/// Revokes an API key: the next request with it is refused.
#[utoipa::path(tag = "api-keys", operation_id = "revoke_api_key", params(("id" = String, Path, description = "The key's id.")),
    responses((status = 204, description = "Revoked.")))]
#[delete("/api-keys/{id}")]
pub async fn revoke(door: Door<needs::KeysManage>, path: Path<String>) -> Answer {
    door.write(move |tx, who| {
        let row = store::keys::get(tx, id(ids::KEY, &path)?)?;
        keys::revoke(tx, &who.acting, &row)?;
        Ok(Reply::nothing())
    })
    .await
}
