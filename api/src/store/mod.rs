//! The only SQL in the program: one text of every query, for SQLite files and for PostgreSQL.

pub mod connection;
mod dialect;
mod door;
mod error;
mod lite;
pub mod migrate;
#[cfg(feature = "postgres")]
mod pg;
mod queue;
pub mod schema;
pub mod scope;
pub mod types;

pub use door::{Control, Store, TenantDoor, Url};
pub use error::{Error, Failure, Result};
pub use scope::{Tx, Wake};
pub use types::{Json, Time, Uid};
