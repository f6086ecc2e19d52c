//! `key`: makes API keys. A key is shown once.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, tenant};
use crate::{
    auth::keys::{self, Mode, NewKey},
    fail::Fail,
    ids,
    installation::Installation,
};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// Make a key and show it, this once.
    Create(Create),
    /// Sign access tokens with a new key from two minutes on. Those signed before hold until they end: nobody is thrown out.
    RotateTokens,
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Create {
    /// The tenant whose data the key opens.
    #[arg(long, value_name = "SLUG", required_unless_present = "operator")]
    tenant: Option<String>,
    /// A key for the installation's operator instead: it makes and suspends tenants and reads no case.
    #[arg(long, conflicts_with_all = ["tenant", "role", "scope", "mode", "expires"])]
    operator: bool,
    /// Every right of this role: owner, admin, supervisor, agent or auditor.
    #[arg(long)]
    role: Option<String>,
    /// One right more, such as `cases.read`; may be repeated.
    #[arg(long)]
    scope: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    mode: KeyMode,
    /// When it ends, such as 2027-01-01T00:00:00Z. Without it, never.
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// What it is for.
    #[arg(long, default_value = "made at the command line")]
    name: String,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyMode {
    /// What it asks is done.
    #[default]
    Live,
    /// Everything is checked and recorded, and nothing is delivered.
    Test,
}

impl Key {
    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let create = match self {
            Self::Create(create) => create,
            Self::RotateTokens => return rotate(on).await,
        };
        let Some(slug) = &create.tenant else {
            let (row, text) = keys::create_operator(&on.app, &create.name).await?;
            let key = text.expose();
            return Ok(Answer::new(shown(key), json!({ "id": ids::KEY.show(row.id.0), "operator_key": key })));
        };
        let tenant = tenant::find(on, slug).await?;
        let scopes: Vec<String> = create.role.into_iter().chain(create.scope).collect();
        let mode = match create.mode {
            KeyMode::Live => Mode::Live,
            KeyMode::Test => Mode::Test,
        };
        let new = NewKey { name: create.name, scopes: scopes.clone(), mode, expires_at: create.expires };
        let (row, text) = keys::create(&on.app, tenant.id.0, new).await?;
        let key = text.expose();
        let data = json!({
            "id": ids::KEY.show(row.id.0), "api_key": key, "tenant": slug, "scopes": scopes, "mode": mode.name(),
            "expires_at": create.expires,
        });
        Ok(Answer::new(shown(key), data))
    }
}

async fn rotate(on: &Installation) -> Result<Answer, Fail> {
    on.app.tokens.rotate(&on.app.seal, &on.app.ids, on.app.time()).await?;
    Ok(Answer::text(
        "A new key signs access tokens from two minutes on; the one before verifies until its last token has ended.",
    ))
}

fn shown(key: &str) -> String {
    format!("{key}\nThis is the only time that it is shown: only its hash is kept.")
}
