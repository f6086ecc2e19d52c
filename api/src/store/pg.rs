//! The PostgreSQL engine: a small pool of connections of a role that row-level security binds.

use std::sync::{Mutex, PoisonError};

use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::{
    Error, Result,
    connection::{Db, open_pg},
    migrate,
};

/// The oldest server without the known ways around row-level security (CVE-2025-8713).
const OLDEST: [(i64, i64); 4] = [(15, 14), (16, 10), (17, 6), (18, 0)];

/// Idle connections. The store's threads bound how many there can be.
pub struct Pg {
    url: String,
    idle: Mutex<Vec<Db>>,
}

#[derive(QueryableByName)]
struct Role {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    superuser: bool,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    bypass: bool,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    owner: bool,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    unforced: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    version: i64,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    durable: bool,
}

impl Pg {
    /// Connects once and refuses to go on where the database would not wall the tenants off.
    pub fn open(url: &str) -> Result<Self> {
        let mut db = open_pg(url)?;
        if let Db::Pg(c) = &mut db {
            check_wall(c)?;
            migrate::check_postgres(c)?;
        }
        Ok(Self { url: url.to_owned(), idle: Mutex::new(vec![db]) })
    }

    /// Lends a connection. One that comes back broken is closed.
    pub fn with<T>(&self, work: impl FnOnce(&mut Db) -> (T, bool)) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut db = match idle {
            Some(db) => db,
            None => open_pg(&self.url)?,
        };
        let (value, sound) = work(&mut db);
        if sound {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
        }
        Ok(value)
    }
}

fn check_wall(c: &mut diesel::PgConnection) -> Result<()> {
    let role: Role = sql_query(
        "SELECT r.rolsuper AS superuser, r.rolbypassrls AS bypass, \
         EXISTS (SELECT 1 FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' \
             AND t.relkind IN ('r', 'v') AND pg_has_role(t.relowner, 'MEMBER')) AS owner, \
         (SELECT count(*) FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id' \
             WHERE n.nspname = 'public' AND t.relkind = 'r' AND t.relname <> 'routes' \
             AND NOT (t.relrowsecurity AND t.relforcerowsecurity)) AS unforced, \
         current_setting('server_version_num')::bigint AS version, \
         (current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off') AS durable \
         FROM pg_roles r WHERE r.rolname = current_user",
    )
    .get_result(c)?;
    let refuse = |why: &str| Err(Error::Unavailable(format!("PostgreSQL: {why}")));
    if role.superuser || role.bypass {
        return refuse(
            "the role of database.url is a superuser or has BYPASSRLS: row-level security would not bind it",
        );
    }
    if role.owner {
        return refuse(
            "the role of database.url owns tables: give the owner's URL as database.owner_url for `migrate` only",
        );
    }
    if role.unforced > 0 && !cfg!(feature = "test-hooks") {
        return refuse(
            "row-level security is not forced on every tenant table: run `civicdesk migrate`, then `civicdesk doctor`",
        );
    }
    if !role.durable && !cfg!(feature = "test-hooks") {
        return refuse("fsync or synchronous_commit is off: what is acknowledged could be lost");
    }
    let (major, minor) = (role.version / 10_000, role.version % 10_000);
    match OLDEST.iter().find(|(m, _)| *m == major) {
        Some((_, least)) if minor < *least => refuse(&format!(
            "{major}.{minor} has known ways around row-level security: update to {major}.{least} or later"
        )),
        None if major < OLDEST[0].0 => refuse(&format!("{major} is too old: 15.14 or later is needed")),
        _ => Ok(()),
    }
}
