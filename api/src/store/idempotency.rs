//! What was answered to a request that carried an idempotency key, in the transaction of its effect.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use jiff::SignedDuration;

use super::{
    Result, Tx,
    schema::idempotency,
    types::{Json, Time, Uid},
};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency)]
pub struct Answered {
    pub tenant_id: Uid,
    pub credential: String,
    pub key: String,
    pub operation: String,
    pub fingerprint: Vec<u8>,
    pub status: i32,
    pub headers: Json,
    pub body: String,
    pub created_at: Time,
}

pub fn find(tx: &mut Tx, credential: &str, key: &str) -> Result<Option<Answered>> {
    let row = tx.of(idempotency::table).filter(idempotency::credential.eq(credential)).filter(idempotency::key.eq(key));
    Ok(row.select(Answered::as_select()).first(tx.conn()).optional()?)
}

pub fn insert(tx: &mut Tx, answered: &Answered) -> Result<()> {
    tx.insert(idempotency::table).values(answered.clone()).execute(tx.conn())?;
    Ok(())
}

/// Forgets what was answered before this moment, the oldest first and about `most` at once, and says how many that were.
pub fn prune(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let old = tx.of(idempotency::table).filter(idempotency::created_at.lt(before));
    let last = old.order(idempotency::created_at).offset(most - 1).select(idempotency::created_at);
    let last: Option<Time> = last.first(tx.conn()).optional()?;
    let until = last.map_or(before, |last| Time::new(last.0 + SignedDuration::from_micros(1)));
    Ok(diesel::delete(tx.of(idempotency::table).filter(idempotency::created_at.lt(until))).execute(tx.conn())?)
}
