//! PostgreSQL's part of a backup: its own `pg_dump` and `pg_restore`, called with the right roles.
//!
//! Row-level security binds even the owner of the tables, so a dump takes a role that may read every row.

use std::{
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use civicdesk_contract::Secret;

use super::{Error, Print, Result, files};
use crate::settings::Settings;

/// The roles without members that own the functions which look over tenants.
const FUNCTION_OWNERS: &str = "civicdesk_search, civicdesk_queue";

/// Dumps the database into a file, as of one moment.
pub fn dump(settings: &Settings, to: &Path) -> Result<Print> {
    let Some(url) = &settings.database.backup_url else {
        return Error::refused(
            "database.backup_url is not set: on PostgreSQL a backup takes a role that may read every row, such as \
             CREATE ROLE civicdesk_backup LOGIN BYPASSRLS; GRANT pg_read_all_data TO civicdesk_backup",
        );
    };
    let mut pg_dump = client("pg_dump", url);
    run(pg_dump.args(["--format=custom", "--no-sync", "--file"]).arg(to))?;
    files::sync(to)?;
    files::print(to)
}

/// Loads a dump into an empty database, as the owner. For that moment the owner is a member of the functions' roles.
pub fn load(settings: &Settings, from: &Path) -> Result<()> {
    let Some(url) = &settings.database.owner_url else {
        return Error::refused(
            "database.owner_url is not set: restoring PostgreSQL takes the role that owns the tables",
        );
    };
    let tables =
        ask(url, "SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'")?;
    if tables.trim() != "0" {
        return Error::refused("the database is not empty: restore into a new one");
    }
    for role in FUNCTION_OWNERS.split(", ") {
        if ask(url, &format!("SELECT count(*) FROM pg_roles WHERE rolname = '{role}'"))?.trim() == "0" {
            ask(url, &format!("CREATE ROLE {role} NOLOGIN"))?;
        }
    }
    ask(url, &format!("GRANT CREATE ON SCHEMA public TO {FUNCTION_OWNERS}; GRANT {FUNCTION_OWNERS} TO CURRENT_USER"))?;
    let mut pg_restore = client("pg_restore", url);
    let loaded = run(pg_restore.args(["--single-transaction", "--exit-on-error"]).arg(from));
    ask(
        url,
        &format!("REVOKE {FUNCTION_OWNERS} FROM CURRENT_USER; REVOKE CREATE ON SCHEMA public FROM {FUNCTION_OWNERS}"),
    )?;
    loaded.map(drop)
}

fn ask(url: &Secret, sql: &str) -> Result<String> {
    let mut psql = client("psql", url);
    run(psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--command", sql]))
}

/// A client that gets its password where no list of processes shows it.
fn client(program: &str, url: &Secret) -> Command {
    let (url, password) = split(url.expose());
    let mut command = Command::new(program);
    command.arg("--dbname").arg(url).stdin(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(done) if done.status.success() => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        Ok(done) => Error::refused(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim_end())),
        Err(e) if e.kind() == ErrorKind::NotFound => Error::refused(format!(
            "{program} is not installed: it comes with PostgreSQL's client (Debian: postgresql-client)"
        )),
        Err(error) => Err(Error::File { place: program, error }),
    }
}

/// A URL without its password, and the password.
fn split(url: &str) -> (String, Option<String>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (who, server) = rest.split_at_checked(rest[..end].rfind('@')?)?;
        let (user, password) = who.split_once(':')?;
        Some((format!("{scheme}://{user}{server}"), decoded(password)))
    };
    parts().map_or((url.to_owned(), None), |(url, password)| (url, Some(password)))
}

/// `%40` is `@`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_does_not_stand_in_the_command() {
        let (url, password) = split("postgres://me:p%40ss%2F@db:5432/x?sslmode=require");
        assert_eq!(url, "postgres://me@db:5432/x?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss/"));
        assert_eq!(split("postgres://me@db/x"), ("postgres://me@db/x".to_owned(), None));
        assert_eq!(split("postgres:///x"), ("postgres:///x".to_owned(), None));
    }

    #[test]
    fn a_missing_client_is_told_with_what_brings_it() {
        let told = run(&mut Command::new("civicdesk-no-such-client")).unwrap_err().to_string();
        assert!(told.contains("not installed") && told.contains("postgresql-client"), "{told}");
    }
}
