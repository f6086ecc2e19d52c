//! API keys: shown once, stored as a hash, with scopes, a mode and an end. And the operators' keys beside them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::policy::Rights;
use crate::{
    acting::{Acting, Actor},
    app::App,
    fail::Fail,
    ids,
    store::{
        self, Json, Time, Tx, Uid,
        events::Event,
        keys::{ApiKey, OperatorKey},
    },
};

/// Whether what a key asks is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Live,
    /// Everything is validated and recorded, and nothing is delivered.
    Test,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// A key as a request shows it.
#[derive(Debug)]
pub enum Shown {
    Tenant { tenant: Uuid, hash: [u8; 32] },
    Operator { hash: [u8; 32] },
}

/// Reads `cd_live_TENANT_SECRET`, `cd_test_TENANT_SECRET` or `cd_operator_SECRET`.
pub fn read(text: &str) -> Option<Shown> {
    let hash = Sha256::digest(text).into();
    let mut parts = text.strip_prefix("cd_")?.splitn(3, '_');
    let (kind, next, rest) = (parts.next()?, parts.next()?, parts.next());
    match kind {
        "operator" => Some(Shown::Operator { hash }),
        "live" | "test" if rest.is_some() && next.len() == 32 => {
            Some(Shown::Tenant { tenant: Uuid::try_parse(next).ok()?, hash })
        }
        _ => None,
    }
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    /// Names of rights, or a role's name for all of its rights.
    pub scopes: Vec<String>,
    pub mode: Mode,
    pub expires_at: Option<Timestamp>,
}

/// Makes a key's row and its text. Nothing is stored yet.
pub fn prepare(app: &App, tenant: Uuid, new: &NewKey) -> Result<(ApiKey, Secret), Fail> {
    let mut wrong = Vec::new();
    if new.name.trim().is_empty() || new.name.chars().count() > 100 {
        wrong.push(("/name", "must have 1 to 100 characters".to_owned()));
    }
    match Rights::read(new.scopes.iter().map(String::as_str)) {
        Ok(_) if new.scopes.is_empty() => wrong.push(("/scopes", "must name at least one right".to_owned())),
        Ok(_) => {}
        Err(word) => wrong.push(("/scopes", format!("`{word}` is neither a right nor a role"))),
    }
    if new.expires_at.is_some_and(|at| at <= app.clock.now()) {
        wrong.push(("/expires_at", "must lie in the future".to_owned()));
    }
    Fail::fields(wrong)?;
    let secret: [u8; 32] = app.ids.bytes();
    let text = format!("cd_{}_{}_{}", new.mode.name(), tenant.simple(), URL_SAFE_NO_PAD.encode(secret));
    let row = ApiKey {
        tenant_id: Uid(tenant),
        id: Uid(app.ids.next()),
        name: new.name.trim().to_owned(),
        hash: Sha256::digest(&text).to_vec(),
        scopes: Json::of(&new.scopes),
        mode: new.mode.name().to_owned(),
        created_at: app.time(),
        expires_at: new.expires_at.map(Time::new),
        revoked_at: None,
        last_used_at: None,
    };
    Ok((row, Secret::new(text)))
}

/// Stores a prepared key.
pub fn add(tx: &mut Tx, acting: &Acting, row: &ApiKey) -> Result<(), Fail> {
    store::keys::insert(tx, row)?;
    note(tx, acting, "api_key.created", row)
}

/// Ends a key: the next request with it is refused. A second time changes nothing.
pub fn revoke(tx: &mut Tx, acting: &Acting, row: &ApiKey) -> Result<(), Fail> {
    if row.revoked_at.is_some() {
        return Ok(());
    }
    store::keys::revoke(tx, row.id.0, acting.now)?;
    note(tx, acting, "api_key.revoked", row)
}

fn note(tx: &mut Tx, acting: &Acting, kind: &str, row: &ApiKey) -> Result<(), Fail> {
    let data = json!({ "api_key_id": ids::KEY.show(row.id.0), "scopes": row.scopes.0, "mode": row.mode });
    let event = Event { data: Json(data), ..acting.event(tx, kind) };
    Ok(store::events::append(tx, vec![event])?)
}

/// Makes and stores a key of a tenant.
pub async fn create(app: &App, tenant: Uuid, new: NewKey) -> Result<(ApiKey, Secret), Fail> {
    let (row, text) = prepare(app, tenant, &new)?;
    let (stored, acting) = (row.clone(), Acting::new(Actor::System, &app.clock, &app.ids));
    app.store.tenant(tenant).write(move |tx| add(tx, &acting, &stored)).await?;
    Ok((row, text))
}

/// Makes and stores an operator's key.
pub async fn create_operator(app: &App, name: &str) -> Result<(OperatorKey, Secret), Fail> {
    let secret: [u8; 32] = app.ids.bytes();
    let text = format!("cd_operator_{}", URL_SAFE_NO_PAD.encode(secret));
    let row = OperatorKey {
        id: Uid(app.ids.next()),
        name: name.to_owned(),
        hash: Sha256::digest(&text).to_vec(),
        created_at: app.time(),
        revoked_at: None,
    };
    let stored = row.clone();
    app.store.control_write(move |c| store::keys::insert_operator(c, &stored)).await?;
    Ok((row, Secret::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_key_is_looked_up() {
        let tenant = Uuid::from_u128(5);
        let good = format!("cd_live_{}_c2VjcmV0_-", tenant.simple());
        assert!(matches!(read(&good), Some(Shown::Tenant { tenant: t, .. }) if t == tenant));
        for bad in ["cd_live", "cd_live_x_y", "cd_other_1_2", "xx_live_1_2", "cd_live_00000000000000000000000000000005"]
        {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
