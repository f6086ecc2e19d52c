//! The ledger's counts, which must add up, and the way back from quarantine.

use std::collections::BTreeMap;

use super::accept;
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    store::{Json, Time, Tx, Uid, events, inbound, jobs},
};

/// What became of everything that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    pub channels: Vec<Counts>,
    /// When the item came in that has waited longest to be filed.
    pub oldest_waiting: Option<Time>,
}

/// The items of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    pub channel_id: Uid,
    /// Waiting to be filed.
    pub received: i64,
    pub messages: i64,
    pub reports: i64,
    /// Words to the service itself, such as STOP.
    pub keywords: i64,
    pub duplicates: i64,
    pub quarantined: i64,
    /// Everything that the ledger holds of the channel.
    pub total: i64,
}

impl Counts {
    /// Whether every item is in exactly one of the states.
    pub fn add_up(&self) -> bool {
        let filed = self.messages + self.reports + self.keywords;
        self.received + filed + self.duplicates + self.quarantined == self.total
    }
}

/// Counts every channel's items by what became of them.
pub fn reconciliation(tx: &mut Tx) -> Result<Reconciliation, Fail> {
    let mut channels: BTreeMap<Uid, Counts> = BTreeMap::new();
    for (channel_id, state, filed_as, n) in inbound::counts(tx)? {
        let counts = channels.entry(channel_id).or_insert(Counts {
            channel_id,
            received: 0,
            messages: 0,
            reports: 0,
            keywords: 0,
            duplicates: 0,
            quarantined: 0,
            total: 0,
        });
        counts.total += n;
        match (state.as_str(), filed_as.as_deref()) {
            ("received", _) => counts.received += n,
            ("filed", Some("message")) => counts.messages += n,
            ("filed", Some("report")) => counts.reports += n,
            ("filed", Some("keyword")) => counts.keywords += n,
            ("duplicate", _) => counts.duplicates += n,
            ("quarantined", _) => counts.quarantined += n,
            _ => {}
        }
    }
    Ok(Reconciliation { channels: channels.into_values().collect(), oldest_waiting: inbound::oldest_waiting(tx)? })
}

/// Puts a quarantined item back in line and asks for its filing.
pub fn replay(tx: &mut Tx, act: &Acting, item: Uid) -> Result<(), Fail> {
    inbound::get(tx, item)?;
    if !inbound::replay(tx, item)? {
        return Err(Fail::conflict("not_quarantined", "only a quarantined item can be replayed"));
    }
    let mut event = act.event(tx, "inbound.replayed");
    event.data = Json(serde_json::json!({ "item_id": ids::ITEM.show(item.0) }));
    events::append(tx, vec![event])?;
    jobs::enqueue_once(tx, &accept::job(tx, act))?;
    Ok(())
}
