//! Calls of providers: verified by the channel, stored, committed, and only then answered.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{Answer, Ask, Envelope, Error, ExternalId, HookCall, Kind, RawItem, Received, Retry, Told};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    health::{self, Half},
    open::{Opened, Opener},
};
use crate::{
    acting::{Acting, Actor},
    blobs,
    cases::{accept, intake, reach::Kinds, receipts, standing},
    fail::Fail,
    metrics,
    recovery::calling,
    store::{
        self, Time, Tx,
        channels::{self, Channel},
        routes, tenants,
    },
};

/// The kind of route that a hook is.
pub const HOOK: &str = "hook";
/// A provider gives up after some ten seconds; the commit needs its share of them.
const LONGEST: Duration = Duration::from_secs(8);
/// A provider that is asked to come again waits so many seconds.
const LATER: u32 = 30;

/// How a call is refused.
#[derive(Debug)]
pub enum Refused {
    /// No channel is called here.
    Unknown,
    /// It is not signed as the channel demands, or too old. Nothing of it is stored.
    Forged,
    /// Signed, and without anything that could be stored.
    Empty,
    /// Not now: the provider keeps it and comes again.
    Later(Fail),
}

impl<E: Into<Fail>> From<E> for Refused {
    fn from(e: E) -> Self {
        Self::Later(e.into())
    }
}

/// The address that a channel's provider is told to call.
pub fn url(opener: &Opener, public_url: &str, row: &Channel) -> Option<String> {
    let (about, _) = opener.registry().find(&row.connector)?;
    let token = || opener.hook_token(row.tenant_id.0, row.id);
    about.capabilities.hooks.then(|| format!("{public_url}/hooks/{}", token()))
}

/// Takes a call in. `call.public_url` is filled in here, from what the program knows of itself.
pub async fn receive(
    deps: &intake::Deps,
    opener: &Opener,
    public_url: &str,
    token: &str,
    mut call: HookCall,
) -> Result<Answer, Refused> {
    let row = called(deps, token).await?;
    let (tenant, id) = (row.tenant_id.0, row.id);
    call.public_url = url(opener, public_url, &row).ok_or(Refused::Unknown)?;
    let opened = match opener.open(&row) {
        Ok(opened) => opened,
        Err(e) => return Err(failed(deps, &row, &e).await),
    };
    let received = match read(&opened, &call).await {
        Ok(received) => received,
        Err(e) if e.kind == Kind::Forged => {
            metrics::hook(&row.connector, "forged");
            tracing::info!(%tenant, channel = %id, "a call was not signed as its channel demands");
            return Err(Refused::Forged);
        }
        Err(e) if e.kind == Kind::Malformed => wreck(deps, &row, &call)?,
        Err(e) => return Err(failed(deps, &row, &e).await),
    };
    let (answer, ask) = (received.answer.clone(), received.ask.clone());
    store(deps, &row, received).await?;
    let Some(ask) = ask else { return Ok(answer) };
    let told = told(deps, opener.kinds(), &row, ask).await?;
    match opened.channel.reply(&call, &told) {
        Ok(answer) => Ok(answer),
        Err(e) => Err(failed(deps, &row, &e).await),
    }
}

/// The channel behind the token, where it takes calls now.
async fn called(deps: &intake::Deps, token: &str) -> Result<Channel, Refused> {
    // The hint spares the database whatever has not even the form of a token.
    if token.split_once('_').and_then(|(tenant, _)| Uuid::try_parse(tenant).ok()).is_none() {
        return Err(Refused::Unknown);
    }
    let token = token.to_owned();
    let found = deps.store.control_read(move |c| {
        let Some(route) = routes::find(c, HOOK, &token)? else { return Ok(None) };
        let active = tenants::entry(c, route.tenant_id.0)?.status == tenants::ACTIVE;
        Ok(route.channel_id.map(|channel| (route.tenant_id.0, channel, active)))
    });
    let (tenant, channel, active) = found.await?.ok_or(Refused::Unknown)?;
    let read: store::Result<Channel> = deps.store.tenant(tenant).read(move |tx| channels::get(tx, channel)).await;
    match read {
        Ok(row) if active && row.state == "active" => Ok(row),
        Ok(_) => Err(Refused::Later(Fail::Busy(LATER))),
        // The route is written after the row: a row that is not there has been taken back.
        Err(store::Error::NotFound) => Err(Refused::Unknown),
        Err(e) => Err(e.into()),
    }
}

async fn read(opened: &Opened, call: &HookCall) -> Result<Received, Error> {
    let hangs = || Error::new(Kind::Unreachable, Retry::Later, "receive", "the connector did not come to an end");
    timeout(LONGEST, opened.channel.receive(call)).await.unwrap_or_else(|_| Err(hangs()))
}

/// A call that was verified and cannot be understood is kept whole, as an item that nobody can read yet.
fn wreck(deps: &intake::Deps, row: &Channel, call: &HookCall) -> Result<Received, Refused> {
    metrics::hook(&row.connector, "malformed");
    if call.body.is_empty() {
        return Err(Refused::Empty);
    }
    let id = ExternalId(format!("call-{}", blobs::to_hex(&blobs::of(&call.body))));
    let envelope = Envelope { received_at: Some(deps.clock.now()), ..Envelope::default() };
    Ok(Received { items: vec![RawItem { id, place: None, envelope, raw: call.body.clone() }], ..Received::default() })
}

/// Items and receipts in one commit. What is there already changes nothing.
async fn store(deps: &intake::Deps, row: &Channel, received: Received) -> Result<(), Refused> {
    let (tenant, id) = (row.tenant_id.0, row.id);
    let (items, told) = (received.items, Arc::new((received.receipts, received.watermarks)));
    let fresh = row.health == "ok";
    if items.is_empty() && told.0.is_empty() && told.1.is_empty() && fresh {
        metrics::hook(&row.connector, "taken");
        return Ok(());
    }
    let rows = Arc::new(accept::prepare(deps, tenant, id.0, items).await?);
    let act = Acting::new(Actor::System, &deps.clock, &deps.ids);
    let write = move |tx: &mut Tx| {
        let accepted = accept::accept(tx, &act, id, &rows, None)?;
        receipts::take(tx, &act, id, &told.0)?;
        receipts::up_to(tx, &act, id, &told.1)?;
        if !fresh {
            health::note_works(tx, id, Half::Receiving, act.now)?;
        }
        Ok::<_, Fail>(accepted)
    };
    accept::count(&deps.store.tenant(tenant).write(write).await?);
    metrics::hook(&row.connector, "taken");
    Ok(())
}

/// What the channel is told before it answers. A case that is asked about may make a text go out; anything else only reads.
async fn told(deps: &intake::Deps, kinds: Kinds, row: &Channel, ask: Ask) -> Result<Told, Fail> {
    let (door, channel) = (deps.store.tenant(row.tenant_id.0), row.id);
    if ask.wants_code {
        let (act, seal) = (Acting::new(Actor::System, &deps.clock, &deps.ids), deps.seal.clone());
        return door.write(move |tx: &mut Tx| calling::asked(tx, &act, (&kinds, &seal), &ask)).await;
    }
    if ask.reference.is_none() {
        return door.read(move |tx| standing::known(tx, &ask)).await;
    }
    let act = Acting::new(Actor::System, &deps.clock, &deps.ids);
    door.write(move |tx: &mut Tx| standing::told(tx, &act, &kinds, channel, &ask)).await
}

/// Notes in the channel's row that it cannot take calls, where staff see it. The provider is asked to come again.
async fn failed(deps: &intake::Deps, row: &Channel, error: &Error) -> Refused {
    if error.kind == Kind::Unsupported {
        return Refused::Unknown;
    }
    metrics::hook(&row.connector, "failed");
    let (tenant, id, at) = (row.tenant_id.0, row.id, Time::new(deps.clock.now()));
    if let Some(failing) = health::failing(Half::Receiving, error) {
        let note = move |tx: &mut Tx| health::note_failing(tx, id, &failing, at);
        let noted: store::Result<()> = deps.store.tenant(tenant).write(note).await;
        if let Err(e) = noted {
            tracing::warn!(%tenant, channel = %id, error = %e, "a channel's health could not be noted");
        }
    }
    Refused::Later(Fail::Busy(LATER))
}
