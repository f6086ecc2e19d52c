//! What networks say became of our messages, in whatever order they say it.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, dialect::Both, schema::receipts};

/// One thing that a network said of one message.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub struct Receipt {
    pub tenant_id: Uid,
    pub channel_id: Uid,
    /// The network's name of the message.
    pub sent_id: String,
    /// `sent`, `delivered`, `read` or `failed`.
    pub state: String,
    pub detail: Option<String>,
    pub at: Time,
    /// When it met its message; none while that is not known yet.
    pub settled_at: Option<Time>,
}

/// Stores a receipt. `false`: the network had said so before.
pub fn accept(tx: &mut Tx, row: &Receipt) -> Result<bool> {
    let into = tx.insert(receipts::table).values(row.clone());
    Ok(Both(into.on_conflict_do_nothing()).execute(tx.conn())? == 1)
}

/// Everything that is said of a message and has not met it yet, in the order in which it came.
pub fn waiting(tx: &mut Tx, channel: Uid, sent_id: &str) -> Result<Vec<Receipt>> {
    let query = tx.of(receipts::table).filter(receipts::channel_id.eq(channel));
    let query = query.filter(receipts::sent_id.eq(sent_id.to_owned())).filter(receipts::settled_at.is_null());
    Ok(query.order((receipts::at, receipts::state)).select(Receipt::as_select()).load(tx.conn())?)
}

/// When a channel's network last said anything of a message.
pub fn last_heard(tx: &mut Tx, channel: Uid) -> Result<Option<Time>> {
    let query = tx.of(receipts::table).filter(receipts::channel_id.eq(channel)).order(receipts::at.desc());
    Ok(query.select(receipts::at).first(tx.conn()).optional()?)
}

/// Forgets up to `most` of what was said before this moment of messages that never were ours, and says how many.
pub fn forget_strange(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let strange = tx.of(receipts::table).filter(receipts::settled_at.is_null()).filter(receipts::at.lt(before));
    let strange: Vec<Receipt> = strange.limit(most).select(Receipt::as_select()).load(tx.conn())?;
    for row in &strange {
        let same = tx.of(receipts::table).filter(receipts::channel_id.eq(row.channel_id));
        let same = same.filter(receipts::sent_id.eq(row.sent_id.clone())).filter(receipts::state.eq(row.state.clone()));
        diesel::delete(same).execute(tx.conn())?;
    }
    Ok(strange.len())
}

/// Notes that what was said of a message has met it.
pub fn settle(tx: &mut Tx, channel: Uid, sent_id: &str, at: Time) -> Result<()> {
    let query = tx.of(receipts::table).filter(receipts::channel_id.eq(channel));
    let query = query.filter(receipts::sent_id.eq(sent_id.to_owned())).filter(receipts::settled_at.is_null());
    diesel::update(query).set(receipts::settled_at.eq(Some(at))).execute(tx.conn())?;
    Ok(())
}
