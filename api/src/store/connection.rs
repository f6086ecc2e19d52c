//! One connection, to either database, and how each is opened.

use std::path::Path;

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};

use super::{Error, Result};

/// A connection to one of the two databases. One query text serves both.
#[derive(diesel::MultiConnection)]
pub enum Db {
    #[cfg(feature = "postgres")]
    Pg(diesel::PgConnection),
    Lite(SqliteConnection),
}

/// Runs one expression on the concrete connection, for what the derive has no word for (batch insert).
macro_rules! each {
    ($db:expr, $c:ident => $e:expr) => {
        match $db {
            #[cfg(feature = "postgres")]
            $crate::store::connection::Db::Pg($c) => $e,
            $crate::store::connection::Db::Lite($c) => $e,
        }
    };
}
pub(super) use each;

/// How durable a commit on SQLite is. What a savepoint needs to be taken back stays in memory.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA trusted_schema = OFF; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY;";

#[derive(QueryableByName)]
struct Asserted {
    #[diesel(sql_type = diesel::sql_types::Text)]
    journal_mode: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    synchronous: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    foreign_keys: i64,
}

/// Opens an SQLite file and asserts that a commit will be durable and foreign keys hold.
pub fn open_lite(file: &Path) -> Result<Db> {
    let mut c = connect_lite(file)?;
    c.batch_execute(PRAGMAS).map_err(Error::from)?;
    let is: Asserted = sql_query(
        "SELECT j.journal_mode AS journal_mode, s.synchronous AS synchronous, f.foreign_keys AS foreign_keys \
         FROM pragma_journal_mode j, pragma_synchronous s, pragma_foreign_keys f",
    )
    .get_result(&mut c)?;
    if is.journal_mode != "wal" || is.synchronous != 2 || is.foreign_keys != 1 {
        return Err(Error::Unavailable(format!(
            "{}: SQLite did not take WAL, synchronous=FULL and foreign keys; is the file on a network disk?",
            file.display()
        )));
    }
    Ok(Db::Lite(c))
}

/// A bare connection, for migrations, which run with foreign keys off.
pub fn connect_lite(file: &Path) -> Result<SqliteConnection> {
    let name = file.to_str().ok_or_else(|| Error::Unavailable(format!("{}: not UTF-8", file.display())))?;
    let unavailable = |e: &dyn std::fmt::Display| Error::Unavailable(format!("{}: {e}", file.display()));
    let mut c = SqliteConnection::establish(name).map_err(|e| unavailable(&e))?;
    // Before all else: the first to open a file locks it for a moment, and even a look at it then fails at once.
    c.batch_execute("PRAGMA busy_timeout = 5000").map_err(|e| unavailable(&e))?;
    Ok(c)
}

/// Opens a PostgreSQL connection with the time-outs that keep one stuck client from stopping a tenant.
#[cfg(feature = "postgres")]
pub fn open_pg(url: &str) -> Result<Db> {
    // The URL holds a password: libpq's text may quote the host and user, never the password.
    let mut c = diesel::PgConnection::establish(url).map_err(|e| Error::Unavailable(format!("PostgreSQL: {e}")))?;
    c.batch_execute(
        "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'; SET statement_timeout = '60s'; \
         SET TIME ZONE 'UTC'",
    )?;
    Ok(Db::Pg(c))
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    #[test]
    fn connections_that_open_a_file_at_the_same_moment_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        for round in 0..40 {
            let file = dir.path().join(format!("{round}.db"));
            drop(open_lite(&file).unwrap());
            let together = Barrier::new(8);
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        together.wait();
                        open_lite(&file).unwrap()
                    });
                }
            });
        }
    }
}
