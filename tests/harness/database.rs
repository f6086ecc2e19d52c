//! A database of its own for each program that is tested on PostgreSQL.

use std::{
    env,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

/// A fresh database, owned by the role that migrates and dropped with this value.
pub struct Database {
    name: String,
}

impl Database {
    pub(super) fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let database = Self { name: format!("civicdesk_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)) };
        database.drop_if_there();
        psql(&url("ADMIN"), &format!("CREATE DATABASE {} OWNER civicdesk_owner", database.name));
        database
    }

    fn drop_if_there(&self) {
        psql(&url("ADMIN"), &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }

    /// The role that serves: neither owner nor superuser.
    pub fn app_url(&self) -> String {
        self.within(&url("APP"))
    }

    /// The role that owns the tables and migrates them.
    pub fn owner_url(&self) -> String {
        self.within(&url("OWNER"))
    }

    /// What the superuser sees: the answer's rows, unaligned, one a line.
    pub fn look(&self, sql: &str) -> String {
        psql(&self.within(&url("ADMIN")), sql)
    }

    fn within(&self, server: &str) -> String {
        let (server, _) = server.rsplit_once('/').expect("a URL that ends in a database's name");
        format!("{server}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A failing test has its own story; the private server goes away with the run.
        if !std::thread::panicking() {
            self.drop_if_there();
        }
    }
}

fn url(role: &str) -> String {
    let name = format!("CIVICDESK_TEST_PG_{role}_URL");
    env::var(&name)
        .unwrap_or_else(|_| panic!("{name} is not set: run tests/run, or export what tests/run --servers-only prints"))
}

fn psql(url: &str, sql: &str) -> String {
    let run = Command::new("psql")
        .args([
            "--no-psqlrc",
            "--quiet",
            "--no-align",
            "--tuples-only",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
            url,
            "--command",
            sql,
        ])
        .env("PGOPTIONS", "--client-min-messages=warning")
        .output()
        .expect("psql runs");
    assert!(run.status.success(), "{sql}\n{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("UTF-8 from psql").trim_end().to_owned()
}
