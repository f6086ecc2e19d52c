//! The people outside: who they are and how the networks name them.

pub mod addresses;
pub mod change;
pub mod consent;
pub mod consents;
pub mod contacts;
pub mod history;
pub mod joining;
pub mod likely;
pub mod names;
mod parting;
pub mod phones;
mod proof_letter;
pub mod proofs;
pub mod proven;
pub mod quiet;
pub mod secrets;
