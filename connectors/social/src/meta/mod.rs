//! Meta's networks: Messenger and Instagram (`page`) and WhatsApp (`whatsapp`), which share webhooks (`hook`) and the Graph
//! API (`graph`).
//!
//! An application at Meta has one webhook address for all its pages, accounts and numbers. A channel believes what its
//! application signed, takes what is about its own account and passes over the rest: several channels behind one
//! application would each see only what Meta sends to their own address, so each channel needs an application.
//!
//! 24 hours after a citizen last wrote, the conversation closes (`window`). What still goes out then is said in the
//! settings: on Messenger and Instagram answers of people where the application may use the tag Human Agent, on WhatsApp
//! an approved template.

mod graph;
mod hook;
mod page;
pub mod whatsapp;
mod window;

pub use page::{PageSettings, instagram, messenger};

/// Where the Graph API is, with the version that this was written for.
fn graph_api() -> String {
    "https://graph.facebook.com/v23.0".to_owned()
}
