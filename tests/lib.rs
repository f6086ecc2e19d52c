//! What the promises are tested with: a spawned program to talk to (`harness`), networks that it speaks with (`networks`) and
//! people who have accounts (`citizens`), long proofs that `tests/campaign` runs whole and the tests in part (`campaigns`),
//! and the rules of the house (`structure`).

pub mod campaigns;
pub mod citizens;
pub mod harness;
pub mod networks;
pub mod structure;
