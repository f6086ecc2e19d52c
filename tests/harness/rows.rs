//! The rows behind the program's back: what lies in its database, and a change that no operation of the API makes yet.

use std::{fs, path::PathBuf};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::BigInt,
};

use super::{Engine, Program, Tenant};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Program {
    /// Changes rows of an agency while the program runs. Answers how many those were.
    pub fn change(&self, agency: &Tenant, sql: &str) -> usize {
        match self.engine() {
            Engine::Postgres => {
                let counted = format!("WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed");
                self.database().look(&counted).parse().expect("a number of rows")
            }
            Engine::Sqlite => sql_query(sql).execute(&mut self.open(agency)).unwrap_or_else(|e| panic!("{sql}: {e}")),
        }
    }

    /// How many rows of an agency's table fit.
    pub fn rows(&self, agency: &Tenant, table: &str, fit: &str) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {table} WHERE {fit}");
        match self.engine() {
            Engine::Postgres => self.database().look(&sql).parse().expect("a number of rows"),
            Engine::Sqlite => {
                let found: Count =
                    sql_query(&sql).get_result(&mut self.open(agency)).unwrap_or_else(|e| panic!("{sql}: {e}"));
                found.n
            }
        }
    }

    fn open(&self, agency: &Tenant) -> SqliteConnection {
        let file = self.tenant_file(agency);
        let mut c = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("the tenant's file opens");
        c.batch_execute("PRAGMA busy_timeout = 20000").expect("a pragma");
        c
    }

    /// The file of an agency on SQLite.
    pub fn tenant_file(&self, agency: &Tenant) -> PathBuf {
        let id = agency.id.strip_prefix("ten_").expect("a tenant's id");
        let files = fs::read_dir(self.directory().join("data/tenants")).expect("the tenants' files");
        let mut paths = files.map(|file| file.expect("a file").path());
        let is_its = |path: &PathBuf| path.to_string_lossy().replace('-', "").ends_with(&format!("{id}.db"));
        paths.find(is_its).expect("the tenant's file")
    }

    /// Everything that lies in its database: the bytes of its files, or the rows of every table.
    pub fn dump(&self) -> Vec<u8> {
        match self.engine() {
            Engine::Sqlite => {
                let mut bytes = Vec::new();
                gather(&self.directory().join("data"), &mut bytes);
                bytes
            }
            Engine::Postgres => {
                let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
                    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
                let rows = |table: &str| self.database().look(&format!("SELECT t::text FROM {table} t"));
                self.database().look(tables).lines().map(rows).collect::<Vec<_>>().join("\n").into_bytes()
            }
        }
    }
}

fn gather(folder: &std::path::Path, bytes: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).expect("a folder of the program") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => gather(&path, bytes),
            // A file may go while it is looked for, as SQLite's own do.
            false => bytes.extend(fs::read(&path).unwrap_or_default()),
        }
    }
}
