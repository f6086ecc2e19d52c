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

/// Notes that what was said of a message has met it.
pub fn settle(tx: &mut Tx, channel: Uid, sent_id: &str, at: Time) -> Result<()> {
    let query = tx.of(receipts::table).filter(receipts::channel_id.eq(channel));
    let query = query.filter(receipts::sent_id.eq(sent_id.to_owned())).filter(receipts::settled_at.is_null());
    diesel::update(query).set(receipts::settled_at.eq(Some(at))).execute(tx.conn())?;
    Ok(())
}
