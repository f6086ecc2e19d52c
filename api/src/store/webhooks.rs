//! Where an agency wants its log to be sent: endpoints, their sealed secrets, and how far in the log each is.

use diesel::prelude::*;

use super::{Error, Json, Result, Time, Tx, Uid, schema::webhooks};
use crate::store::jobs::{self, Job};

/// What a job is called that sends the log to one endpoint. It bears the endpoint's id, so that there is one of each.
pub const JOB: &str = "webhook";

/// One endpoint.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false)]
pub struct Webhook {
    pub tenant_id: Uid,
    pub id: Uid,
    pub url: String,
    pub description: Option<String>,
    /// The types of event that are wanted, as a JSON list; none where all are.
    pub kinds: Option<Json>,
    /// `thin` or `full`.
    pub payload: String,
    /// `enabled` or `disabled`.
    pub state: String,
    pub state_reason: Option<String>,
    pub state_at: Time,
    pub sealed: Vec<u8>,
    /// The secret before, and until when it signs too.
    pub old_sealed: Option<Vec<u8>>,
    pub old_until: Option<Time>,
    /// The last line of the log that deliveries were made of.
    pub cursor: i64,
    /// Calls in a row that failed.
    pub failures: i32,
    /// Since when nothing but failures came.
    pub failing_since: Option<Time>,
    /// Nothing is sent before.
    pub rests_until: Option<Time>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub const ENABLED: &str = "enabled";
pub const DISABLED: &str = "disabled";

pub fn insert(tx: &mut Tx, row: &Webhook) -> Result<()> {
    tx.insert(webhooks::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn find(tx: &mut Tx, id: Uid) -> Result<Option<Webhook>> {
    let row = tx.of(webhooks::table).filter(webhooks::id.eq(id));
    Ok(row.select(Webhook::as_select()).first(tx.conn()).optional()?)
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Webhook> {
    find(tx, id)?.ok_or(Error::NotFound)
}

pub fn count(tx: &mut Tx) -> Result<i64> {
    Ok(tx.of(webhooks::table).count().get_result(tx.conn())?)
}

/// Endpoints in the order in which they were made, after the given one.
pub fn page(tx: &mut Tx, after: Uid, limit: i64) -> Result<Vec<Webhook>> {
    let rows = tx.of(webhooks::table).filter(webhooks::id.gt(after)).order(webhooks::id).limit(limit);
    Ok(rows.select(Webhook::as_select()).load(tx.conn())?)
}

/// Writes what staff decide, at the version that they saw. `Stale` where that is not the one any more.
pub fn update(tx: &mut Tx, row: &Webhook) -> Result<Webhook> {
    let set = (
        webhooks::url.eq(row.url.clone()),
        webhooks::description.eq(row.description.clone()),
        webhooks::kinds.eq(row.kinds.clone()),
        webhooks::payload.eq(row.payload.clone()),
        webhooks::sealed.eq(row.sealed.clone()),
        webhooks::old_sealed.eq(row.old_sealed.clone()),
        webhooks::old_until.eq(row.old_until),
        webhooks::version.eq(row.version + 1),
        webhooks::updated_at.eq(row.updated_at),
    );
    let there = tx.of(webhooks::table).filter(webhooks::id.eq(row.id)).filter(webhooks::version.eq(row.version));
    match diesel::update(there).set(set).execute(tx.conn())? {
        1 => note(tx, row),
        _ => return Err(Error::Stale),
    }?;
    get(tx, row.id)
}

/// Writes how the endpoint does: its state, its failures and its place in the log. No version speaks of these.
pub fn note(tx: &mut Tx, row: &Webhook) -> Result<()> {
    let set = (
        webhooks::state.eq(row.state.clone()),
        webhooks::state_reason.eq(row.state_reason.clone()),
        webhooks::state_at.eq(row.state_at),
        webhooks::cursor.eq(row.cursor),
        webhooks::failures.eq(row.failures),
        webhooks::failing_since.eq(row.failing_since),
        webhooks::rests_until.eq(row.rests_until),
    );
    diesel::update(tx.of(webhooks::table).filter(webhooks::id.eq(row.id))).set(set).execute(tx.conn())?;
    Ok(())
}

pub fn delete(tx: &mut Tx, id: Uid) -> Result<()> {
    jobs::done(tx, id)?;
    diesel::delete(tx.of(webhooks::table).filter(webhooks::id.eq(id))).execute(tx.conn())?;
    Ok(())
}

/// The log has grown: every endpoint that listens gets its job.
pub(super) fn awaken_all(tx: &mut Tx, at: Time) -> Result<()> {
    let listening = tx.of(webhooks::table).filter(webhooks::state.eq(ENABLED)).select(webhooks::id);
    let listening: Vec<Uid> = listening.load(tx.conn())?;
    listening.into_iter().try_for_each(|id| awaken(tx, id, at))
}

/// Has an endpoint looked after at this moment at the latest.
pub fn awaken(tx: &mut Tx, id: Uid, at: Time) -> Result<()> {
    if jobs::bring_forward(tx, id, at)? {
        return Ok(());
    }
    let job = Job {
        tenant_id: tx.tenant(),
        id,
        kind: JOB.to_owned(),
        subject_id: Some(id),
        payload: Json(serde_json::json!({})),
        due_at: at,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: at,
    };
    jobs::enqueue(tx, &job)
}
