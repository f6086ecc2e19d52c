//! CivicDesk: one case record for every channel, for walled-off agencies.

pub mod acting;
pub mod channels;
pub mod fail;
pub mod ids;
pub mod store;
pub mod workers;
