//! Connectors at work: which there are, what they may be asked, and mail that comes in through them.

pub mod builtin;
pub mod change;
pub mod fallback;
pub mod guard;
pub mod health;
pub mod hooks;
#[cfg(test)]
mod hooks_tests;
pub mod listener;
pub mod net;
mod nodes;
pub mod open;
pub mod poller;
pub mod push;
#[cfg(test)]
mod push_tests;
mod reception;
#[cfg(test)]
mod reception_tests;
pub mod registry;
pub mod repair;
mod session;
#[cfg(test)]
mod session_tests;
pub mod setup;
