//! Items that are there already: shown again by a renumbered mailbox, delivered twice, or our own mail coming back.

use civicdesk_contract::IdentityKind;
use jiff::SignedDuration;
use serde_json::json;

use super::{parsing::Parsed, written::Written};
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    people::addresses,
    store::{
        Json, Time, Tx, Uid,
        inbound::{self, Item, Settled},
        messages,
    },
};

/// For so long a second delivery of the same bytes counts as the same message.
const DAYS: i64 = 7;

/// The end of an item that is a duplicate, asked only where another item has the very same bytes: a Message-ID alone
/// drops nothing, or a stranger could suppress a mail by sending its id first.
pub fn find(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    item: &Item,
    parsed: &Parsed,
) -> Result<Option<Settled>, Fail> {
    if let Some(original) = renumbered(tx, item)? {
        let original = inbound::get(tx, original)?;
        return Ok(Some(ended(&original, parsed, "the mailbox was renumbered; this item was there before")));
    }
    let since = Time(act.now.0 - SignedDuration::from_hours(24 * DAYS));
    let same = inbound::with_network_id(tx, item.channel_id, &parsed.network_id, since)?;
    // A filed one: what a renumbered mailbox showed again was no delivery.
    let delivered = |other: &Item| other.id != item.id && other.sha256 == item.sha256 && other.state == "filed";
    let Some(original) = same.into_iter().find(delivered) else {
        return Ok(None);
    };
    if let Some(case) = original.case_id {
        let mut event = act.event(tx, "message.duplicate");
        event.case_id = Some(case);
        event.message_id = original.message_id;
        event.data = Json(json!({ "item_id": ids::ITEM.show(item.id.0), "of": ids::ITEM.show(original.id.0) }));
        written.events.push(event);
    }
    Ok(Some(ended(&original, parsed, "the same message was delivered before, byte for byte")))
}

/// The item of an earlier numbering that this one shows again. Old and new are matched as multisets: of a mail that lay
/// there twice, two are known and a third is new.
fn renumbered(tx: &mut Tx, item: &Item) -> Result<Option<Uid>, Fail> {
    let before = inbound::under_other_epochs(tx, item)?;
    let copies = |epoch: &String| before.iter().filter(|(_, other)| other == epoch).count();
    // The first epoch that showed the most copies: the same one, whichever copy asks.
    let Some(epoch) = before.iter().map(|(_, epoch)| epoch).rev().max_by_key(|epoch| copies(epoch)) else {
        return Ok(None);
    };
    let originals: Vec<Uid> = before.iter().filter(|(_, other)| other == epoch).map(|(id, _)| *id).collect();
    let matched = inbound::already_matched(tx, item, &originals)?;
    Ok(originals.into_iter().find(|original| !matched.contains(original)))
}

fn ended(original: &Item, parsed: &Parsed, reason: &str) -> Settled {
    Settled {
        state: "duplicate",
        reason: Some(reason.to_owned()),
        network_id: Some(parsed.network_id.clone()),
        message_id: original.message_id,
        case_id: original.case_id,
        duplicate_of: Some(original.id),
        ..Settled::default()
    }
}

/// A message of ours that came back to us unchanged, by its id, its sender and its text. One that says anything else is
/// filed like any other.
pub fn own_copy(tx: &mut Tx, parsed: &Parsed) -> Result<Option<Settled>, Fail> {
    let Some(id) = parsed.inbound.message_id.clone() else { return Ok(None) };
    let sent = messages::by_network_ids(tx, &[id])?.into_iter().find(|m| m.direction == "outbound");
    let Some(sent) = sent.filter(|sent| same_words(&sent.text, &parsed.inbound.text)) else { return Ok(None) };
    Ok(Some(Settled {
        state: "duplicate",
        reason: Some("a message of ours came back to us".to_owned()),
        network_id: Some(parsed.network_id.clone()),
        message_id: Some(sent.id),
        case_id: Some(sent.case_id),
        ..Settled::default()
    }))
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// Our own addresses as the program compares them.
pub fn own_address(address: &str) -> Option<String> {
    let kinds = [IdentityKind::Email, IdentityKind::Phone, IdentityKind::Handle];
    kinds.into_iter().find_map(|kind| addresses::normal(kind, address))
}
