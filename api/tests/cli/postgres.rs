//! The command line on PostgreSQL: what an operator is told, and a backup that comes back.

use std::process::Command;

use serde_json::json;

use crate::site::{Site, said};

/// A role's URL of the test server, in another database.
fn url(role: &str, database: &str) -> String {
    let name = format!("CIVICDESK_TEST_PG_{role}_URL");
    let url = std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run"));
    format!("{}/{database}", url.rsplit_once('/').unwrap().0)
}

fn admin(sql: &str) {
    let done = Command::new("psql").args(["-Xqc", sql, "-d", &url("ADMIN", "postgres")]).output().unwrap();
    assert!(done.status.success(), "{sql}: {}", said(&done));
}

fn database(name: &str) -> String {
    let name = format!("cli_{name}_{}", std::process::id());
    admin(&format!("CREATE DATABASE {name} OWNER civicdesk_owner"));
    name
}

/// A site on this database. Its dump is made by the superuser, who may read every row.
fn site(database: &str) -> Site {
    let site = Site::new();
    site.settings(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"{}\"\nowner_url = \"{}\"\nbackup_url = \"{}\"\n\
         [keys]\nmaster_key_file = \"master.key\"\n[blobs]\nurl = \"file:blobs\"\n",
        url("APP", database),
        url("OWNER", database),
        url("ADMIN", database),
    ));
    site
}

#[test]
#[ignore = "needs PostgreSQL: run by tests/run"]
fn a_dump_restores_into_an_empty_database_with_its_walls_and_the_brake_on() {
    let (one, two) = (database("one"), database("two"));
    let (old, new) = (site(&one), site(&two));
    assert!(old.refused(1, &["tenant", "list"]).contains("civicdesk migrate"));
    old.json(&["migrate"]);
    old.json(&["tenant", "create", "--slug", "riverton", "--name", "Riverton"]);
    let kept = new.path("kept");
    old.json(&["backup", kept.to_str().unwrap(), "--with-keys"]);

    let restored = new.json(&["restore", "kept"]);
    assert_eq!((&restored["tenants"], &restored["outgoing"]), (&json!(["riverton"]), &json!("paused")));
    assert_eq!(new.json(&["tenant", "list"]), old.json(&["tenant", "list"]));
    assert_eq!(new.json(&["doctor"])["healthy"], true);
    assert!(new.refused(1, &["restore", "kept"]).contains("not empty"), "nothing is overwritten");
    admin(&format!("DROP DATABASE {one}"));
    admin(&format!("DROP DATABASE {two}"));
}

#[test]
#[ignore = "needs PostgreSQL: run by tests/run"]
fn the_owner_does_not_serve_and_an_absent_server_is_told_without_the_password() {
    let owner = Site::new();
    let paths = "[keys]\nmaster_key_file = \"k\"\n[blobs]\nurl = \"file:b\"\n";
    let with = |url: &str| format!("[database]\nurl = \"{url}\"\n{paths}");
    let name = database("owned");
    owner.settings(&with(&url("ADMIN", &name)));
    assert!(owner.refused(1, &["tenant", "list"]).contains("superuser"));
    owner.settings(&with("postgres://app:hunter2@127.0.0.1:1/nothing"));
    let told = owner.refused(1, &["tenant", "list"]);
    assert!(told.contains("PostgreSQL") && !told.contains("hunter2"), "{told}");
    admin(&format!("DROP DATABASE {name}"));
}
