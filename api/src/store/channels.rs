//! Channels: a tenant's accounts on the networks, their cursor and their health.

use diesel::prelude::*;

use super::{Error, Result, Time, Tx, Uid, Wake, schema::channels};

/// One channel.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = channels, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Channel {
    pub tenant_id: Uid,
    pub id: Uid,
    pub connector: String,
    pub name: String,
    /// Our own address on the network, if it has one.
    pub address: Option<String>,
    /// `active` or `paused`.
    pub state: String,
    /// The settings, secrets among them, sealed under the master key.
    pub sealed: Vec<u8>,
    pub cursor: Option<String>,
    /// `unknown`, `ok` or `failing`.
    pub health: String,
    pub health_kind: Option<String>,
    pub health_detail: Option<String>,
    pub health_since: Option<Time>,
    pub checked_at: Option<Time>,
    /// What a message joins that leads to no case by itself: `thread` (a new one), `open_case` or `new` (always a new one).
    pub case_policy: String,
    /// Takes this channel's messages where it cannot send them itself.
    pub fallback_channel_id: Option<Uid>,
    /// Since when its network says nothing of what was sent, though it did before.
    pub slow_since: Option<Time>,
    /// When a message last went this way to see whether the network speaks again.
    pub probed_at: Option<Time>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

/// What the host last saw of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub state: &'static str,
    pub kind: Option<String>,
    pub detail: Option<String>,
}

pub fn insert(tx: &mut Tx, row: &Channel) -> Result<()> {
    tx.insert(channels::table).values(row).execute(tx.conn())?;
    tx.wake(Wake::Channel(row.id));
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Channel> {
    Ok(tx.of(channels::table).filter(channels::id.eq(id)).select(Channel::as_select()).first(tx.conn())?)
}

pub fn list(tx: &mut Tx) -> Result<Vec<Channel>> {
    let query = tx.of(channels::table).order((channels::created_at, channels::id));
    Ok(query.select(Channel::as_select()).load(tx.conn())?)
}

/// Writes a changed channel where its version still is the one that was read. Cursor and health are not touched.
pub fn update(tx: &mut Tx, row: &Channel) -> Result<Channel> {
    let target = tx.of(channels::table).filter(channels::id.eq(row.id)).filter(channels::version.eq(row.version));
    let n = diesel::update(target)
        .set((
            channels::name.eq(row.name.clone()),
            channels::address.eq(row.address.clone()),
            channels::state.eq(row.state.clone()),
            channels::sealed.eq(row.sealed.clone()),
            channels::case_policy.eq(row.case_policy.clone()),
            channels::fallback_channel_id.eq(row.fallback_channel_id),
            channels::updated_at.eq(row.updated_at),
            channels::version.eq(row.version + 1),
        ))
        .execute(tx.conn())?;
    if n == 0 {
        return Err(Error::Stale);
    }
    tx.wake(Wake::Channel(row.id));
    get(tx, row.id)
}

/// Moves the cursor on. Belongs in the transaction that stores what lies before it.
pub fn set_cursor(tx: &mut Tx, id: Uid, cursor: &str) -> Result<()> {
    let target = tx.of(channels::table).filter(channels::id.eq(id));
    diesel::update(target).set(channels::cursor.eq(Some(cursor.to_owned()))).execute(tx.conn())?;
    Ok(())
}

/// Notes the health; `since` moves only when the state changes.
pub fn set_health(tx: &mut Tx, id: Uid, health: &Health, at: Time) -> Result<()> {
    let was = get(tx, id)?;
    let since = if was.health == health.state { was.health_since } else { Some(at) };
    diesel::update(tx.of(channels::table).filter(channels::id.eq(id)))
        .set((
            channels::health.eq(health.state.to_owned()),
            channels::health_kind.eq(health.kind.clone()),
            channels::health_detail.eq(health.detail.clone()),
            channels::health_since.eq(since),
            channels::checked_at.eq(Some(at)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes since when a channel's network is silent about what was sent, or that it speaks again.
pub fn set_slow(tx: &mut Tx, id: Uid, since: Option<Time>) -> Result<()> {
    diesel::update(tx.of(channels::table).filter(channels::id.eq(id)))
        .set((channels::slow_since.eq(since), channels::probed_at.eq(since)))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes that a message goes by a silent channel to see whether it speaks again.
pub fn probe(tx: &mut Tx, id: Uid, at: Time) -> Result<()> {
    let target = tx.of(channels::table).filter(channels::id.eq(id));
    diesel::update(target).set(channels::probed_at.eq(Some(at))).execute(tx.conn())?;
    Ok(())
}

/// Takes the reception of a channel in hand, unless another process that is alive has it.
pub fn hold(tx: &mut Tx, id: Uid, node: Uid, alive: &[Uid]) -> Result<bool> {
    let others: Vec<Uid> = alive.iter().copied().filter(|other| *other != node).collect();
    let free = channels::held_by.is_null().or(channels::held_by.ne_all(others));
    let target = tx.of(channels::table).filter(channels::id.eq(id)).filter(free);
    Ok(diesel::update(target).set(channels::held_by.eq(Some(node))).execute(tx.conn())? == 1)
}

/// Whether this process has the reception of a channel in hand.
pub fn is_held_by(tx: &mut Tx, id: Uid, node: Uid) -> Result<bool> {
    let held: Option<Uid> =
        tx.of(channels::table).filter(channels::id.eq(id)).select(channels::held_by).first(tx.conn())?;
    Ok(held == Some(node))
}
