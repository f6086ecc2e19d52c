//! The only SQL in the program: one text of every query, for SQLite files and for PostgreSQL.

pub mod assigning;
pub mod attachments;
pub mod cases;
pub mod channels;
pub mod connection;
pub mod contacts;
mod dialect;
mod door;
mod error;
pub mod events;
pub mod inbound;
pub mod jobs;
mod keyset;
mod lite;
pub mod messages;
pub mod migrate;
#[cfg(feature = "postgres")]
mod pg;
mod queue;
pub mod schema;
pub mod scope;
pub mod search;
pub mod tenant;
pub mod types;

#[cfg(test)]
mod tests;

pub use door::{Control, Store, TenantDoor, Url};
pub use error::{Error, Failure, Result};
pub use scope::{Tx, Wake};
pub use types::{Json, Time, Uid};
