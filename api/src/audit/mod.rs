//! Proof that the log is as it was written: nobody with a hand in the database changes the past unseen.
//!
//! Once a second the new lines of a tenant's log are sealed (`chain`, `keeper`): each seal is a hash over them and over the
//! seal before. Who could rewrite all seals is found by a `checkpoint`, signed and kept elsewhere; `verdict` reads all again.

pub mod chain;
pub mod checkpoint;
pub mod keeper;
#[cfg(test)]
mod tests;
pub mod verdict;
