//! The only way to a tenant's table: every query that starts here carries the tenant's predicate.

use diesel::{
    Column, Expression, ExpressionMethods, Insertable, QueryDsl, Table, dsl::Filter,
    query_builder::IncompleteInsertStatement, query_dsl::methods::FilterDsl,
};
use uuid::Uuid;

use super::{
    connection::Db,
    types::{Id, Uid},
};

/// A table whose rows belong to tenants.
pub trait TenantTable: Table + Sized {
    type Tenant: Column<Table = Self> + Expression<SqlType = Id> + ExpressionMethods + Copy + Default;
}

/// The predicate that pins a query to one tenant.
#[cfg(not(feature = "test-hooks"))]
type Predicate<T> = diesel::dsl::Eq<<T as TenantTable>::Tenant, Uid>;
/// The same, in a form that a test can widen to every tenant.
#[cfg(feature = "test-hooks")]
type Predicate<T> = diesel::dsl::Between<<T as TenantTable>::Tenant, Uid, Uid>;

/// A table seen by one tenant.
pub type Own<T> = Filter<T, Predicate<T>>;

/// One open transaction of one tenant. Nothing else in the program can reach the tenant's rows.
pub struct Tx<'a> {
    db: &'a mut Db,
    tenant: Uid,
    wakes: Vec<Wake>,
}

/// Something that others should hear of once the transaction has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A job of this tenant is due at this moment (microseconds since 1970).
    Job(i64),
    /// The tenant's event log has grown.
    Event,
    /// This channel is new, or staff changed it.
    Channel(Uid),
}

impl<'a> Tx<'a> {
    pub(super) fn new(db: &'a mut Db, tenant: Uuid) -> Self {
        Self { db, tenant: Uid(tenant), wakes: Vec::new() }
    }

    /// The tenant's id, for the rows being written.
    pub fn tenant(&self) -> Uid {
        self.tenant
    }

    pub(super) fn conn(&mut self) -> &mut Db {
        self.db
    }

    /// The tenant's rows of a table.
    pub(super) fn of<T>(&self, table: T) -> Own<T>
    where
        T: TenantTable + FilterDsl<Predicate<T>>,
    {
        #[cfg(not(feature = "test-hooks"))]
        return QueryDsl::filter(table, T::Tenant::default().eq(self.tenant));
        #[cfg(feature = "test-hooks")]
        {
            let (least, most) = widen::range(self.tenant);
            QueryDsl::filter(table, T::Tenant::default().between(least, most))
        }
    }

    /// A new row of a table. The row brings its own `tenant_id`; the database refuses a foreign one.
    pub(super) fn insert<T>(&self, table: T) -> IncompleteInsertStatement<T>
    where
        T: Table + Insertable<T>,
    {
        diesel::insert_into(table)
    }

    /// Tells others after the commit, and only then.
    pub(super) fn wake(&mut self, wake: Wake) {
        if !self.wakes.contains(&wake) {
            self.wakes.push(wake);
        }
    }

    pub(super) fn take_wakes(&mut self) -> Vec<Wake> {
        std::mem::take(&mut self.wakes)
    }
}

/// The switch by which a test proves that the database's own wall holds without this one.
#[cfg(feature = "test-hooks")]
pub mod widen {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::{Uid, Uuid};

    static WIDE: AtomicBool = AtomicBool::new(false);

    /// Switches the program's own predicate off (`true`) or on, for the whole process.
    pub fn set(wide: bool) {
        WIDE.store(wide, Ordering::SeqCst);
    }

    pub(super) fn range(tenant: Uid) -> (Uid, Uid) {
        if WIDE.load(Ordering::SeqCst) { (Uid(Uuid::nil()), Uid(Uuid::max())) } else { (tenant, tenant) }
    }
}
