//! The bare insert on PostgreSQL: psql in the role that serves, with prepared statements, one transaction for each mail.

use std::{fmt::Write, fs, process::Command, time::Duration};

use super::bare::{Inserted, TABLES, keep, number};
use crate::harness::{Database, Program, Tenant};

pub fn insert(program: &Program, agency: &Tenant) -> Inserted {
    let database = program.database();
    let tenant = agency.id.strip_prefix("ten_").expect("a tenant's id");
    let own = format!("t.tenant_id = '{tenant}'");
    let mails = aside(database, &own);
    let kept = rows(database, "kept", "count(mail)", &own);
    let mut script = format!("\\set QUIET on\nSET app.tenant_id = '{tenant}';\n");
    for (table, _) in TABLES {
        let columns = columns(database, table);
        writeln!(
            script,
            "PREPARE put_{table} (bigint) AS INSERT INTO public.{table} ({columns}) \
             SELECT {columns} FROM kept.{table} WHERE mail = $1;"
        )
        .expect("a string grows");
    }
    let clock = "SELECT extract(epoch FROM clock_timestamp());\n";
    script += clock;
    for mail in 1..=mails {
        script += "BEGIN;\n";
        for (table, _) in TABLES {
            writeln!(script, "EXECUTE put_{table} ({mail});").expect("a string grows");
        }
        script += "COMMIT;\n";
    }
    script += clock;
    let took = run(program, &script);
    assert_eq!(rows(database, "public", "count(*)", &own), kept, "the control puts back every row of a mail");
    Inserted { mails, rows: kept, took }
}

fn rows(database: &Database, schema: &str, count: &str, own: &str) -> usize {
    let count = |(table, _): &(&str, &str)| format!("(SELECT {count} FROM {schema}.{table} t WHERE {own})");
    let counts: Vec<String> = TABLES.iter().map(count).collect();
    database.look(&format!("SELECT {}", counts.join(" + "))).parse().expect("a count")
}

/// Keeps the rows beside the tables and takes them out of these. Answers how many mails there are.
fn aside(database: &Database, own: &str) -> usize {
    let mut script = "DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept;".to_owned();
    script += &(number("UNLOGGED", own) + "; CREATE INDEX ON kept.mails (moment); ANALYZE kept.mails;");
    for (table, moment) in TABLES {
        script += &format!("{}; CREATE INDEX ON kept.{table} (mail);", keep(table, moment, "UNLOGGED", own));
    }
    script +=
        "GRANT USAGE ON SCHEMA kept TO civicdesk_app; GRANT SELECT ON ALL TABLES IN SCHEMA kept TO civicdesk_app;";
    for (table, _) in TABLES.iter().rev() {
        script += &format!("DELETE FROM {table} t WHERE {own};");
    }
    database.look(&script);
    database.look("VACUUM ANALYZE");
    database.look("SELECT count(*) FROM kept.mails").parse().expect("a count")
}

fn columns(database: &Database, table: &str) -> String {
    database.look(&format!(
        "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name = '{table}'"
    ))
}

/// Runs the script and gives the time between the two moments that it prints.
fn run(program: &Program, script: &str) -> Duration {
    let file = program.directory().join("control.sql");
    fs::write(&file, script).expect("the script is written");
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--dbname"]);
    let run = psql.arg(program.database().app_url()).arg("--file").arg(&file).output().expect("psql runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let printed = String::from_utf8(run.stdout).expect("UTF-8 from psql");
    let moments: Vec<f64> = printed.lines().filter_map(|line| line.parse().ok()).collect();
    let [begin, end] = moments[..] else { panic!("two moments, not {printed}") };
    Duration::from_secs_f64(end - begin)
}
