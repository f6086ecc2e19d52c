//! Social networks for CivicDesk, a module each.
//!
//! `call` asks a provider's API · `hook` what all provider's calls share · `sign` comparing · `multipart` files
//! in a form. One application at the provider serves one channel: [`connectors`] says where that limits.

mod call;
mod hook;
mod ids;
mod multipart;
mod sign;
pub mod telegram;

use std::sync::Arc;

use civicdesk_contract::Connector;

/// Every connector of this crate.
///
/// A channel holds the keys of one application at the provider, and the provider calls one address for it:
///
/// - Telegram: a bot has one webhook, or is asked by one program; two channels on one bot take each other's messages.
/// - Mastodon: a token belongs to one account; several channels may use one application.
/// - Messenger, Instagram, WhatsApp: an application has one webhook address for all its pages and numbers. A channel
///   reads the events of its own page or number and passes over the others', so each channel needs an application.
/// - X: a webhook belongs to one application, and most plans allow one; each channel needs an application.
pub fn connectors() -> Vec<Arc<dyn Connector>> {
    vec![telegram::connector()]
}
