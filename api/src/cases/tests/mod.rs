//! What intake and the record promise, on both databases.

mod delivery;
mod house;
mod joined;
mod ledger;
mod loops;
mod record;
mod suggested;
mod threads;
