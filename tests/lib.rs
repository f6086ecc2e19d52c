//! What the promises are tested with: a spawned program to talk to (`harness`), and the rules of the house (`structure`).

pub mod harness;
pub mod structure;
