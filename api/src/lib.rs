//! CivicDesk: one case record for every channel, for walled-off agencies.

pub mod acting;
pub mod app;
pub mod auth;
pub mod blobs;
pub mod cases;
pub mod channels;
pub mod clock;
pub mod fail;
pub mod http;
pub mod ids;
pub mod people;
pub mod log;
pub mod metrics;
pub mod settings;
pub mod store;
pub mod tenants;
pub mod workers;
