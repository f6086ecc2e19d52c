//! The bare insert on SQLite: Diesel, prepared statements, and the pragmas of the program.

use std::time::Instant;

use diesel::{
    Connection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};

use super::bare::{Inserted, TABLES, keep, number};
use crate::harness::{Program, Tenant};

const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY;";

/// A statement whose last word is the number of a mail. Diesel prepares each text once.
struct Numbered<'a>(&'a str, i64);

impl QueryFragment<Sqlite> for Numbered<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql(self.0);
        pass.push_bind_param::<BigInt, _>(&self.1)
    }
}

impl QueryId for Numbered<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Numbered<'_> {}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

pub fn insert(program: &Program, agency: &Tenant) -> Inserted {
    let mut c = open(program, agency);
    let mails = aside(&mut c);
    let kept = rows(&mut c, "kept", "count(mail)");
    let statements: Vec<String> = TABLES.iter().map(|(table, _)| statement(&mut c, table)).collect();
    let begin = Instant::now();
    for mail in 1..=mails {
        let put =
            |c: &mut SqliteConnection| statements.iter().try_for_each(|sql| Numbered(sql, mail).execute(c).map(drop));
        c.immediate_transaction(put).expect("rows that were there before");
    }
    let took = begin.elapsed();
    assert_eq!(rows(&mut c, "main", "count(*)"), kept, "the control puts back every row of a mail");
    let number = |n: i64| usize::try_from(n).expect("a number of rows");
    Inserted { mails: number(mails), rows: number(kept), took }
}

fn open(program: &Program, agency: &Tenant) -> SqliteConnection {
    let file = program.tenant_file(agency);
    let mut c = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("the tenant's file opens");
    c.batch_execute(PRAGMAS).expect("the program's pragmas");
    c
}

fn rows(c: &mut SqliteConnection, schema: &str, count: &str) -> i64 {
    let count = |(table, _): &(&str, &str)| {
        sql_query(format!("SELECT {count} AS n FROM {schema}.{table}")).get_result::<Number>(c).expect("a count").n
    };
    TABLES.iter().map(count).sum()
}

/// Keeps the rows in memory and empties the tables. Answers how many mails there are.
fn aside(c: &mut SqliteConnection) -> i64 {
    let mut script = "PRAGMA trusted_schema = ON; ATTACH ':memory:' AS kept;".to_owned();
    script += &(number("", "true") + "; CREATE INDEX kept.moments ON mails (moment);");
    for (table, moment) in TABLES {
        script += &format!("{}; CREATE INDEX kept.{table}_mail ON {table} (mail);", keep(table, moment, "", "true"));
    }
    script += "PRAGMA foreign_keys = OFF;";
    for (table, _) in TABLES {
        script += &format!("DELETE FROM main.{table};");
    }
    script +=
        "INSERT INTO search_index (search_index) VALUES ('delete-all'); VACUUM main; PRAGMA wal_checkpoint (TRUNCATE);";
    script += PRAGMAS;
    c.batch_execute(&script).expect("the rows are kept aside");
    sql_query("SELECT count(*) AS n FROM kept.mails").get_result::<Number>(c).expect("a count").n
}

fn statement(c: &mut SqliteConnection, table: &str) -> String {
    let columns: Vec<Column> =
        sql_query(format!("SELECT name FROM pragma_table_info('{table}', 'main')")).load(c).expect("columns");
    let columns: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    let columns = columns.join(", ");
    format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM kept.{table} WHERE mail = ")
}
