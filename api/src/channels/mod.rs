//! Connectors at work: which there are, what they may be asked, and mail that comes in through them.

pub mod guard;
pub mod health;
pub mod listener;
pub mod net;
pub mod open;
pub mod registry;
pub mod repair;
pub mod setup;
