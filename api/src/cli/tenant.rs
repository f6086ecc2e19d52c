//! `tenant`: the agencies of an installation.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Answer;
use crate::{
    fail::Fail,
    ids,
    installation::Installation,
    store::tenants::{self as rows, Entry},
    tenants::{self, NewTenant},
};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tenant {
    /// Make a tenant.
    Create(Create),
    /// List all tenants.
    List,
    /// Refuse every credential of a tenant from now on; its mail goes on being kept.
    Suspend(Named),
    /// Let a suspended tenant work again.
    Resume(Named),
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Create {
    /// Its name in addresses: small letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// Its name for people.
    #[arg(long)]
    name: String,
    /// What case references begin with, such as RIV. Without it, taken from the slug.
    #[arg(long, value_name = "LETTERS")]
    prefix: Option<String>,
    /// The language of its letters, such as es-MX.
    #[arg(long)]
    locale: Option<String>,
    /// Such as America/New_York.
    #[arg(long)]
    time_zone: Option<String>,
    /// The country whose telephone numbers are meant, such as MX. Without it, the region of the language.
    #[arg(long, value_name = "CODE")]
    phone_country: Option<String>,
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Named {
    slug: String,
}

impl Tenant {
    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        match self {
            Self::Create(create) => create.run(on).await,
            Self::List => list(on).await,
            Self::Suspend(named) => {
                let tenant = find(on, &named.slug).await?;
                Ok(one(&tenants::suspend(&on.app, tenant.id.0).await?))
            }
            Self::Resume(named) => {
                let tenant = find(on, &named.slug).await?;
                Ok(one(&tenants::resume(&on.app, tenant.id.0).await?))
            }
        }
    }
}

impl Create {
    async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let usual = NewTenant::new(self.slug, self.name);
        let new = NewTenant {
            reference_prefix: self.prefix,
            locale: self.locale.unwrap_or(usual.locale),
            time_zone: self.time_zone.unwrap_or(usual.time_zone),
            phone_country: self.phone_country,
            ..usual
        };
        Ok(one(&tenants::create(&on.app, new).await?))
    }
}

/// The tenant of this slug.
pub async fn find(on: &Installation, slug: &str) -> Result<Entry, Fail> {
    let wanted = slug.to_owned();
    let found = on.app.store.control_read(move |c| rows::by_slug(c, &wanted)).await?;
    found.ok_or_else(|| {
        Fail::conflict("no-tenant", format!("there is no tenant `{slug}`; `civicdesk tenant list` shows all"))
    })
}

async fn list(on: &Installation) -> Result<Answer, Fail> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map(|t| t.id.0);
        let page = on.app.store.control_read(move |c| rows::page(c, after, 500)).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let table: Vec<_> =
        all.iter().map(|t| [ids::TENANT.show(t.id.0), t.slug.clone(), t.status.clone(), t.name.clone()]).collect();
    Ok(Answer::table(
        ["id", "slug", "status", "name"],
        &table,
        json!({ "data": all.iter().map(data).collect::<Vec<_>>() }),
    ))
}

fn one(tenant: &Entry) -> Answer {
    let text = format!("{} {} ({}) is {}", ids::TENANT.show(tenant.id.0), tenant.slug, tenant.name, tenant.status);
    Answer::new(text, data(tenant))
}

fn data(tenant: &Entry) -> Value {
    json!({
        "id": ids::TENANT.show(tenant.id.0), "slug": tenant.slug, "name": tenant.name, "status": tenant.status,
        "created_at": tenant.created_at.0,
    })
}
