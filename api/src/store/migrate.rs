//! Brings a database up to the program, and refuses one that is ahead of it.

use std::{collections::HashMap, path::Path};

#[cfg(feature = "postgres")]
use diesel::Connection;
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Error, Result, connection::connect_lite};

const LITE_CONTROL: EmbeddedMigrations = embed_migrations!("../migrations/sqlite/control");
const LITE_TENANT: EmbeddedMigrations = embed_migrations!("../migrations/sqlite/tenant");
#[cfg(feature = "postgres")]
const PG_CONTROL: EmbeddedMigrations = embed_migrations!("../migrations/postgres/control");
#[cfg(feature = "postgres")]
const PG_TENANT: EmbeddedMigrations = embed_migrations!("../migrations/postgres/tenant");

/// Which tables a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    Control,
    Tenant,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// Migrates one SQLite file and says how many steps it took.
///
/// Foreign keys are off (a table rebuilt with keys on deletes its children), so they are checked before the commit, and
/// no table may have lost a row.
pub fn lite(file: &Path, tree: Tree) -> Result<usize> {
    let mut c = connect_lite(file)?;
    c.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF",
    )?;
    let source = || if tree == Tree::Control { LITE_CONTROL } else { LITE_TENANT };
    refuse_newer(&mut c, &[source()], &file.display().to_string())?;
    if !c.has_pending_migration(source()).map_err(|e| failed(file.display(), e))? {
        return Ok(0);
    }
    c.immediate_transaction(|c| {
        let before = row_counts(c)?;
        let steps = c.run_pending_migrations(source()).map_err(|e| failed(file.display(), e))?.len();
        let broken = sql_query("SELECT count(*) AS n FROM pragma_foreign_key_check").get_result::<Count>(c)?.n;
        if broken != 0 {
            return Err(failed(file.display(), format!("{broken} rows would point nowhere; nothing was changed")));
        }
        let after = row_counts(c)?;
        if let Some((table, n)) = before.iter().find(|(table, n)| after.get(*table).is_some_and(|now| now < n)) {
            return Err(failed(
                file.display(),
                format!("{table} would lose some of its {n} rows; nothing was changed"),
            ));
        }
        Ok(steps)
    })
}

fn row_counts(c: &mut SqliteConnection) -> Result<HashMap<String, i64>> {
    let tables: Vec<Name> =
        sql_query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").load(c)?;
    let mut counts = HashMap::new();
    for Name { name } in tables {
        let n = sql_query(format!("SELECT count(*) AS n FROM \"{name}\"")).get_result::<Count>(c)?.n;
        counts.insert(name, n);
    }
    Ok(counts)
}

/// A database that was written by a newer program would be misread by this one.
fn refuse_newer<DB, C>(c: &mut C, known: &[EmbeddedMigrations], place: &str) -> Result<()>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    use diesel::migration::MigrationSource;
    let mut versions = Vec::new();
    for source in known {
        for migration in MigrationSource::<DB>::migrations(source).map_err(|e| failed(place, e))? {
            versions.push(migration.name().version().as_owned());
        }
    }
    let applied = c.applied_migrations().map_err(|e| failed(place, e))?;
    match applied.iter().find(|v| !versions.contains(v)) {
        Some(ahead) => Err(failed(place, format!("it was written by a newer program (step {ahead}); start that one"))),
        None => Ok(()),
    }
}

fn failed(place: impl std::fmt::Display, e: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("{place}: migration: {e}"))
}

/// Migrates a PostgreSQL database as its owner, and gives the application's role its rights and no more.
#[cfg(feature = "postgres")]
pub fn postgres(owner_url: &str, app_role: &str) -> Result<usize> {
    let mut c = diesel::PgConnection::establish(owner_url)
        .map_err(|e| Error::Unavailable(format!("PostgreSQL, as the owner: {e}")))?;
    if !app_role.chars().all(|x| x.is_ascii_alphanumeric() || x == '_') || app_role.is_empty() {
        return Err(Error::Unavailable("database.url: the role's name may hold letters, digits and _ only".into()));
    }
    refuse_newer(&mut c, &[PG_CONTROL, PG_TENANT], "PostgreSQL")?;
    // Roles belong to the whole cluster: another installation that migrates at this moment may be in the way.
    let mut tries = 0;
    loop {
        match c.transaction(|c| migrate_as_owner(c, app_role)) {
            Err(Error::Unavailable(e)) if e.contains("concurrently updated") && tries < 20 => tries += 1,
            end => return end,
        }
    }
}

#[cfg(feature = "postgres")]
fn migrate_as_owner(c: &mut diesel::PgConnection, app_role: &str) -> Result<usize> {
    c.batch_execute("SELECT pg_advisory_xact_lock(7220417006193211)")?;
    let mut steps = c.run_pending_migrations(PG_CONTROL).map_err(|e| failed("PostgreSQL", e))?.len();
    steps += c.run_pending_migrations(PG_TENANT).map_err(|e| failed("PostgreSQL", e))?.len();
    c.batch_execute(&format!(
        "GRANT USAGE ON SCHEMA public TO {app_role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app_role}; \
         REVOKE INSERT, UPDATE, DELETE ON __diesel_schema_migrations FROM {app_role}; \
         GRANT civicdesk_search, civicdesk_queue TO CURRENT_USER; \
         GRANT EXECUTE ON FUNCTION search_find(text), due_tenants(timestamptz, integer) TO {app_role}; \
         REVOKE civicdesk_search, civicdesk_queue FROM CURRENT_USER"
    ))?;
    Ok(steps)
}

/// Refuses to serve a PostgreSQL database that is not exactly at this program's step.
#[cfg(feature = "postgres")]
pub fn check_postgres(c: &mut diesel::PgConnection) -> Result<()> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    use diesel::migration::{Migration, MigrationSource};
    let applied: Vec<String> = sql_query("SELECT version FROM __diesel_schema_migrations")
        .load::<Version>(c)
        .map_err(|_| Error::Unavailable("the database is empty: run `civicdesk migrate` first".into()))?
        .into_iter()
        .map(|v| v.version)
        .collect();
    let mut known = Vec::new();
    for source in [PG_CONTROL, PG_TENANT] {
        let steps: Vec<Box<dyn Migration<diesel::pg::Pg>>> =
            source.migrations().map_err(|e| failed("PostgreSQL", e))?;
        known.extend(steps.iter().map(|m| m.name().version().to_string()));
    }
    if known.iter().any(|k| !applied.contains(k)) {
        return Err(Error::Unavailable("the database is behind this program: run `civicdesk migrate`".into()));
    }
    if applied.iter().any(|a| !known.contains(a)) {
        return Err(Error::Unavailable("the database was written by a newer program: start that one".into()));
    }
    Ok(())
}

/// Takes every step back, for the test that each can be.
#[cfg(test)]
pub fn lite_back(file: &Path, tree: Tree) -> Result<usize> {
    let mut c = connect_lite(file)?;
    let source = if tree == Tree::Control { LITE_CONTROL } else { LITE_TENANT };
    Ok(c.revert_all_migrations(source).map_err(|e| failed(file.display(), e))?.len())
}

/// Takes every step back, for the test that each can be.
#[cfg(all(test, feature = "postgres"))]
pub fn postgres_back(owner_url: &str) -> Result<usize> {
    let mut c = diesel::PgConnection::establish(owner_url).map_err(|e| failed("PostgreSQL", e))?;
    let mut taken = 0;
    for source in [PG_TENANT, PG_CONTROL] {
        let steps: Vec<Box<dyn diesel::migration::Migration<diesel::pg::Pg>>> =
            diesel::migration::MigrationSource::migrations(&source).map_err(|e| failed("PostgreSQL", e))?;
        for step in steps.iter().rev() {
            c.revert_migration(step.as_ref()).map_err(|e| failed("PostgreSQL", e))?;
            taken += 1;
        }
    }
    Ok(taken)
}
