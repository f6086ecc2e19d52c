//! The ledger of what came in: a row before anyone interprets it, and what became of it.

use diesel::{dsl::count_star, prelude::*};

use super::{
    Json, Result, Time, Tx, Uid,
    connection::MultiBackend,
    dialect::Both,
    keyset::beyond,
    schema::inbound_items,
    types::{Id, Ts},
};

/// One item of the ledger.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = inbound_items, treat_none_as_default_value = false)]
pub struct Item {
    pub tenant_id: Uid,
    pub id: Uid,
    pub channel_id: Uid,
    pub external_id: String,
    pub folder: Option<String>,
    pub epoch: Option<String>,
    pub sha256: Vec<u8>,
    pub size: i64,
    /// The bytes, where they are few; otherwise the blob of this hash.
    pub raw: Option<Vec<u8>>,
    pub envelope: Json,
    /// `received`, `filed`, `duplicate` or `quarantined`.
    pub state: String,
    /// `message`, `report` or `keyword`.
    pub filed_as: Option<String>,
    pub reason: Option<String>,
    /// How often it was taken in hand.
    pub attempts: i32,
    pub network_id: Option<String>,
    pub message_id: Option<Uid>,
    pub case_id: Option<Uid>,
    pub duplicate_of: Option<Uid>,
    pub received_at: Time,
    pub settled_at: Option<Time>,
    /// Brought in by a test key, without any provider.
    pub simulated: bool,
}

/// How an item ended.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    pub state: &'static str,
    pub filed_as: Option<&'static str>,
    pub reason: Option<String>,
    pub network_id: Option<String>,
    pub message_id: Option<Uid>,
    pub case_id: Option<Uid>,
    pub duplicate_of: Option<Uid>,
}

/// Stores an item. `false`: it was there already.
pub fn accept(tx: &mut Tx, item: &Item) -> Result<bool> {
    let into = tx.insert(inbound_items::table).values(item.clone());
    let same = (inbound_items::tenant_id, inbound_items::channel_id, inbound_items::external_id);
    Ok(Both(into.on_conflict(same).do_nothing()).execute(tx.conn())? == 1)
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Item> {
    Ok(tx.of(inbound_items::table).filter(inbound_items::id.eq(id)).select(Item::as_select()).first(tx.conn())?)
}

/// The item that a channel's network calls so.
pub fn by_external_id(tx: &mut Tx, channel: Uid, external_id: &str) -> Result<Item> {
    let same = tx.of(inbound_items::table).filter(inbound_items::channel_id.eq(channel));
    let same = same.filter(inbound_items::external_id.eq(external_id.to_owned()));
    Ok(same.select(Item::as_select()).first(tx.conn())?)
}

/// Takes the oldest waiting items in hand, and counts that they were. What was in hand before when the program ended is
/// taken alone: if reading it is what ends the program, no other item is blamed for it. `true`: more wait.
pub fn take(tx: &mut Tx, limit: usize) -> Result<(Vec<Item>, bool)> {
    let waiting = tx.of(inbound_items::table).filter(inbound_items::state.eq("received"));
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let waiting = waiting.order((inbound_items::received_at, inbound_items::id)).limit(most);
    let mut found: Vec<Item> = waiting.select(Item::as_select()).load(tx.conn())?;
    let together = found.iter().take_while(|i| i.attempts == 0).count().max(1);
    let more = found.len() == limit || found.len() > together;
    found.truncate(together);
    if found.is_empty() {
        return Ok((found, false));
    }
    let ids: Vec<Uid> = found.iter().map(|i| i.id).collect();
    diesel::update(tx.of(inbound_items::table).filter(inbound_items::id.eq_any(ids)))
        .set(inbound_items::attempts.eq(inbound_items::attempts + 1))
        .execute(tx.conn())?;
    Ok((found.into_iter().map(|i| Item { attempts: i.attempts + 1, ..i }).collect(), more))
}

/// Puts items back that were in hand through no fault of their own.
pub fn put_down(tx: &mut Tx, ids: &[Uid]) -> Result<()> {
    let held = tx.of(inbound_items::table).filter(inbound_items::id.eq_any(ids.to_vec()));
    diesel::update(held.filter(inbound_items::attempts.gt(0)))
        .set(inbound_items::attempts.eq(inbound_items::attempts - 1))
        .execute(tx.conn())?;
    Ok(())
}

/// Those of these items that nobody has ended yet.
pub fn still_waiting(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<Uid>> {
    let waiting = tx.of(inbound_items::table).filter(inbound_items::id.eq_any(ids.to_vec()));
    Ok(waiting.filter(inbound_items::state.eq("received")).select(inbound_items::id).load(tx.conn())?)
}

/// How many items wait to be filed.
pub fn waiting(tx: &mut Tx) -> Result<i64> {
    let waiting = tx.of(inbound_items::table).filter(inbound_items::state.eq("received"));
    Ok(waiting.count().get_result(tx.conn())?)
}

/// When the item that has waited longest came in.
pub fn oldest_waiting(tx: &mut Tx) -> Result<Option<Time>> {
    let waiting = tx.of(inbound_items::table).filter(inbound_items::state.eq("received"));
    let waiting = waiting.order((inbound_items::received_at, inbound_items::id));
    Ok(waiting.select(inbound_items::received_at).first(tx.conn()).optional()?)
}

/// Ends an item that still waits. `false`: someone else ended it.
pub fn settle(tx: &mut Tx, id: Uid, end: &Settled, at: Time) -> Result<bool> {
    let waiting = tx.of(inbound_items::table).filter(inbound_items::id.eq(id));
    let n = diesel::update(waiting.filter(inbound_items::state.eq("received")))
        .set((
            inbound_items::state.eq(end.state.to_owned()),
            inbound_items::filed_as.eq(end.filed_as.map(str::to_owned)),
            inbound_items::reason.eq(end.reason.clone()),
            inbound_items::network_id.eq(end.network_id.clone()),
            inbound_items::message_id.eq(end.message_id),
            inbound_items::case_id.eq(end.case_id),
            inbound_items::duplicate_of.eq(end.duplicate_of),
            inbound_items::settled_at.eq(Some(at)),
        ))
        .execute(tx.conn())?;
    Ok(n == 1)
}

/// Puts a quarantined item back in line.
pub fn replay(tx: &mut Tx, id: Uid) -> Result<bool> {
    let target = tx.of(inbound_items::table).filter(inbound_items::id.eq(id));
    let n = diesel::update(target.filter(inbound_items::state.eq("quarantined")))
        .set((
            inbound_items::state.eq("received"),
            inbound_items::attempts.eq(0),
            inbound_items::reason.eq(None::<String>),
            inbound_items::settled_at.eq(None::<Time>),
        ))
        .execute(tx.conn())?;
    Ok(n == 1)
}

/// A page of the ledger, newest first.
pub fn list(
    tx: &mut Tx,
    channel: Option<Uid>,
    state: Option<&str>,
    from: Option<(Time, Uid)>,
    limit: i64,
) -> Result<Vec<Item>> {
    let mut query = tx.of(inbound_items::table).into_boxed::<MultiBackend>();
    if let Some(channel) = channel {
        query = query.filter(inbound_items::channel_id.eq(channel));
    }
    if let Some(state) = state {
        query = query.filter(inbound_items::state.eq(state.to_owned()));
    }
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        query = query.filter(beyond((inbound_items::received_at, inbound_items::id), (at, id), true));
    }
    query = query.order((inbound_items::received_at.desc(), inbound_items::id.desc())).limit(limit);
    Ok(query.select(Item::as_select()).load(tx.conn())?)
}

/// A channel, a state, what an item of it was filed as, and how many items that are.
pub type Count = (Uid, String, Option<String>, i64);

/// How many items of each channel are in each state: the numbers that must add up.
pub fn counts(tx: &mut Tx) -> Result<Vec<Count>> {
    let groups = (inbound_items::channel_id, inbound_items::state, inbound_items::filed_as);
    let query = tx.of(inbound_items::table).group_by(groups).select((
        inbound_items::channel_id,
        inbound_items::state,
        inbound_items::filed_as,
        count_star(),
    ));
    Ok(query.load(tx.conn())?)
}

/// Those of these hashes that more than one item carries: only such items can be there twice.
pub fn twins(tx: &mut Tx, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let same = tx.of(inbound_items::table).filter(inbound_items::sha256.eq_any(hashes.to_vec()));
    let counted: Vec<(Vec<u8>, i64)> =
        same.group_by(inbound_items::sha256).select((inbound_items::sha256, count_star())).load(tx.conn())?;
    Ok(counted.into_iter().filter(|(_, n)| *n > 1).map(|(hash, _)| hash).collect())
}

/// Items of a folder with these bytes that came before this one under another epoch, with that epoch, oldest first: what
/// a renumbered mailbox may show again. Only what came before: two that wait must not each stand for the other.
pub fn under_other_epochs(tx: &mut Tx, item: &Item) -> Result<Vec<(Uid, String)>> {
    let (Some(folder), Some(epoch)) = (&item.folder, &item.epoch) else { return Ok(Vec::new()) };
    let same = tx.of(inbound_items::table).filter(inbound_items::channel_id.eq(item.channel_id));
    let same =
        same.filter(inbound_items::folder.eq(folder.clone())).filter(inbound_items::sha256.eq(item.sha256.clone()));
    let (at, id) = (item.received_at, item.id);
    let before = inbound_items::received_at.lt(at).or(inbound_items::received_at.eq(at).and(inbound_items::id.lt(id)));
    let same = same.filter(inbound_items::epoch.ne(epoch.clone())).filter(before);
    let same = same.order((inbound_items::received_at, inbound_items::id));
    let found: Vec<(Uid, Option<String>)> = same.select((inbound_items::id, inbound_items::epoch)).load(tx.conn())?;
    Ok(found.into_iter().filter_map(|(id, epoch)| Some((id, epoch?))).collect())
}

/// Those of `originals` that an item of this folder and epoch already stands for.
pub fn already_matched(tx: &mut Tx, item: &Item, originals: &[Uid]) -> Result<Vec<Uid>> {
    let (Some(folder), Some(epoch)) = (&item.folder, &item.epoch) else { return Ok(Vec::new()) };
    let same = tx.of(inbound_items::table).filter(inbound_items::channel_id.eq(item.channel_id));
    let same = same.filter(inbound_items::folder.eq(folder.clone())).filter(inbound_items::epoch.eq(epoch.clone()));
    let same = same.filter(inbound_items::duplicate_of.eq_any(originals.to_vec()));
    let found: Vec<Option<Uid>> = same.select(inbound_items::duplicate_of).load(tx.conn())?;
    Ok(found.into_iter().flatten().collect())
}

/// Earlier items of a channel that carry this network id.
pub fn with_network_id(tx: &mut Tx, channel: Uid, network_id: &str, since: Time) -> Result<Vec<Item>> {
    let same = tx.of(inbound_items::table).filter(inbound_items::channel_id.eq(channel));
    let same =
        same.filter(inbound_items::network_id.eq(network_id.to_owned())).filter(inbound_items::received_at.ge(since));
    Ok(same.order((inbound_items::received_at, inbound_items::id)).select(Item::as_select()).load(tx.conn())?)
}

/// Those of these hashes that an item names.
pub fn named(tx: &mut Tx, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let same = tx.of(inbound_items::table).filter(inbound_items::sha256.eq_any(hashes.to_vec()));
    Ok(same.select(inbound_items::sha256).distinct().load(tx.conn())?)
}

/// Notes the case in which the messages now lie that items became.
pub fn set_case(tx: &mut Tx, messages: &[Uid], case: Uid) -> Result<()> {
    let items: Vec<Option<Uid>> = {
        use super::schema::messages as rows;
        let moved = tx.of(rows::table).filter(rows::id.eq_any(messages.to_vec()));
        moved.filter(rows::item_id.is_not_null()).select(rows::item_id).load(tx.conn())?
    };
    let items: Vec<Uid> = items.into_iter().flatten().collect();
    let moved = tx.of(inbound_items::table).filter(inbound_items::id.eq_any(items));
    diesel::update(moved).set(inbound_items::case_id.eq(case)).execute(tx.conn())?;
    Ok(())
}
