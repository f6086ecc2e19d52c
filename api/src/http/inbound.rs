//! `/v1/inbound`: the ledger of everything that came in, and what became of it.

use actix_web::{HttpResponse, get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Params,
    door::Door,
    page::List,
    problem::Problem,
    show::{FileBytes, id_or_none, moment, time},
    wire::{Answer, Reply, id},
};
use crate::{
    auth::{Right, needs},
    blobs,
    cases::{ledger, scan},
    fail::Fail,
    ids,
    store::{
        Error, Tx, Uid,
        inbound::{self, Item},
    },
};

/// One item of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemView {
    #[schema(example = "inb_0197f2a1c3d47b3e8a1f5c2d9e6b7a87")]
    pub id: String,
    pub channel_id: String,
    /// The network's own name of it.
    pub external_id: String,
    /// `received`, `filed`, `duplicate` or `quarantined`.
    #[schema(example = "filed")]
    pub state: String,
    /// `message`, `report`, or `keyword` for a word to the service itself, such as STOP.
    #[schema(example = "message")]
    pub filed_as: Option<String>,
    /// Why it is where it is.
    pub reason: Option<String>,
    /// Bytes.
    #[schema(example = 4821)]
    pub size: i64,
    /// Of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// The sender that the network named; empty for a mail without one.
    pub envelope_from: Option<String>,
    /// The addresses it was delivered to.
    pub envelope_to: Vec<String>,
    /// How often it was taken in hand.
    pub attempts: i32,
    pub message_id: Option<String>,
    pub case_id: Option<String>,
    /// The item that it repeats.
    pub duplicate_of: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub received_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:01Z")]
    pub settled_at: Option<String>,
    /// A test key brought it in, without any provider.
    pub simulated: bool,
}

impl ItemView {
    pub fn of(item: &Item) -> Self {
        let envelope: civicdesk_contract::Envelope = item.envelope.read();
        Self {
            id: ids::ITEM.show(item.id.0),
            channel_id: ids::CHANNEL.show(item.channel_id.0),
            external_id: item.external_id.clone(),
            state: item.state.clone(),
            filed_as: item.filed_as.clone(),
            reason: item.reason.clone(),
            size: item.size,
            sha256: blobs::to_hex(&item.sha256),
            envelope_from: envelope.from,
            envelope_to: envelope.to,
            attempts: item.attempts,
            message_id: item.message_id.map(|i| ids::MESSAGE.show(i.0)),
            case_id: item.case_id.map(|i| ids::CASE.show(i.0)),
            duplicate_of: item.duplicate_of.map(|i| ids::ITEM.show(i.0)),
            received_at: moment(item.received_at),
            settled_at: item.settled_at.map(moment),
            simulated: item.simulated,
        }
    }
}

/// Which items, and which part of their list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListItems {
    /// Items of this channel.
    channel_id: Option<String>,
    /// `received`, `filed`, `duplicate` or `quarantined`.
    #[param(pattern = "^(received|filed|duplicate|quarantined)$")]
    state: Option<String>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

const STATES: [&str; 4] = ["received", "filed", "duplicate", "quarantined"];

/// Lists what came in, the newest first.
#[utoipa::path(tag = "inbound", operation_id = "list_inbound", params(ListItems),
    responses((status = 200, description = "A page of items.", body = List<ItemView>)))]
#[get("/inbound")]
pub async fn list(door: Door<needs::InboundRead>, query: Params<ListItems>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    if query.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(Fail::field("state", format!("must be one of {}", STATES.join(", "))).into());
    }
    let query = query.into_inner();
    door.read(move |tx, _| {
        let channel = id_or_none(ids::CHANNEL, query.channel_id.as_deref());
        let from = page.after.and_then(|(at, id)| Some((time(at)?, Uid(id))));
        let items = inbound::list(tx, channel, query.state.as_deref(), from, page.fetch())?;
        Reply::ok(&page.list(items, |i| (i.received_at.0.as_microsecond(), i.id.0), |i| ItemView::of(&i)))
    })
    .await
}

fn named(tx: &mut Tx, path: &str) -> Result<Item, Fail> {
    let id = id(ids::ITEM, path)?;
    inbound::get(tx, Uid(id)).map_err(|e| match e {
        Error::NotFound => Fail::NotFound("inbound item"),
        e => e.into(),
    })
}

/// Reads one item of the ledger.
#[utoipa::path(tag = "inbound", operation_id = "read_inbound", params(("id" = String, Path, description = "The item.")),
    responses((status = 200, description = "The item.", body = ItemView)))]
#[get("/inbound/{id}")]
pub async fn read(door: Door<needs::InboundRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| Reply::ok(&ItemView::of(&named(tx, &path)?))).await
}

/// Gives an item as it came, byte for byte.
///
/// One with a file in which a scanner found something needs the right `files:unsafe` as well. What was not filed yet, or is
/// in quarantine, was not scanned.
#[utoipa::path(tag = "inbound", operation_id = "read_raw_inbound", params(("id" = String, Path, description = "The item.")),
    responses((status = 200, description = "The bytes as they arrived.", body = FileBytes, content_type = "application/octet-stream")))]
#[get("/inbound/{id}/raw")]
pub async fn raw(door: Door<needs::InboundRead>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let scanning = door.app().intake.scanning;
    let item = door
        .read(move |tx, who| {
            let item = named(tx, &path)?;
            scan::original(tx, scanning, &item, who.rights.has(Right::FilesUnsafe)).map(|()| item)
        })
        .await?;
    super::raw::download(door.app(), &item, "item.eml").await
}

/// Puts a quarantined item back in line, to be read once more.
#[utoipa::path(tag = "inbound", operation_id = "replay_inbound", params(("id" = String, Path, description = "The item.")),
    responses((status = 202, description = "It waits to be filed.", body = ItemView)))]
#[post("/inbound/{id}/replay")]
pub async fn replay(door: Door<needs::InboundManage>, path: Path<String>) -> Answer {
    door.write(move |tx, who| {
        let item = named(tx, &path)?;
        ledger::replay(tx, &who.acting, item.id)?;
        let view = ItemView::of(&inbound::get(tx, item.id)?);
        Reply::accepted(format!("/v1/inbound/{}", view.id), &view)
    })
    .await
}

/// What became of everything that came in. In every line the parts add up to the total.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciliation {
    pub channels: Vec<ChannelCounts>,
    pub total: Counts,
    /// Whether every item is in exactly one of the states.
    pub adds_up: bool,
    /// When the item came in that has waited longest to be filed.
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub oldest_waiting: Option<String>,
}

/// The items of one channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelCounts {
    pub channel_id: String,
    #[serde(flatten)]
    pub counts: Counts,
}

/// How many items ended in which way.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Counts {
    /// Waiting to be filed.
    #[schema(example = 0)]
    pub received: i64,
    /// Filed as messages of cases.
    #[schema(example = 40)]
    pub messages: i64,
    /// Filed as reports about messages of ours.
    #[schema(example = 1)]
    pub reports: i64,
    /// Words to the service itself, such as STOP: obeyed, and no case.
    #[schema(example = 0)]
    pub keywords: i64,
    #[schema(example = 0)]
    pub duplicates: i64,
    #[schema(example = 1)]
    pub quarantined: i64,
    #[schema(example = 42)]
    pub total: i64,
}

impl Counts {
    fn add(&mut self, one: &ledger::Counts) {
        self.received += one.received;
        self.messages += one.messages;
        self.reports += one.reports;
        self.keywords += one.keywords;
        self.duplicates += one.duplicates;
        self.quarantined += one.quarantined;
        self.total += one.total;
    }
}

/// Counts what became of everything that came in.
#[utoipa::path(tag = "inbound", operation_id = "reconcile_inbound",
    responses((status = 200, description = "The counts.", body = Reconciliation)))]
#[get("/inbound/reconciliation")]
pub async fn reconciliation(door: Door<needs::InboundRead>) -> Answer {
    door.read(|tx, _| {
        let found = ledger::reconciliation(tx)?;
        let mut total = Counts::default();
        let channels = found.channels.iter().map(|one| {
            total.add(one);
            let mut counts = Counts::default();
            counts.add(one);
            ChannelCounts { channel_id: ids::CHANNEL.show(one.channel_id.0), counts }
        });
        let channels = channels.collect();
        let adds_up = found.channels.iter().all(ledger::Counts::add_up);
        Reply::ok(&Reconciliation { channels, total, adds_up, oldest_waiting: found.oldest_waiting.map(moment) })
    })
    .await
}
