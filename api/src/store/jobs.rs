//! Work after the answer: rows written with the change that asks for them.

use diesel::prelude::*;

use super::{Control, Json, Result, Time, Tx, Uid, Wake, connection::each, schema::jobs};

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

/// Takes due jobs in hand until `until`.
pub fn claim(tx: &mut Tx, now: Time, until: Time, limit: i64) -> Result<Vec<Job>> {
    let free = tx.of(jobs::table).filter(jobs::due_at.le(now));
    let free = free.filter(jobs::leased_until.is_null().or(jobs::leased_until.le(now)));
    let found: Vec<Job> = free.order((jobs::due_at, jobs::id)).limit(limit).select(Job::as_select()).load(tx.conn())?;
    let ids: Vec<Uid> = found.iter().map(|j| j.id).collect();
    diesel::update(tx.of(jobs::table).filter(jobs::id.eq_any(ids)))
        .set((jobs::leased_until.eq(Some(until)), jobs::attempts.eq(jobs::attempts + 1)))
        .execute(tx.conn())?;
    Ok(found.into_iter().map(|j| Job { attempts: j.attempts + 1, leased_until: Some(until), ..j }).collect())
}

pub fn done(tx: &mut Tx, id: Uid) -> Result<()> {
    diesel::delete(tx.of(jobs::table).filter(jobs::id.eq(id))).execute(tx.conn())?;
    Ok(())
}

/// Lays a job down until `due`.
pub fn again(tx: &mut Tx, id: Uid, due: Time, error: &str) -> Result<()> {
    diesel::update(tx.of(jobs::table).filter(jobs::id.eq(id)))
        .set((jobs::due_at.eq(due), jobs::leased_until.eq(None::<Time>), jobs::last_error.eq(Some(error.to_owned()))))
        .execute(tx.conn())?;
    tx.wake(Wake::Job(due.0.as_microsecond()));
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
