//! Work after the answer: rows written with the change that asks for them.

use diesel::prelude::*;

use super::{
    Control, Json, Result, Time, Tx, Uid, Wake,
    connection::each,
    schema::{jobs, messages},
};

/// One piece of work. A finished one is deleted.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
pub struct Job {
    pub tenant_id: Uid,
    pub id: Uid,
    pub kind: String,
    /// What it works on; with `kind`, what makes a second one needless.
    pub subject_id: Option<Uid>,
    pub payload: Json,
    pub due_at: Time,
    pub attempts: i32,
    /// Someone works on it until then; afterwards anyone may.
    pub leased_until: Option<Time>,
    pub last_error: Option<String>,
    pub created_at: Time,
}

/// Adds a job and wakes the runner after the commit.
pub fn enqueue(tx: &mut Tx, job: &Job) -> Result<()> {
    tx.insert(jobs::table).values(job).execute(tx.conn())?;
    tx.wake(Wake::Job(job.due_at.0.as_microsecond()));
    Ok(())
}

/// Adds jobs and wakes the runner after the commit.
pub fn enqueue_all(tx: &mut Tx, rows: &[Job]) -> Result<()> {
    let Some(first) = rows.iter().map(|job| job.due_at).min() else { return Ok(()) };
    let into = tx.insert(jobs::table);
    each!(tx.conn(), c => into.values(rows).execute(c))?;
    tx.wake(Wake::Job(first.0.as_microsecond()));
    Ok(())
}

/// Adds a job unless one of its kind already waits and nobody has it in hand.
pub fn enqueue_once(tx: &mut Tx, job: &Job) -> Result<()> {
    let same = tx.of(jobs::table).filter(jobs::kind.eq(job.kind.clone())).filter(jobs::leased_until.is_null());
    if same.count().get_result::<i64>(tx.conn())? > 0 {
        tx.wake(Wake::Job(job.due_at.0.as_microsecond()));
        return Ok(());
    }
    enqueue(tx, job)
}

/// Adds a job unless one of its kind about the same subject waits or is in hand.
pub fn enqueue_for(tx: &mut Tx, job: &Job) -> Result<()> {
    let same = tx.of(jobs::table).filter(jobs::kind.eq(job.kind.clone())).filter(jobs::subject_id.eq(job.subject_id));
    if same.count().get_result::<i64>(tx.conn())? > 0 { Ok(()) } else { enqueue(tx, job) }
}

/// Work that must not be begun now, because somebody is at work in the same place.
#[derive(Clone, Debug, Default)]
pub struct Busy {
    pub kinds: Vec<String>,
    /// Deliveries on these channels.
    pub channels: Vec<Uid>,
    /// Jobs about these.
    pub subjects: Vec<Uid>,
}

/// What is due and in nobody's hand, the longest waiting first.
pub fn due(tx: &mut Tx, now: Time, busy: &Busy, limit: i64) -> Result<Vec<Job>> {
    let free = tx.of(jobs::table).filter(jobs::due_at.le(now));
    let free = free.filter(jobs::leased_until.is_null().or(jobs::leased_until.le(now)));
    let free = free.filter(jobs::kind.ne_all(busy.kinds.clone()));
    let free = free.filter(jobs::subject_id.is_null().or(jobs::subject_id.ne_all(busy.subjects.clone())));
    let order = (jobs::due_at, jobs::id);
    if busy.channels.is_empty() {
        return Ok(free.order(order).limit(limit).select(Job::as_select()).load(tx.conn())?);
    }
    let theirs = tx.of(messages::table).filter(messages::channel_id.eq_any(busy.channels.clone()));
    let theirs = theirs.filter(messages::state.eq_any(["queued", "sending"])).select(messages::id.nullable());
    let free = free.filter(jobs::subject_id.is_null().or(jobs::subject_id.ne_all(theirs)));
    Ok(free.order(order).limit(limit).select(Job::as_select()).load(tx.conn())?)
}

/// What somebody has in hand.
pub fn held(tx: &mut Tx, now: Time) -> Result<Vec<Job>> {
    let held = tx.of(jobs::table).filter(jobs::leased_until.gt(now));
    Ok(held.select(Job::as_select()).load(tx.conn())?)
}

/// Takes jobs in hand until `until`, and counts that they were.
pub fn lease(tx: &mut Tx, ids: &[Uid], until: Time) -> Result<()> {
    diesel::update(tx.of(jobs::table).filter(jobs::id.eq_any(ids.to_vec())))
        .set((jobs::leased_until.eq(Some(until)), jobs::attempts.eq(jobs::attempts + 1)))
        .execute(tx.conn())?;
    Ok(())
}

/// Keeps jobs in hand for longer.
pub fn renew(tx: &mut Tx, ids: &[Uid], until: Time) -> Result<()> {
    let held = tx.of(jobs::table).filter(jobs::id.eq_any(ids.to_vec())).filter(jobs::leased_until.is_not_null());
    diesel::update(held).set(jobs::leased_until.eq(Some(until))).execute(tx.conn())?;
    Ok(())
}

/// Lays everything down: only at the start of the one process that works on this tenant.
pub fn release_all(tx: &mut Tx) -> Result<()> {
    let held = tx.of(jobs::table).filter(jobs::leased_until.is_not_null());
    diesel::update(held).set(jobs::leased_until.eq(None::<Time>)).execute(tx.conn())?;
    Ok(())
}

pub fn done(tx: &mut Tx, id: Uid) -> Result<()> {
    diesel::delete(tx.of(jobs::table).filter(jobs::id.eq(id))).execute(tx.conn())?;
    Ok(())
}

/// Deletes the jobs of a kind that nobody has in hand.
pub fn done_unheld(tx: &mut Tx, kind: &str) -> Result<()> {
    let free = tx.of(jobs::table).filter(jobs::kind.eq(kind.to_owned())).filter(jobs::leased_until.is_null());
    diesel::delete(free).execute(tx.conn())?;
    Ok(())
}

/// Lays jobs down until `due`.
pub fn again(tx: &mut Tx, ids: &[Uid], due: Time, error: &str) -> Result<()> {
    diesel::update(tx.of(jobs::table).filter(jobs::id.eq_any(ids.to_vec())))
        .set((jobs::due_at.eq(due), jobs::leased_until.eq(None::<Time>), jobs::last_error.eq(Some(error.to_owned()))))
        .execute(tx.conn())?;
    tx.wake(Wake::Job(due.0.as_microsecond()));
    Ok(())
}

/// Makes what waits to go out on a channel due at once: a person has mended what held it back.
pub fn hurry(tx: &mut Tx, channel: Uid, now: Time) -> Result<()> {
    let theirs = tx.of(messages::table).filter(messages::channel_id.eq(channel));
    let theirs = theirs.filter(messages::state.eq_any(["queued", "sending"])).select(messages::id.nullable());
    let waiting = tx.of(jobs::table).filter(jobs::subject_id.eq_any(theirs)).filter(jobs::leased_until.is_null());
    let hurried = diesel::update(waiting.filter(jobs::due_at.gt(now))).set(jobs::due_at.eq(now)).execute(tx.conn())?;
    if hurried > 0 {
        tx.wake(Wake::Job(now.0.as_microsecond()));
    }
    Ok(())
}

/// Makes a job due at this moment at the latest, unless somebody has it in hand. Says whether there is such a job.
pub fn bring_forward(tx: &mut Tx, id: Uid, at: Time) -> Result<bool> {
    let job = tx.of(jobs::table).filter(jobs::id.eq(id)).select((jobs::due_at, jobs::leased_until));
    let job: Option<(Time, Option<Time>)> = job.first(tx.conn()).optional()?;
    let Some((due, leased)) = job else { return Ok(false) };
    if leased.is_none() && due > at {
        diesel::update(tx.of(jobs::table).filter(jobs::id.eq(id))).set(jobs::due_at.eq(at)).execute(tx.conn())?;
        tx.wake(Wake::Job(at.0.as_microsecond()));
    }
    Ok(true)
}

/// Gives jobs out of hand as if they had not been taken.
pub fn release(tx: &mut Tx, ids: &[Uid]) -> Result<()> {
    diesel::update(tx.of(jobs::table).filter(jobs::id.eq_any(ids.to_vec())))
        .set((jobs::leased_until.eq(None::<Time>), jobs::attempts.eq(jobs::attempts - 1)))
        .execute(tx.conn())?;
    Ok(())
}

/// When the tenant's next job is due, or its lease ends.
pub fn next_due(tx: &mut Tx) -> Result<Option<Time>> {
    let free = tx.of(jobs::table).filter(jobs::leased_until.is_null()).order(jobs::due_at);
    let free: Option<Time> = free.select(jobs::due_at).first(tx.conn()).optional()?;
    let held = tx.of(jobs::table).filter(jobs::leased_until.is_not_null()).order(jobs::leased_until);
    let held: Option<Option<Time>> = held.select(jobs::leased_until).first(tx.conn()).optional()?;
    Ok([free, held.flatten()].into_iter().flatten().min())
}

/// Tenants with due work on PostgreSQL, the longest waiting first; the embedded engine keeps its own heap instead.
#[cfg(feature = "postgres")]
pub fn due_tenants(control: &mut Control, now: Time, most: i32) -> Result<Vec<Uid>> {
    use super::types::{Id, Ts};
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = Id)]
        tenant_id: Uid,
    }
    let query = diesel::sql_query("SELECT tenant_id FROM due_tenants($1, $2)");
    let due: Vec<Due> = query.bind::<Ts, _>(now).bind::<diesel::sql_types::Integer, _>(most).load(control.0)?;
    Ok(due.into_iter().map(|d| d.tenant_id).collect())
}

/// The embedded engine keeps its own heap, so nobody asks.
#[cfg(not(feature = "postgres"))]
pub fn due_tenants(_: &mut Control, _: Time, _: i32) -> Result<Vec<Uid>> {
    Ok(Vec::new())
}
