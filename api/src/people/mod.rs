//! The people outside: who they are and how the networks name them.

pub mod addresses;
pub mod change;
pub mod consent;
pub mod contacts;
pub mod phones;
