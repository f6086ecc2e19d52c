//! The wall between tenants: each layer holds alone.

use super::support::{self, on_both};
use crate::store::{Error, Time, Tx, Uid, contacts, contacts::Contact};

fn contact(tenant: Uid, n: u128, name: &str) -> Contact {
    let at = Time::new(jiff::Timestamp::UNIX_EPOCH);
    Contact {
        tenant_id: tenant,
        id: Uid(uuid::Uuid::from_u128(n)),
        name: Some(name.to_owned()),
        language: None,
        preferred_channel: None,
        quiet_hours: None,
        version: 1,
        created_at: at,
        updated_at: at,
        folded_name: None,
        merged_into: None,
    }
}

async fn one_each(place: &support::Place) {
    for tenant in &place.tenants {
        let n = tenant.as_u128();
        let write = move |tx: &mut Tx| {
            let row = contact(tx.tenant(), 100 + n, &format!("of {n}"));
            contacts::insert(tx, &row)
        };
        place.store.tenant(*tenant).write(write).await.unwrap();
    }
}

async fn names(place: &support::Place, tenant: usize) -> Vec<String> {
    let rows = place.store.tenant(place.tenants[tenant]).read(|tx| contacts::list(tx, None, 1000)).await.unwrap();
    rows.into_iter().filter_map(|c| c.name).collect()
}

on_both!(a_row_of_another_tenant_is_neither_read_nor_changed_nor_written, 2, 4, |place| {
    one_each(&place).await;
    assert_eq!(names(&place, 0).await, ["of 1"]);
    let foreign = Uid(uuid::Uuid::from_u128(102));
    let door = place.store.tenant(place.tenants[0]);
    assert!(matches!(door.read(move |tx| contacts::get(tx, foreign)).await, Err(Error::NotFound)));
    let other = place.tenants[1];
    let changed = door.write(move |tx| contacts::update(tx, &contact(Uid(other), 102, "taken"), 1)).await;
    assert!(matches!(changed, Err(Error::Stale)));
    let smuggled = door.write(move |tx| contacts::insert(tx, &contact(Uid(other), 103, "smuggled"))).await;
    assert!(smuggled.is_err(), "a row that names another tenant is refused by the database");
    assert_eq!(names(&place, 1).await, ["of 2"]);
});

on_both!(an_unknown_tenant_has_no_rows_and_makes_none, 1, 2, |place| {
    let nobody = place.store.tenant(uuid::Uuid::from_u128(99));
    let read = nobody.read(|tx| contacts::list(tx, None, 10)).await;
    assert!(read.is_err() || read.unwrap().is_empty());
    let write = nobody.write(|tx| contacts::insert(tx, &contact(tx.tenant(), 1, "ghost"))).await;
    assert!(write.is_err());
    assert!(!place.dir.path().join("tenants").join(format!("{}.db", uuid::Uuid::from_u128(99))).exists());
});

on_both!(sixty_four_threads_on_two_connections_meet_no_foreign_row, 2, 2, |place| {
    one_each(&place).await;
    let tasks: Vec<_> = (0..64_usize)
        .map(|n| {
            let (store, tenant) = (place.store.clone(), place.tenants[n % 2]);
            tokio::spawn(async move {
                for round in 0..20_u128 {
                    let door = store.tenant(tenant);
                    if round % 5 == 0 {
                        let id = 10_000 + 100 * n as u128 + round;
                        let name = format!("of {}", tenant.as_u128());
                        let written =
                            door.write(move |tx| contacts::insert(tx, &contact(tx.tenant(), id, &name))).await;
                        written.unwrap();
                    }
                    let rows = door.read(|tx| contacts::list(tx, None, 100)).await.unwrap();
                    let own = format!("of {}", tenant.as_u128());
                    assert!(rows.iter().all(|c| c.name.as_deref() == Some(&own)), "a foreign row");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
});

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::{Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};

    use super::*;
    use crate::store::{Store, Url, schema::TENANT_TABLES};

    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }

    fn query(database: &support::pg::Database, sql: &str) -> Vec<String> {
        let rows: Vec<Name> = sql_query(sql).load(&mut database.connect("ADMIN")).unwrap();
        rows.into_iter().map(|r| r.name).collect()
    }

    #[cfg(feature = "test-hooks")]
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    async fn the_database_and_the_program_each_hold_without_the_other() {
        use crate::store::scope::widen;
        let place = support::postgres(2, 4).await;
        one_each(&place).await;

        widen::set(true);
        let by_database = names(&place, 0).await;
        widen::set(false);
        assert_eq!(by_database, ["of 1"], "row-level security alone");

        let mut owner = place.database.as_ref().unwrap().connect("OWNER");
        for table in TENANT_TABLES {
            let off = format!(
                "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
            );
            owner.batch_execute(&off).unwrap();
        }
        assert_eq!(names(&place, 0).await, ["of 1"], "the program's predicate alone");

        widen::set(true);
        let by_nobody = names(&place, 0).await.len();
        widen::set(false);
        assert_eq!(by_nobody, 2, "with both off the other tenant shows: the two switches do what they say");
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    async fn with_no_tenant_set_every_tenant_table_answers_with_an_error() {
        let place = support::postgres(1, 2).await;
        for table in TENANT_TABLES {
            let asked = place
                .store
                .control_read(move |c| {
                    let sql = format!("SELECT '{table}' AS name FROM {table}");
                    Ok(sql_query(sql).load::<Name>(c.0)?.len())
                })
                .await;
            assert!(asked.is_err(), "{table} answered without a tenant");
        }
        // A connection that served a tenant before must not remember it.
        names(&place, 0).await;
        let after =
            place.store.control_read(|c| Ok(sql_query("SELECT name FROM contacts").load::<Name>(c.0)?.len())).await;
        assert!(after.is_err());
    }

    #[tokio::test]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    async fn a_role_that_row_level_security_does_not_bind_is_refused() {
        let database = support::pg::Database::new();
        for role in ["ADMIN", "OWNER"] {
            let opened = Store::open(&Url::Postgres(database.url(role)), 1, tokio::runtime::Handle::current());
            assert!(opened.is_err(), "{role} was let in");
        }
    }

    #[test]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    fn the_catalogue_shows_no_gap_in_the_wall() {
        let database = support::pg::Database::new();
        let of_public = "FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public'";
        let forced = query(
            &database,
            &format!(
                "SELECT t.relname::text AS name {of_public} AND t.relkind = 'r' AND t.relrowsecurity AND t.relforcerowsecurity ORDER BY 1"
            ),
        );
        let mut expected: Vec<&str> = TENANT_TABLES.to_vec();
        expected.sort_unstable();
        assert_eq!(forced, expected, "every tenant table is forced");
        let loose_keys = query(
            &database,
            "SELECT c.conname::text AS name FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
             WHERE t.relforcerowsecurity AND c.contype IN ('p', 'u', 'f') AND NOT EXISTS (SELECT 1 FROM pg_attribute a \
             WHERE a.attrelid = t.oid AND a.attnum = c.conkey[1] AND a.attname = 'tenant_id')",
        );
        assert!(loose_keys.is_empty(), "not led by tenant_id: {loose_keys:?}");
        let loose_uniques = query(
            &database,
            "SELECT i.relname::text AS name FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
             JOIN pg_class t ON t.oid = x.indrelid WHERE t.relforcerowsecurity AND x.indisunique AND NOT EXISTS \
             (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = x.indkey[0] AND a.attname = 'tenant_id')",
        );
        assert!(loose_uniques.is_empty(), "not led by tenant_id: {loose_uniques:?}");
        let views = query(
            &database,
            &format!(
                "SELECT t.relname::text AS name {of_public} AND t.relkind = 'v' \
                 AND NOT coalesce('security_invoker=true' = ANY (t.reloptions), false)"
            ),
        );
        assert!(views.is_empty(), "views that read as their owner: {views:?}");
        let definers = query(
            &database,
            "SELECT p.proname::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
             WHERE n.nspname = 'public' AND p.prosecdef ORDER BY 1",
        );
        let readme = include_str!("../../../../migrations/README.md");
        for function in &definers {
            assert!(readme.contains(&format!("`{function}(")), "{function} is not listed in migrations/README.md");
        }
        assert_eq!(definers, ["due_tenants", "search_find"]);
        let members = query(
            &database,
            "SELECT m.rolname::text AS name FROM pg_auth_members x JOIN pg_roles r ON r.oid = x.roleid \
             JOIN pg_roles m ON m.oid = x.member WHERE r.rolname IN ('civicdesk_search', 'civicdesk_queue')",
        );
        assert!(members.is_empty(), "members of the search or queue role: {members:?}");
    }

    #[test]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    fn an_empty_database_says_what_to_run() {
        let database = support::pg::Database::empty();
        let opened = Store::open(
            &Url::Postgres(database.url("APP")),
            1,
            tokio::runtime::Runtime::new().unwrap().handle().clone(),
        );
        let said = opened.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said.contains("civicdesk migrate"), "{said}");
        assert!(diesel::PgConnection::establish(&database.url("APP")).is_ok());
    }
}
