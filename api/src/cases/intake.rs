//! Filing what was taken in: each item in hand once, read on a bounded thread, and ended as a message, a report, a
//! duplicate, or in quarantine with its bytes.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use civicdesk_contract::{Clock, Connector};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use uuid::Uuid;

use super::{
    duplicates,
    filing::{self, Desk},
    known::Known,
    parsing::{self, Read},
    reach,
    scan::Scanning,
    stubs,
    tokens::ReplyKey,
    written::Written,
};
use crate::{
    acting::{Acting, Actor},
    auth::seal::Seal,
    blobs::Blobs,
    fail::Fail,
    ids::{self, Ids},
    store::{
        self, Json, Store, Time, Tx, Uid,
        channels::{self, Channel},
        inbound::{self, Item, Settled},
        tenant::{self, Tenant},
    },
    workers::Workers,
};

/// Items that one transaction files.
const TOGETHER: usize = 20;
/// Items read at the same time.
const READING: usize = 4;
/// An item taken in hand this often was not put down twice: reading it may be what ends the program.
const GRABS: i32 = 3;

/// Looks up an installed connector by its id.
pub type Connectors = Arc<dyn Fn(&str) -> Option<Arc<dyn Connector>> + Send + Sync>;

/// What intake works with. Cheap to clone; clones share their turns.
#[derive(Clone)]
pub struct Deps {
    pub store: Store,
    pub blobs: Blobs,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    /// The threads on which messages are read.
    pub parsing: Workers,
    pub connectors: Connectors,
    pub reply_key: ReplyKey,
    /// What keeps the address of whoever asks for a code from all other eyes.
    pub seal: Seal,
    /// Where citizens find this installation, for links in letters.
    pub public_url: String,
    /// Off, until the operator names a scanner.
    pub scanning: Scanning,
    turns: Turns,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("intake::Deps")
    }
}

/// One run per tenant at a time, so that nobody takes an item in hand that another holds.
type Turns = Arc<Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>>;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    pub taken: usize,
    pub messages: usize,
    pub reports: usize,
    pub keywords: usize,
    pub duplicates: usize,
    pub quarantined: usize,
    /// There may be more: run again.
    pub more: bool,
}

impl Deps {
    pub fn new(
        store: Store,
        blobs: Blobs,
        (clock, ids): (Arc<dyn Clock>, Ids),
        parsing: Workers,
        connectors: Connectors,
        (reply_key, seal): (ReplyKey, Seal),
    ) -> Self {
        Self {
            store,
            blobs,
            clock,
            ids,
            parsing,
            connectors,
            reply_key,
            seal,
            public_url: String::new(),
            scanning: Scanning::Off,
            turns: Turns::default(),
        }
    }

    fn turn(&self, tenant: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(tenant).or_default().clone()
    }
}

/// Items in hand and whether more wait, with the tenant and its channels.
type Taken = ((Vec<Item>, bool), Tenant, Vec<Channel>);

/// Takes up to `limit` waiting items of a tenant in hand and files them. `Err`: those not ended were put down again.
pub async fn work(deps: &Deps, tenant: Uuid, limit: usize) -> Result<Worked, Fail> {
    let turn = deps.turn(tenant);
    let _turn = turn.lock().await;
    let door = deps.store.tenant(tenant);
    let take = move |tx: &mut Tx| -> store::Result<Taken> {
        Ok((inbound::take(tx, limit)?, tenant::get(tx)?, channels::list(tx)?))
    };
    let ((items, more), tenant_row, channels) = door.write(take).await?;
    let mut worked = Worked { taken: items.len(), more, ..Worked::default() };
    if items.is_empty() {
        return Ok(worked);
    }
    let in_hand: Vec<Uid> = items.iter().map(|item| item.id).collect();
    let ended = file_all(deps, tenant, desk(deps, tenant_row, channels), items, &mut worked).await;
    if ended.is_err() {
        // Where even this cannot be written, the next run counts the item as grabbed once more: that is the safe side.
        let _ = door.write(move |tx| inbound::put_down(tx, &in_hand)).await;
    }
    ended.map(|()| worked)
}

fn desk(deps: &Deps, tenant: Tenant, channels: Vec<Channel>) -> Desk {
    let can = |c: &Channel| (deps.connectors)(&c.connector).map(|kind| kind.about().capabilities);
    let able = channels.iter().filter_map(|c| Some((c.id, can(c)?))).collect::<Vec<_>>();
    let senders: HashSet<Uid> = able.iter().filter(|(_, can)| can.send).map(|(id, _)| *id).collect();
    let texting: HashSet<Uid> = able.iter().filter(|(_, can)| reach::texts(can)).map(|(id, _)| *id).collect();
    let own = channels.iter().filter_map(|c| duplicates::own_address(c.address.as_deref()?)).collect();
    let channels = channels.into_iter().map(|c| (c.id, c)).collect();
    let (key, public_url) = (deps.reply_key.clone(), deps.public_url.clone());
    let (scanning, seal) = (deps.scanning, deps.seal.clone());
    Desk { tenant, channels, senders, texting, own, key, public_url, scanning, seal }
}

async fn file_all(deps: &Deps, tenant: Uuid, desk: Desk, items: Vec<Item>, worked: &mut Worked) -> Result<(), Fail> {
    let desk = Arc::new(desk);
    let reading = stream::iter(items).map(|item| read(deps, &desk, item)).buffered(READING);
    let mut chunks = std::pin::pin!(reading.chunks(TOGETHER));
    while let Some(chunk) = chunks.next().await {
        let chunk: Vec<(Item, Read)> = chunk.into_iter().collect::<Result<_, Fail>>()?;
        let chunk = Arc::new(chunk);
        match write(deps, tenant, &desk, &chunk, 0..chunk.len()).await {
            Ok(ends) => ends.iter().for_each(|end| worked.count(end)),
            Err(e) if later(&e) => return Err(e),
            // One of them cannot be filed; alone, it spoils no other.
            Err(_) => {
                for at in 0..chunk.len() {
                    worked.count(&alone(deps, tenant, &desk, &chunk, at).await?);
                }
            }
        }
    }
    Ok(())
}

async fn read(deps: &Deps, desk: &Desk, item: Item) -> Result<(Item, Read), Fail> {
    if item.attempts >= GRABS {
        let why = "it was in hand twice when the program ended; it is not read again until someone replays it";
        return Ok((item, Read::Wreck(why.to_owned())));
    }
    let connector = desk.channels.get(&item.channel_id).and_then(|c| (deps.connectors)(&c.connector));
    let read = parsing::read(deps, &item, connector, &desk.tenant.locale).await?;
    Ok((item, read))
}

async fn alone(
    deps: &Deps,
    tenant: Uuid,
    desk: &Arc<Desk>,
    chunk: &Arc<Vec<(Item, Read)>>,
    at: usize,
) -> Result<Option<Settled>, Fail> {
    let why = match write(deps, tenant, desk, chunk, at..at + 1).await {
        Ok(mut ends) => return Ok(ends.pop().flatten()),
        Err(e) if later(&e) => return Err(e),
        Err(e) => e.to_string(),
    };
    let Some((item, _)) = chunk.get(at) else { return Ok(None) };
    let wreck = Arc::new(vec![(item.clone(), Read::Wreck(format!("it could not be filed: {why}")))]);
    Ok(write(deps, tenant, desk, &wreck, 0..1).await?.pop().flatten())
}

/// Files these items of a chunk in one transaction and says how each ended; `None`: someone else had ended it.
async fn write(
    deps: &Deps,
    tenant: Uuid,
    desk: &Arc<Desk>,
    chunk: &Arc<Vec<(Item, Read)>>,
    range: std::ops::Range<usize>,
) -> Result<Vec<Option<Settled>>, Fail> {
    let act = Acting::new(Actor::System, &deps.clock, &deps.ids);
    let (desk, chunk) = (desk.clone(), chunk.clone());
    let write = move |tx: &mut Tx| {
        let chunk = chunk.get(range.clone()).unwrap_or_default();
        let mut known = Known::of(tx, chunk)?;
        let mut written = Written::default();
        let mut ends = Vec::with_capacity(chunk.len());
        for (n, (item, read)) in (0_i64..).zip(chunk) {
            if !known.is_waiting(item) {
                ends.push(None);
                continue;
            }
            // Messages of one transaction keep their order: each has its own moment, with room for a letter after it.
            let now = Time(act.now.0 + SignedDuration::from_micros(2 * n));
            let act = Acting { now, ..act.clone() };
            let end = match read {
                Read::Message(parsed) => filing::file(tx, &act, (&mut written, &mut known), &desk, (item, parsed))?,
                Read::Wreck(why) => quarantine(tx, &act, &mut written, item, why),
                Read::Outline(why, outline) => {
                    let seen = (&mut written, &mut known);
                    let stub = stubs::open(tx, &act, seen, &desk, item, (why, outline))?;
                    let end = quarantine(tx, &act, &mut written, item, why);
                    Settled { message_id: stub.message, case_id: stub.case, ..end }
                }
            };
            inbound::settle(tx, item.id, &end, act.now)?;
            ends.push(Some(end));
        }
        written.flush(tx)?;
        Ok(ends)
    };
    deps.store.tenant(tenant).write(write).await
}

/// Whether the fault lies with the database or its load, and not with the item.
fn later(e: &Fail) -> bool {
    match e {
        Fail::Store(e) => !e.is_own(),
        Fail::Busy(_) | Fail::Broken(_) => true,
        _ => false,
    }
}

fn quarantine(tx: &Tx, act: &Acting, written: &mut Written, item: &Item, why: &str) -> Settled {
    let mut event = act.event(tx, "inbound.quarantined");
    event.data = Json(serde_json::json!({ "item_id": ids::ITEM.show(item.id.0), "reason": why }));
    written.events.push(event);
    Settled { state: "quarantined", reason: Some(why.to_owned()), ..Settled::default() }
}

impl Worked {
    fn count(&mut self, end: &Option<Settled>) {
        match end.as_ref().map(|end| (end.state, end.filed_as)) {
            Some(("filed", Some("report"))) => self.reports += 1,
            Some(("filed", Some("keyword"))) => self.keywords += 1,
            Some(("filed", _)) => self.messages += 1,
            Some(("duplicate", _)) => self.duplicates += 1,
            Some(_) => self.quarantined += 1,
            None => {}
        }
    }
}
