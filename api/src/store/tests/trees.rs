//! The two migration trees give the same tables, and every step can be taken back.

use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use crate::store::{
    connection::connect_lite,
    migrate::{self, Tree},
    schema::TENANT_TABLES,
};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    nullable: String,
}

fn text(columns: Vec<Column>) -> BTreeSet<String> {
    let ours = |t: &str| !t.starts_with("search_index") && !t.starts_with("__diesel") && !t.starts_with("sqlite");
    columns
        .into_iter()
        .filter(|c| ours(&c.table_name))
        .map(|c| format!("{}.{} {}", c.table_name, c.column_name, c.nullable))
        .collect()
}

fn lite_columns() -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let mut all = BTreeSet::new();
    for (name, tree) in [("control.db", Tree::Control), ("tenant.db", Tree::Tenant)] {
        let path = dir.path().join(name);
        migrate::lite(&path, tree).unwrap();
        let sql = "SELECT t.name AS table_name, c.name AS column_name, \
                   CASE WHEN c.\"notnull\" = 1 THEN 'NO' ELSE 'YES' END AS nullable \
                   FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
        all.extend(text(sql_query(sql).load(&mut connect_lite(&path).unwrap()).unwrap()));
    }
    all
}

#[test]
fn every_tenant_table_of_the_program_is_in_the_tree() {
    let columns = lite_columns();
    for table in TENANT_TABLES {
        assert!(columns.contains(&format!("{table}.tenant_id NO")), "{table}");
    }
}

#[test]
fn every_step_on_sqlite_can_be_taken_back_and_made_again() {
    let dir = tempfile::tempdir().unwrap();
    for (name, tree) in [("control.db", Tree::Control), ("tenant.db", Tree::Tenant)] {
        let path = dir.path().join(name);
        let steps = migrate::lite(&path, tree).unwrap();
        assert!(steps > 0);
        assert_eq!(migrate::lite_back(&path, tree).unwrap(), steps);
        assert_eq!(migrate::lite(&path, tree).unwrap(), steps);
    }
}

#[test]
fn a_file_of_a_newer_program_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tenant.db");
    migrate::lite(&path, Tree::Tenant).unwrap();
    let ahead = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
    sql_query(ahead).execute(&mut connect_lite(&path).unwrap()).unwrap();
    let said = migrate::lite(&path, Tree::Tenant).unwrap_err().to_string();
    assert!(said.contains("newer program"), "{said}");
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;
    use crate::store::tests::support::pg::Database;

    #[test]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    fn both_trees_give_the_same_tables_columns_and_nullability() {
        let database = Database::new();
        let sql = "SELECT table_name::text, column_name::text, is_nullable::text AS nullable \
                   FROM information_schema.columns WHERE table_schema = 'public'";
        let columns = text(sql_query(sql).load(&mut database.connect("ADMIN")).unwrap());
        assert_eq!(lite_columns(), columns);
    }

    #[test]
    #[ignore = "needs PostgreSQL: run by tests/run"]
    fn every_step_on_postgres_can_be_taken_back_and_made_again() {
        let database = Database::new();
        let steps = migrate::postgres_back(&database.url("OWNER")).unwrap();
        assert!(steps > 0);
        assert_eq!(migrate::postgres(&database.url("OWNER"), "civicdesk_app").unwrap(), steps);
    }
}
