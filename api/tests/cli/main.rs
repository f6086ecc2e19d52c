//! The command line as an operator meets it: the built program, its files, its exit codes and its words.

mod backup;
mod commands;
mod ending;
#[cfg(feature = "postgres")]
mod postgres;
mod site;
