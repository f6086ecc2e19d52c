//! The control: the very rows that the program left, inserted once more by the bare database, one transaction for each mail.
//!
//! The rows are kept aside in memory (or, on PostgreSQL, unlogged), the tables emptied, and every row put back with all its
//! indexes, foreign keys and search words, as durably as the program writes. The control reads no mail, looks nothing up,
//! writes no row twice and moves no counter: it is what no program can be faster than that commits each mail by itself.

use std::time::Duration;

use super::{lite, pg};
use crate::harness::{Engine, Program, Tenant};

/// The tables in which filing a mail leaves rows, in the order in which they refer to each other, each with how a row tells
/// when it was filed. All rows of a mail share its moment; its letter follows a microsecond later.
pub const TABLES: [(&str, &str); 12] = [
    ("inbound_items", "t.settled_at"),
    ("contacts", "t.created_at"),
    ("identities", "t.created_at"),
    ("cases", "t.created_at"),
    ("parties", "t.added_at"),
    ("messages", "t.created_at"),
    ("thread_refs", "(SELECT m.created_at FROM messages m WHERE m.tenant_id = t.tenant_id AND m.id = t.message_id)"),
    ("attachments", "t.created_at"),
    ("events", "t.at"),
    ("auto_letters", "t.at"),
    ("jobs", "t.created_at"),
    ("search_docs", "t.at"),
];

/// What the control did.
#[derive(Default)]
pub struct Inserted {
    pub mails: usize,
    pub rows: usize,
    pub took: Duration,
}

/// Inserts the rows of these agencies anew, one agency after the other. The program is stopped.
pub fn insert(engine: Engine, program: &Program, agencies: &[Tenant]) -> Inserted {
    let mut all = Inserted::default();
    for agency in agencies {
        let one = match engine {
            Engine::Sqlite => lite::insert(program, agency),
            Engine::Postgres => pg::insert(program, agency),
        };
        all.mails += one.mails;
        all.rows += one.rows;
        all.took += one.took;
    }
    all
}

/// The statement that keeps a table's rows aside, each with the number of its mail.
pub fn keep(table: &str, moment: &str, unlogged: &str, tenant: &str) -> String {
    format!(
        "CREATE {unlogged} TABLE kept.{table} AS \
         SELECT t.*, (SELECT max(n) FROM kept.mails m WHERE m.moment <= {moment}) AS mail FROM {table} t WHERE {tenant}"
    )
}

/// The statement that keeps the moments of the mails in their order.
pub fn number(unlogged: &str, tenant: &str) -> String {
    format!(
        "CREATE {unlogged} TABLE kept.mails AS \
         SELECT t.created_at AS moment, row_number() OVER (ORDER BY t.created_at) AS n FROM messages t \
         WHERE t.direction = 'inbound' AND {tenant}"
    )
}
