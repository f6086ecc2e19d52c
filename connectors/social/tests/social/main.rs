//! The networks' promises, held against fake providers, in one program so that it is linked once.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bench;
mod telegram;
