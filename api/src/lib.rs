//! CivicDesk: one case record for every channel, for walled-off agencies.

pub mod acting;
pub mod admin_socket;
pub mod app;
pub mod auth;
pub mod backup;
pub mod blobs;
pub mod cases;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod doctor;
pub mod fail;
pub mod http;
pub mod ids;
pub mod installation;
pub mod jobs;
pub mod log;
pub mod metrics;
pub mod outgoing;
pub mod people;
pub mod server;
pub mod settings;
pub mod store;
pub mod tenants;
pub mod tls;
pub mod workers;
