//! The rules of a case: how it begins, what is said in it, and how it changes.

pub mod change;
pub mod fields;
pub mod record;
pub mod reply;
pub mod words;
pub mod written;
