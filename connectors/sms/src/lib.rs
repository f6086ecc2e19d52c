//! Text messages for CivicDesk, a module for each provider: Twilio, Vonage and GOV.UK Notify.
//!
//! `people` who writes and who is written to.

pub mod notify;
mod people;
pub mod twilio;
pub mod vonage;

use civicdesk_contract::{Capabilities, IdentityKind, equal, exchange, form, segments};

/// What every provider of texts can do. Short codes and names in letters are handles.
fn texts(longest: usize) -> Capabilities {
    Capabilities {
        hooks: true,
        send: true,
        receipts: true,
        max_text: Some(longest),
        identities: vec![IdentityKind::Phone, IdentityKind::Handle],
        ..Capabilities::none()
    }
}
