//! A mailbox at work: against fake servers that misbehave, and (run by tests/run) against real Dovecot and Postfix.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod conformance;
mod dovecot;
mod fake_imap;
mod fake_smtp;
mod imap_faults;
mod imap_waiting;
mod line;
mod oauth;
mod real;
mod smtp;
mod smtp_faults;
