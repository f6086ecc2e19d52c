//! Taking items in: their bytes are safe, with the place where fetching goes on, before anyone interprets them.

use civicdesk_contract::{Accepted, Cursor, RawItem};
use uuid::Uuid;

use super::{intake::Deps, parsing};
use crate::{
    acting::{Acting, Actor},
    blobs,
    fail::Fail,
    metrics,
    store::{
        Json, Tx, Uid, channels,
        inbound::{self, Item},
        jobs::{self, Job},
    },
};

/// Bytes that lie in the ledger's row; more lie in the blob store.
const IN_ROW: usize = 64 * 1024;

/// Makes items durable and asks for their filing. Resolves after the commit: only then may the network be told.
pub async fn take_in(
    deps: &Deps,
    tenant: Uuid,
    channel: Uuid,
    items: Vec<RawItem>,
    cursor: Option<&Cursor>,
) -> Result<Vec<Accepted>, Fail> {
    let rows = prepare(deps, tenant, channel, items).await?;
    let act = Acting::new(Actor::System, &deps.clock, &deps.ids);
    let cursor = cursor.map(|cursor| cursor.0.clone());
    let write = move |tx: &mut Tx| accept(tx, &act, Uid(channel), &rows, cursor.as_deref());
    let accepted: Vec<Accepted> = deps.store.tenant(tenant).write(write).await?;
    count(&accepted);
    Ok(accepted)
}

/// Counts what a commit took in.
pub fn count(accepted: &[Accepted]) {
    let new = accepted.iter().filter(|a| **a == Accepted::New).count();
    metrics::inbound(new, accepted.len() - new);
}

/// The ledger's rows of these items; bytes too large for a row are in the blob store when this resolves.
pub async fn prepare(deps: &Deps, tenant: Uuid, channel: Uuid, items: Vec<RawItem>) -> Result<Vec<Item>, Fail> {
    let received_at = Acting::new(Actor::System, &deps.clock, &deps.ids).now;
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let (item, hash) = if item.raw.len() > IN_ROW {
            let hashed = deps.parsing.run(move || (blobs::of(&item.raw), item)).await;
            let (hash, item) = hashed.map_err(|e| Fail::Broken(e.to_string()))?;
            (item, hash)
        } else {
            let hash = blobs::of(&item.raw);
            (item, hash)
        };
        let size = i64::try_from(item.raw.len()).unwrap_or(i64::MAX);
        let raw = if item.raw.len() > IN_ROW {
            deps.blobs.put(tenant, &hash, item.raw).await.map_err(|e| Fail::Broken(e.to_string()))?;
            None
        } else {
            Some(item.raw)
        };
        rows.push(Item {
            tenant_id: Uid(tenant),
            id: Uid(deps.ids.next()),
            channel_id: Uid(channel),
            external_id: parsing::id(&item.id.0),
            folder: item.place.as_ref().map(|place| parsing::id(&place.folder)),
            epoch: item.place.as_ref().map(|place| parsing::id(&place.epoch)),
            sha256: hash.to_vec(),
            size,
            raw,
            envelope: Json::of(&item.envelope),
            state: "received".to_owned(),
            filed_as: None,
            reason: None,
            attempts: 0,
            network_id: None,
            message_id: None,
            case_id: None,
            duplicate_of: None,
            received_at,
            settled_at: None,
            simulated: false,
        });
    }
    Ok(rows)
}

/// Writes the rows, the cursor behind them and the job that files them, together. An item that was there is `Known`.
pub fn accept(
    tx: &mut Tx,
    act: &Acting,
    channel: Uid,
    rows: &[Item],
    cursor: Option<&str>,
) -> Result<Vec<Accepted>, Fail> {
    let mut accepted = Vec::with_capacity(rows.len());
    for row in rows {
        accepted.push(if inbound::accept(tx, row)? { Accepted::New } else { Accepted::Known });
    }
    if let Some(cursor) = cursor {
        channels::set_cursor(tx, channel, cursor)?;
    }
    if accepted.contains(&Accepted::New) {
        jobs::enqueue_once(tx, &job(tx, act))?;
    }
    Ok(accepted)
}

/// The job that files whatever waits.
pub fn job(tx: &Tx, act: &Acting) -> Job {
    Job {
        tenant_id: tx.tenant(),
        id: act.id(),
        kind: "intake".to_owned(),
        subject_id: None,
        payload: Json(serde_json::json!({})),
        due_at: act.now,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    }
}
