//! A store of each kind for one test, with tenants in it.

use diesel::connection::SimpleConnection;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::store::{Json, Store, Time, Tx, Uid, Url, tenant::Tenant};

/// A store that goes away with the test.
pub struct Place {
    pub store: Store,
    pub tenants: Vec<Uuid>,
    #[cfg(feature = "postgres")]
    pub database: Option<pg::Database>,
    pub dir: TempDir,
}

/// Runs one promise on both databases.
macro_rules! on_both {
    ($name:ident, $tenants:expr, $threads:expr, |$place:ident| $body:expr) => {
        mod $name {
            use super::*;

            async fn promise($place: support::Place) {
                $body
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                promise(support::sqlite($tenants, $threads).await).await;
            }

            #[cfg(feature = "postgres")]
            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs PostgreSQL: run by tests/run"]
            async fn on_postgres() {
                promise(support::postgres($tenants, $threads).await).await;
            }
        }
    };
}
pub(crate) use on_both;

/// What somebody does who has a hand in the database: no rule of ours is asked.
pub fn raw(tx: &mut Tx, sql: &str) -> crate::store::Result<()> {
    Ok(tx.conn().batch_execute(sql)?)
}

pub async fn sqlite(tenants: u128, threads: usize) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&Url::Sqlite(dir.path().to_owned()), threads, Handle::current()).unwrap();
    let tenants = fill(&store, tenants).await;
    Place {
        store,
        tenants,
        #[cfg(feature = "postgres")]
        database: None,
        dir,
    }
}

async fn fill(store: &Store, tenants: u128) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for n in 1..=tenants {
        let id = Uuid::from_u128(n);
        store.create_room(id).await.unwrap();
        store.tenant(id).write(move |tx| crate::store::tenant::insert(tx, &row(id))).await.unwrap();
        ids.push(id);
    }
    ids
}

fn row(id: Uuid) -> Tenant {
    let at = Time::new(Timestamp::UNIX_EPOCH);
    Tenant {
        tenant_id: Uid(id),
        slug: format!("t{}", id.as_u128()),
        name: "Test".into(),
        reference_prefix: "TST".into(),
        locale: "en-US".into(),
        time_zone: "UTC".into(),
        case_year: 0,
        case_last: 0,
        event_last: 0,
        search_version: 1,
        settings: Json(serde_json::json!({})),
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

#[cfg(feature = "postgres")]
pub async fn postgres(tenants: u128, threads: usize) -> Place {
    let database = pg::Database::new();
    let store = Store::open(&Url::Postgres(database.url("APP")), threads, Handle::current()).unwrap();
    let tenants = fill(&store, tenants).await;
    Place { store, tenants, database: Some(database), dir: tempfile::tempdir().unwrap() }
}

#[cfg(feature = "postgres")]
pub mod pg {
    use std::sync::atomic::{AtomicU32, Ordering};

    use diesel::{Connection, PgConnection, connection::SimpleConnection};

    use crate::store::migrate;

    static NEXT: AtomicU32 = AtomicU32::new(0);

    /// A database of its own, dropped with the test.
    pub struct Database {
        pub name: String,
    }

    impl Database {
        pub fn new() -> Self {
            let empty = Self::empty();
            migrate::postgres(&empty.url("OWNER"), "civicdesk_app").unwrap();
            empty
        }

        pub fn empty() -> Self {
            let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
            server().batch_execute(&format!("CREATE DATABASE {name} OWNER civicdesk_owner")).unwrap();
            Self { name }
        }

        /// The URL of a role: `APP`, `OWNER` or `ADMIN`.
        pub fn url(&self, role: &str) -> String {
            let url = std::env::var(format!("CIVICDESK_TEST_PG_{role}_URL")).expect("run by tests/run");
            let (server, _) = url.rsplit_once('/').unwrap();
            format!("{server}/{}", self.name)
        }

        pub fn connect(&self, role: &str) -> PgConnection {
            PgConnection::establish(&self.url(role)).unwrap()
        }
    }

    impl Drop for Database {
        fn drop(&mut self) {
            let _ = server().batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }

    fn server() -> PgConnection {
        PgConnection::establish(&std::env::var("CIVICDESK_TEST_PG_ADMIN_URL").expect("run by tests/run")).unwrap()
    }
}
