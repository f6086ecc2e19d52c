//! The only SQL in the program: one text of every query, for SQLite files and for PostgreSQL.

pub mod accounts;
pub mod address_claims;
pub mod assigning;
pub mod attachments;
pub mod audit_seals;
pub mod auto_letters;
pub mod budgets;
pub mod cases;
pub mod channels;
pub mod connection;
pub mod consents;
pub mod contacts;
mod dialect;
pub mod directories;
mod door;
mod error;
pub mod events;
pub mod factors;
pub mod flags;
pub mod idempotency;
pub mod inbound;
pub mod jobs;
pub mod joining;
pub mod keys;
mod keyset;
pub mod likely;
pub mod links;
mod lite;
pub mod messages;
pub mod migrate;
pub mod nodes;
pub mod notices;
pub mod objections;
#[cfg(feature = "postgres")]
mod pg;
pub mod proofs;
mod queue;
pub mod receipts;
pub mod recoveries;
pub mod routes;
pub mod schema;
pub mod scope;
pub mod search;
pub mod secret_letters;
pub mod sessions;
pub mod sign_ins;
pub mod staff;
pub mod staff_keys;
pub mod suggestions;
pub mod teams;
pub mod tenant;
pub mod tenants;
pub mod topics;
pub mod types;
pub mod usage;
pub mod visits;
pub mod webhook_deliveries;
pub mod webhooks;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(not(feature = "postgres"))]
pub use door::NO_POSTGRES;
pub use door::{Control, Store, TenantDoor, Url};
pub use error::{Error, Failure, Result};
pub use lite::{copy as copy_lite, migrate_all as migrate_lite};
pub use scope::{Tx, Wake};
pub use types::{Json, Time, Uid};
