//! The command line as an operator meets it: the built program, its files, its exit codes and its words.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod backup;
mod commands;
mod ending;
#[cfg(feature = "postgres")]
mod postgres;
mod site;
