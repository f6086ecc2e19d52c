//! Connectors at work: which there are, what they may be asked, and mail that comes in through them.

pub mod listener;
