//! The few places where the two databases differ: how a transaction begins, ON CONFLICT, and full text.

use diesel::{
    connection::{AnsiTransactionManager, TransactionManager},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
    sqlite::Sqlite,
};
use uuid::Uuid;

use super::connection::{Db, MultiBackend};

/// Whether a transaction may change rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Read,
    Write,
}

/// Begins a transaction of one tenant, in one message to the server. Writers of one tenant take turns, over all nodes.
pub fn begin(db: &mut Db, tenant: Uuid, mode: Mode) -> QueryResult<()> {
    match db {
        #[cfg(feature = "postgres")]
        Db::Pg(c) => {
            let sql = match mode {
                Mode::Read => format!("BEGIN READ ONLY; SET LOCAL app.tenant_id = '{tenant}'"),
                Mode::Write => format!(
                    "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SELECT pg_advisory_xact_lock({})",
                    lock_number(tenant)
                ),
            };
            AnsiTransactionManager::begin_transaction_sql(c, &sql)
        }
        Db::Lite(c) => {
            // The file is the tenant.
            let _ = tenant;
            let sql = if mode == Mode::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
            AnsiTransactionManager::begin_transaction_sql(c, sql)
        }
    }
}

/// Begins a transaction on installation data. No tenant is set: a tenant's table answers with an error.
pub fn begin_control(db: &mut Db, mode: Mode) -> QueryResult<()> {
    match db {
        #[cfg(feature = "postgres")]
        Db::Pg(c) => {
            let sql = if mode == Mode::Write { "BEGIN" } else { "BEGIN READ ONLY" };
            AnsiTransactionManager::begin_transaction_sql(c, sql)
        }
        Db::Lite(c) => {
            let sql = if mode == Mode::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
            AnsiTransactionManager::begin_transaction_sql(c, sql)
        }
    }
}

/// A tenant's number for PostgreSQL's advisory locks. Two tenants that share one only wait for each other.
#[cfg(feature = "postgres")]
fn lock_number(tenant: Uuid) -> i64 {
    let (high, low) = tenant.as_u64_pair();
    i64::from_ne_bytes((high ^ low).to_ne_bytes())
}

/// Commits what `begin` began, or releases the innermost savepoint.
pub fn commit(db: &mut Db) -> QueryResult<()> {
    <Db as diesel::Connection>::TransactionManager::commit_transaction(db)
}

/// Takes back what `begin` began, or what came after the innermost savepoint.
pub fn rollback(db: &mut Db) -> QueryResult<()> {
    <Db as diesel::Connection>::TransactionManager::rollback_transaction(db)
}

/// A savepoint inside the open transaction.
pub fn savepoint(db: &mut Db) -> QueryResult<()> {
    <Db as diesel::Connection>::TransactionManager::begin_transaction(db)
}

/// A query that both databases can say though the derive has no word for it (ON CONFLICT).
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Both<T>(pub T);

#[cfg(feature = "postgres")]
impl<T> QueryFragment<MultiBackend> for Both<T>
where
    T: QueryFragment<diesel::pg::Pg> + QueryFragment<Sqlite>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(&self.0, pass)
    }
}

#[cfg(not(feature = "postgres"))]
impl<T: QueryFragment<Sqlite>> QueryFragment<MultiBackend> for Both<T> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(&self.0, pass)
    }
}

impl<T: Query> Query for Both<T> {
    type SqlType = T::SqlType;
}

impl<T> diesel::RunQueryDsl<Db> for Both<T> {}
