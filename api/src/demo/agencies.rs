//! Makes the demo's agencies: their people with passwords, their channels, and keys.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    citizens::{self, Citizen},
    conversation::{AGENCIES, Agency},
    forms,
};
use crate::{
    acting::{Acting, Actor},
    auth::{
        Role,
        keys::{self, Mode, NewKey},
        staff::{self, NewStaff},
    },
    channels::{
        builtin::lmtp,
        setup::{self, NewChannel},
    },
    fail::Fail,
    ids,
    installation::Installation,
    store::{self, channels::Channel},
    tenants::{self, NewTenant},
};

/// What the story must know of the agencies: their ids, and those of their people by the story's words for them.
#[derive(Debug, Default)]
pub struct Agencies {
    tenants: Vec<Uuid>,
    members: HashMap<&'static str, Uuid>,
}

impl Agencies {
    pub fn tenant(&self, place: usize) -> Uuid {
        self.tenants.get(place).copied().unwrap_or_default()
    }

    pub fn tenants(&self) -> impl Iterator<Item = Uuid> {
        self.tenants.iter().copied()
    }

    pub fn member(&self, key: &str) -> Option<Uuid> {
        self.members.get(key).copied()
    }
}

/// What opens the demo's doors, kept in its directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keys {
    pub operator_key: String,
    pub tenants: Vec<TenantKeys>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TenantKeys {
    pub slug: String,
    pub name: String,
    pub api_key: String,
    pub staff: Vec<Member>,
    pub channels: Vec<Address>,
    /// None in a directory that an earlier version made.
    #[serde(default)]
    pub citizens: Vec<Citizen>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub email: String,
    pub password: String,
    pub role: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    pub id: String,
    pub address: String,
}

/// Makes both agencies. Their mail goes out to the server at `smtp_port` of this machine.
pub async fn make(on: &Installation, smtp_port: u16) -> Result<(Agencies, Keys), Fail> {
    let (_, operator_key) = keys::create_operator(&on.app, "demo").await?;
    let mut made = Agencies::default();
    let mut tenants = Vec::new();
    for agency in AGENCIES {
        tenants.push(make_one(on, agency, smtp_port, &mut made).await?);
    }
    Ok((made, Keys { operator_key: operator_key.expose().to_owned(), tenants }))
}

async fn make_one(on: &Installation, agency: &Agency, smtp_port: u16, made: &mut Agencies) -> Result<TenantKeys, Fail> {
    let new = NewTenant {
        reference_prefix: Some(agency.prefix.to_owned()),
        time_zone: "America/New_York".to_owned(),
        ..NewTenant::new(agency.slug, agency.name)
    };
    let tenant = tenants::create(&on.app, new).await?.id.0;
    let mut members = Vec::new();
    for person in agency.staff {
        let role = Role::read(person.role).ok_or_else(|| Fail::Broken(format!("no role `{}`", person.role)))?;
        let (email, name) = (person.email.to_owned(), person.name.to_owned());
        let (row, password) =
            staff::create(&on.app, tenant, NewStaff { email, name, role, password: None, invited: false }).await?;
        let password = password.map(|secret| secret.expose().to_owned()).unwrap_or_default();
        made.members.insert(person.key, row.id.0);
        members.push(Member { email: row.email, password, role: row.role });
    }
    let key = NewKey { name: "demo".into(), scopes: vec!["admin".into()], mode: Mode::Live, expires_at: None };
    let (_, api_key) = keys::create(&on.app, tenant, key).await?;
    let mut channels = Vec::new();
    let by = Acting::new(Actor::System, &on.app.clock, &on.app.ids);
    for (name, address) in agency.channels {
        let new = NewChannel {
            connector: lmtp::ID.to_owned(),
            name: Some((*name).to_owned()),
            address: Some((*address).to_owned()),
            settings: json!({ "name": agency.name, "smtp": sink(smtp_port) }),
            case_policy: None,
            fallback_channel_id: None,
        };
        let row = setup::create(&on.app.store, &on.opener, tenant, &by, new).await?;
        channels.push(Address { id: ids::CHANNEL.show(row.id.0), address: (*address).to_owned() });
    }
    forms::make(on, tenant, &by).await?;
    let citizens = citizens::make(on, tenant, &by, agency.citizens).await?;
    made.tenants.push(tenant);
    let (slug, name) = (agency.slug.to_owned(), agency.name.to_owned());
    Ok(TenantKeys { slug, name, api_key: api_key.expose().to_owned(), staff: members, channels, citizens })
}

/// Points the outgoing mail of every channel that pushes to the server at this port of this machine.
pub async fn send_to(on: &Installation, smtp_port: u16) -> Result<(), Fail> {
    let store = &on.app.store;
    let tenants = store.control_read(store::tenants::active).await?;
    for (_, row) in setup::rows(store, &tenants).await?.into_iter().filter(|(_, row)| row.connector == lmtp::ID) {
        let mut settings = on.opener.unseal(&row)?;
        settings["smtp"] = sink(smtp_port);
        let sealed = on.opener.seal(row.tenant_id.0, row.id, &settings)?;
        let (tenant, row) = (row.tenant_id.0, Channel { sealed, updated_at: on.app.time(), ..row });
        store.tenant(tenant).write(move |tx| store::channels::update(tx, &row).map(drop)).await.map_err(Fail::from)?;
    }
    Ok(())
}

/// The server that takes the demo's outgoing mail, as a channel's settings name it.
fn sink(port: u16) -> Value {
    json!({ "host": "127.0.0.1", "port": port, "security": "none" })
}
