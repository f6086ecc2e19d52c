//! The telephone: the conformance kit, calls led by keypad over Twilio's caller, and what stays of them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests and what they share")]

mod calls;
mod conformance;
mod house;
mod kept;
mod refused;
