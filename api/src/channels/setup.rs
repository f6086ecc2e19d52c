//! How a channel is made, and how it is proven to work.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{About, Clock, Error, Identity, IdentityKind};
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    builtin::lmtp,
    fallback,
    health::{self, Half},
    hooks::HOOK,
    open::Opener,
    push::ADDRESS,
};
use crate::{
    acting::Acting,
    fail::Fail,
    people::addresses,
    store::{
        self, Store, Time, Uid,
        channels::{self, Channel, Health},
        jobs,
        routes::{self, Route},
        tenants::Entry,
    },
};

/// A connector has time-outs of its own; this one is for a connector that hangs.
const LONGEST_CHECK: Duration = Duration::from_secs(60);
/// Characters of a channel's name.
const LONGEST_NAME: usize = 200;

/// What a new channel is to be.
#[derive(Clone, Debug)]
pub struct NewChannel {
    pub connector: String,
    /// For staff; the address where it is empty.
    pub name: Option<String>,
    /// Our own address on the network; the settings' own where it is left out.
    pub address: Option<String>,
    pub settings: Value,
    /// What a message joins that leads to no case; what suits the network where it is left out.
    pub case_policy: Option<String>,
    /// Another channel of the tenant that takes its messages where it cannot send them.
    pub fallback_channel_id: Option<Uid>,
}

/// A channel that can be made: its row, and the route that makes its address lead to it.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub row: Channel,
    pub route: Option<Route>,
}

/// Makes a channel. It is at work once its address leads to it.
pub async fn create(
    store: &Store,
    opener: &Opener,
    tenant: Uuid,
    by: &Acting,
    new: NewChannel,
) -> Result<Channel, Fail> {
    let Prepared { row, route } = prepare(store, opener, tenant, by, new).await?;
    let stored = row.clone();
    let kinds = opener.kinds();
    let door = store.tenant(tenant);
    let write = door.write(move |tx| {
        fallback::check(tx, &kinds, &stored)?;
        Ok::<_, Fail>(channels::insert(tx, &stored)?)
    });
    write.await?;
    if let Some(route) = route {
        add_route(store, route).await?;
    }
    Ok(row)
}

/// Says what is wrong with a channel to be made, or how it is to be written. The route is written last.
pub async fn prepare(
    store: &Store,
    opener: &Opener,
    tenant: Uuid,
    by: &Acting,
    new: NewChannel,
) -> Result<Prepared, Fail> {
    let Some((about, _)) = opener.registry().find(&new.connector) else {
        let known: Vec<&str> = opener.registry().table().map(|about| about.id).collect();
        return Err(Fail::field("/connector", format!("must be one of {}", known.join(", "))));
    };
    let (settings, address) = settings_and_address(about, new.settings, new.address)?;
    opener.try_open(about.id, settings.clone()).map_err(|e| Fail::field("/settings", e.detail))?;
    let name = new.name.or_else(|| address.clone()).unwrap_or_else(|| about.name.to_owned());
    let id = by.id();
    let row = Channel {
        tenant_id: Uid(tenant),
        id,
        connector: about.id.to_owned(),
        name: checked_name(&name)?,
        address,
        state: "active".to_owned(),
        sealed: opener.seal(tenant, id, &settings)?,
        cursor: None,
        health: "unknown".to_owned(),
        health_kind: None,
        health_detail: None,
        health_since: None,
        checked_at: None,
        case_policy: policy(new.case_policy.as_deref(), about)?,
        fallback_channel_id: new.fallback_channel_id,
        slow_since: None,
        probed_at: None,
        version: 1,
        created_at: by.now,
        updated_at: by.now,
    };
    let route = wanted_route(opener, &row);
    if let Some(route) = &route {
        is_free(store, route).await?;
    }
    Ok(Prepared { row, route })
}

/// The policies by which a message that leads to no case by itself finds one.
pub const CASE_POLICIES: [&str; 3] = ["thread", "open_case", "new"];

/// A policy by its name. Where none is named: networks without threads have one long conversation with each person.
pub(super) fn policy(named: Option<&str>, about: &About) -> Result<String, Fail> {
    let usual = if about.capabilities.threads { "thread" } else { "open_case" };
    let policy = named.unwrap_or(usual);
    if CASE_POLICIES.contains(&policy) {
        return Ok(policy.to_owned());
    }
    Err(Fail::field("/case_policy", format!("must be one of {}", CASE_POLICIES.join(", "))))
}

/// A name that staff can tell a channel by.
pub(super) fn checked_name(name: &str) -> Result<String, Fail> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Fail::field("/name", format!("must have 1 to {LONGEST_NAME} characters on one line")));
    }
    Ok(name.to_owned())
}

/// Makes an address or a hook lead to its channel. One that leads there already may be added again.
pub async fn add_route(store: &Store, route: Route) -> Result<(), Fail> {
    let wanted = route.clone();
    match store.control_write(move |c| routes::add(c, &route)).await {
        Err(store::Error::Taken(_)) if lead(store, &wanted).await?.as_ref() == Some(&wanted) => Ok(()),
        Err(store::Error::Taken(_)) => Err(taken()),
        done => Ok(done?),
    }
}

/// Refuses an address that leads somewhere.
pub(super) async fn is_free(store: &Store, route: &Route) -> Result<(), Fail> {
    if lead(store, route).await?.is_some() { Err(taken()) } else { Ok(()) }
}

/// Whether what comes in looks for its channel by address.
pub fn is_pushed(connector: &str) -> bool {
    connector == lmtp::ID
}

/// The route that makes an address lead to a channel.
pub fn route_of(channel: &Channel, address: String) -> Route {
    Route { kind: ADDRESS.to_owned(), value: address, tenant_id: channel.tenant_id, channel_id: Some(channel.id) }
}

/// The route by which what comes in finds this channel; none where we go and ask.
pub(super) fn wanted_route(opener: &Opener, row: &Channel) -> Option<Route> {
    if is_pushed(&row.connector) {
        return row.address.clone().map(|address| route_of(row, address));
    }
    let (about, _) = opener.registry().find(&row.connector)?;
    about.capabilities.hooks.then(|| Route {
        kind: HOOK.to_owned(),
        value: opener.hook_token(row.tenant_id.0, row.id),
        tenant_id: row.tenant_id,
        channel_id: Some(row.id),
    })
}

async fn lead(store: &Store, route: &Route) -> Result<Option<Route>, Fail> {
    let (kind, value) = (route.kind.clone(), route.value.clone());
    Ok(store.control_read(move |c| routes::find(c, &kind, &value)).await?)
}

fn taken() -> Fail {
    Fail::conflict("address-taken", "another channel of this installation has this address")
}

/// The address stands in the settings of connectors that ask for it, and in the row of every channel that has one.
pub(super) fn settings_and_address(
    about: &About,
    given: Value,
    address: Option<String>,
) -> Result<(Value, Option<String>), Fail> {
    let Value::Object(mut settings) = given else {
        return Err(Fail::field("/settings", "must be a JSON object"));
    };
    let asked = about.settings_schema.pointer("/properties/address").is_some();
    if let (true, Some(address)) = (asked && !settings.contains_key("address"), &address) {
        settings.insert("address".to_owned(), Value::String(address.clone()));
    }
    let shown = address.or_else(|| settings.get("address").and_then(Value::as_str).map(str::to_owned));
    let kind = about.capabilities.identities.first().copied().unwrap_or(IdentityKind::Account);
    let normal = match &shown {
        Some(text) => {
            let wrong = || Fail::field("/address", format!("is no {} address", kind.as_str()));
            Some(addresses::normal(kind, text).ok_or_else(wrong)?)
        }
        None if is_pushed(about.id) => {
            return Err(Fail::field("/address", "must be given: mail finds the channel by it"));
        }
        None => None,
    };
    Ok((Value::Object(settings), normal))
}

/// The channels of these tenants, each with its tenant's slug.
pub async fn rows(store: &Store, of: &[Entry]) -> Result<Vec<(String, Channel)>, Fail> {
    let mut found = Vec::new();
    for tenant in of {
        let rows = store.tenant(tenant.id.0).read(channels::list).await.map_err(Fail::from)?;
        found.extend(rows.into_iter().map(|row| (tenant.slug.clone(), row)));
    }
    Ok(found)
}

/// Proves that a channel's account works, and notes its health.
pub async fn check(
    store: &Store,
    opener: &Opener,
    clock: &Arc<dyn Clock>,
    row: &Channel,
) -> Result<Result<Identity, Error>, Fail> {
    let proven = match opener.open(row) {
        Err(e) => Err(e),
        Ok(opened) => match timeout(LONGEST_CHECK, opened.channel.check()).await {
            Ok(proven) => proven,
            Err(_) => Err(Error::unreachable("check", "no answer within a minute")),
        },
    };
    let health = match &proven {
        Ok(_) => Health { state: "ok", kind: None, detail: None },
        Err(e) => health::failing(Half::Receiving, e).unwrap_or(Health { state: "failing", kind: None, detail: None }),
    };
    let (id, at) = (row.id, Time::new(clock.now()));
    let door = store.tenant(row.tenant_id.0);
    let noted = door.write(move |tx| {
        channels::set_health(tx, id, &health, at)?;
        if health.state == "ok" { jobs::hurry(tx, id, at) } else { Ok(()) }
    });
    noted.await.map_err(Fail::from)?;
    Ok(proven)
}
