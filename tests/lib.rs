//! What the promises are tested with: a spawned program to talk to (`harness`), long proofs that `tests/campaign` runs whole
//! and the tests in part (`campaigns`), and the rules of the house (`structure`).

pub mod campaigns;
pub mod harness;
pub mod networks;
pub mod structure;
