//! The agency's log, sent to where it asked for it: signed, in the order of each case, and again until it arrives.
//!
//! `endpoints` is what staff decide, `turns` what goes out next, `calling` the call itself, `ends` what came of it. What is
//! delivered or is not is never a line of the log, so that no endpoint hears of its own calls.

pub mod address;
pub mod calling;
pub mod endpoints;
pub mod ends;
pub mod event;
pub mod payload;
pub mod replay;
mod schedule;
pub mod secrets;
pub mod turns;
