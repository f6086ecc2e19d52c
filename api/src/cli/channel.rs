//! `channel`: a tenant's accounts on the networks.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, tenant};
use crate::{
    acting::{Acting, Actor},
    channels::setup::{self, NewChannel},
    fail::Fail,
    ids,
    installation::Installation,
    store::{Uid, channels::Channel as Row, tenants},
};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Connect an account.
    Add(Add),
    /// List a tenant's channels, or those of all tenants.
    List(Which),
    /// Prove that channels work: sign in, and send nothing. What waited for a mended channel then goes out.
    Check(Check),
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Add {
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// The kind of network; `civicdesk connectors` shows all.
    #[arg(long)]
    connector: String,
    /// Our own address there.
    #[arg(long)]
    address: Option<String>,
    /// Its name for staff.
    #[arg(long)]
    name: Option<String>,
    /// Another channel that takes its messages where it cannot send them: its id.
    #[arg(long, value_name = "CHANNEL")]
    fallback: Option<String>,
    /// The connector's settings as JSON, passwords included: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    settings: Option<PathBuf>,
    #[arg(skip)]
    given: Option<Value>,
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Which {
    /// One tenant's channels only.
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Check {
    /// One channel only: its address or its id.
    #[arg(value_name = "CHANNEL")]
    channel: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

impl Check {
    fn is_meant(&self, row: &Row) -> bool {
        let Some(named) = self.channel.as_deref() else { return true };
        row.address.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(named))
            || ids::CHANNEL.show(row.id.0) == named
    }
}

impl Channel {
    pub fn prepare(self) -> Result<Self, String> {
        match self {
            Self::Add(mut add) => {
                add.given = add.settings.as_deref().map(read).transpose()?;
                Ok(Self::Add(add))
            }
            other => Ok(other),
        }
    }

    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        match self {
            Self::Add(add) => add.run(on).await,
            Self::List(which) => list(on, which).await,
            Self::Check(asked) => check(on, &asked).await,
        }
    }
}

fn read(file: &Path) -> Result<Value, String> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text).map(drop),
        _ => fs::read_to_string(file).map(|t| text = t),
    };
    read.map_err(|e| format!("{}: {e}", file.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: not JSON at line {}", file.display(), e.line()))
}

impl Add {
    async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let app = &on.app;
        let tenant = tenant::find(on, &self.tenant).await?;
        let by = Acting::new(Actor::System, &app.clock, &app.ids);
        let settings = self.given.unwrap_or_else(|| json!({}));
        let fallback = self.fallback.as_deref().map(|id| Uid(ids::CHANNEL.read(id).unwrap_or(Uuid::nil())));
        let new = NewChannel {
            connector: self.connector,
            name: self.name,
            address: self.address,
            settings,
            case_policy: None,
            fallback_channel_id: fallback,
        };
        let row = setup::create(&app.store, &on.opener, tenant.id.0, &by, new).await?;
        let text = format!("{} is there; `civicdesk channel check` proves that it works", ids::CHANNEL.show(row.id.0));
        Ok(Answer::new(text, data(&self.tenant, &row)))
    }
}

/// The channels of one tenant, or of every active one, each with its tenant's slug.
async fn rows(on: &Installation, slug: Option<&str>) -> Result<Vec<(String, Row)>, Fail> {
    let of = match slug {
        Some(slug) => vec![tenant::find(on, slug).await?],
        None => on.app.store.control_read(tenants::active).await?,
    };
    setup::rows(&on.app.store, &of).await
}

async fn list(on: &Installation, which: Which) -> Result<Answer, Fail> {
    let rows = rows(on, which.tenant.as_deref()).await?;
    let line = |(slug, row): &(String, Row)| {
        let address = row.address.clone().unwrap_or_default();
        [
            ids::CHANNEL.show(row.id.0),
            slug.clone(),
            row.connector.clone(),
            address,
            row.state.clone(),
            row.health.clone(),
        ]
    };
    let table: Vec<_> = rows.iter().map(line).collect();
    let data: Vec<Value> = rows.iter().map(|(slug, row)| data(slug, row)).collect();
    Ok(Answer::table(["id", "tenant", "connector", "address", "state", "health"], &table, json!({ "data": data })))
}

async fn check(on: &Installation, asked: &Check) -> Result<Answer, Fail> {
    let (mut lines, mut all, mut failed) = (Vec::new(), Vec::new(), false);
    let mut meant = rows(on, asked.which.tenant.as_deref()).await?;
    meant.retain(|(_, row)| asked.is_meant(row));
    if let (Some(named), true) = (&asked.channel, meant.is_empty()) {
        return Err(Fail::field("CHANNEL", format!("no channel has the address or id {named}")));
    }
    for (slug, row) in meant {
        let id = ids::CHANNEL.show(row.id.0);
        let name = row.address.clone().unwrap_or_else(|| row.name.clone());
        match setup::check(&on.app.store, &on.opener, &on.app.clock, &row).await? {
            Ok(identity) => {
                lines.push(format!("ok    {slug} {} ({id}): {}", identity.address, identity.detail));
                all.push(json!({ "id": id, "tenant": slug, "works": true, "address": identity.address, "detail": identity.detail }));
            }
            Err(e) => {
                failed = true;
                lines.push(format!("FAIL  {slug} {name} ({id}): {}: {}", e.operation, e.detail));
                all.push(
                    json!({ "id": id, "tenant": slug, "works": false, "kind": e.kind.as_str(), "detail": e.detail }),
                );
            }
        }
    }
    if lines.is_empty() {
        lines.push("there is no channel".to_owned());
    }
    Ok(Answer { failed, ..Answer::new(lines.join("\n"), json!({ "data": all })) })
}

fn data(slug: &str, row: &Row) -> Value {
    json!({
        "id": ids::CHANNEL.show(row.id.0), "tenant": slug, "connector": row.connector, "name": row.name,
        "address": row.address, "state": row.state, "health": row.health, "health_detail": row.health_detail,
        "slow_since": row.slow_since.map(|at| at.0), "fallback_channel_id": row.fallback_channel_id.map(|id| ids::CHANNEL.show(id.0)),
    })
}
