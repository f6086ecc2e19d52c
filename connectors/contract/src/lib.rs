//! The contract between CivicDesk and a connector: what a connector is handed, what it hands back, and what it must refuse.
//!
//! A [`Connector`] is a kind of network (email, SMS); it is stateless and known when the program is built. A [`Channel`]
//! is one configured account on it. The host owns the cursor, deduplication, retries, secrets and health: a connector
//! only speaks its protocol. `connectors/README.md` states the rules in MUST and SHOULD.
//!
//! Beside the traits lie the tools that more than one connector needs: [`exchange`] one request and what its failure means,
//! [`form`] forms byte for byte, [`equal`] comparing what is secret, [`twilio`] Twilio's signature, [`webhooks`] that of
//! Standard Webhooks.

mod ask;
mod capabilities;
mod channel;
pub mod equal;
mod error;
pub mod exchange;
pub mod form;
mod hook;
mod inbound;
mod item;
mod measure;
pub mod memory;
mod outbound;
mod secret;
pub mod segments;
#[cfg(feature = "testkit")]
pub mod testkit;
mod tools;
pub mod twilio;
pub mod webhooks;

pub use ask::{Ask, Standing, Told};
pub use capabilities::{Capabilities, IdentityKind, TextUnit, Visibility};
pub use channel::{About, Accepted, Batch, Channel, Connector, Identity, Inbox, Settings};
pub use error::{Error, Kind, Result, Retry};
pub use hook::{Answer, HookCall, Received};
pub use inbound::{
    Automatic, Inbound, InboundAttachment, Keyword, Media, Party, Report, ReportedRecipient, ThreadHints,
};
pub use item::{Cursor, Envelope, ExternalId, Place, RawItem};
pub use measure::Measure;
pub use outbound::{Outbound, OutboundAttachment, Receipt, ReceiptState, Sent, Watermark};
pub use secret::Secret;
pub use tools::{Clock, Dial, SystemClock, Tools};
