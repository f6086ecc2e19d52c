//! What one transaction of intake looks up for all its items at once, and learns while it files them.

use std::collections::{HashMap, HashSet};

use super::parsing::{Parsed, Read};
use crate::{
    fail::Fail,
    people::{addresses, contacts as people},
    store::{
        Tx, Uid,
        inbound::{self, Item},
        messages::{self, Message, Threaded},
    },
};

/// Messages of the chains of one transaction's items that are looked at.
const MOST: i64 = 1000;

/// Who and what is known already.
#[derive(Default)]
pub struct Known {
    pub met: people::Met,
    /// Hashes that more than one item of the ledger carries.
    twins: HashSet<Vec<u8>>,
    /// Cases by the network id of a message in them.
    carrying: HashMap<String, Vec<Uid>>,
    /// Cases by a network id that the chain of a message in them names, and that message's own.
    naming: HashMap<String, Vec<(Uid, String)>>,
    waiting: HashSet<Uid>,
}

impl Known {
    /// Looks up everything that filing these items will ask for.
    pub fn of(tx: &mut Tx, items: &[(Item, Read)]) -> Result<Self, Fail> {
        let mut known = Self::default();
        let ids: Vec<Uid> = items.iter().map(|(item, _)| item.id).collect();
        known.waiting = inbound::still_waiting(tx, &ids)?.into_iter().collect();
        let parsed: Vec<&Parsed> = items.iter().filter_map(|(_, read)| read.message()).collect();
        if parsed.is_empty() {
            return Ok(known);
        }
        let hashes: Vec<Vec<u8>> = items.iter().map(|(item, _)| item.sha256.clone()).collect();
        known.twins = inbound::twins(tx, &hashes)?.into_iter().collect();
        let senders = parsed.iter().filter_map(|p| p.inbound.from.as_ref());
        let senders = senders.filter_map(|from| Some((from.kind, addresses::normal(from.kind, &from.address)?)));
        people::meet(tx, &mut known.met, &senders.collect::<Vec<_>>())?;

        let ids: HashSet<&String> = parsed.iter().flat_map(|p| p.chain.iter().chain(&p.inbound.message_id)).collect();
        let mut ids: Vec<String> = ids.into_iter().cloned().collect();
        for (sent_id, case) in messages::sent_as(tx, &ids, MOST)? {
            known.carrying.entry(sent_id).or_default().push(case);
        }
        for Threaded { case_id, network_id, .. } in messages::threaded(tx, &ids, MOST)? {
            known.carrying.entry(network_id.unwrap_or_default()).or_default().push(case_id);
        }
        ids.extend(parsed.iter().filter_map(|p| p.conversation.clone()));
        for (named, Threaded { case_id, network_id, .. }) in messages::naming(tx, &ids, MOST)? {
            known.naming.entry(named).or_default().push((case_id, network_id.unwrap_or_default()));
        }
        Ok(known)
    }

    /// Whether nobody has ended this item yet.
    pub fn is_waiting(&self, item: &Item) -> bool {
        self.waiting.contains(&item.id)
    }

    pub fn has_twin(&self, item: &Item) -> bool {
        self.twins.contains(&item.sha256)
    }

    /// Cases in which a message carries this network id, the oldest message first.
    pub fn carrying(&self, network_id: &str) -> impl Iterator<Item = Uid> {
        self.carrying.get(network_id).into_iter().flatten().copied()
    }

    /// Cases in which the chain of a message names this network id, with that message's own id.
    pub fn naming(&self, network_id: &str) -> impl Iterator<Item = (Uid, String)> {
        self.naming.get(network_id).into_iter().flatten().cloned()
    }

    /// A message was filed: those after it may answer it.
    pub fn learn(&mut self, message: &Message, named: &[String]) {
        if let Some(id) = &message.network_id {
            self.carrying.entry(id.clone()).or_default().push(message.case_id);
        }
        for named in named {
            let own = message.network_id.clone().unwrap_or_default();
            self.naming.entry(named.clone()).or_default().push((message.case_id, own));
        }
    }
}
