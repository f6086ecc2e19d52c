//! Connectors that belong to the program itself, because what they speak is served by it.

pub mod chat;
pub mod desk;
pub mod lmtp;
