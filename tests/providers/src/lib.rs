//! Fake providers, one module each: small HTTP servers on the loopback, as strict as the provider's documentation says.
//!
//! Each has `start`, which gives it a fresh account; `url`, to be put into a channel's settings; a record of what it took;
//! calls as it would make them to us, rightly signed ([`HookCall`]); and `troubles`, by which
//! it is told to fail. [`calls`] carries such a call to a running program, once or in a storm.
//!
//! Like the conformance kit this is a test library, and speaks by panicking.

pub mod bridge;
pub mod calls;
mod clock;
pub mod directory;
pub mod form;
pub mod mastodon;
pub mod meta;
mod multipart;
pub mod notify;
pub mod telegram;
mod trouble;
pub mod twilio;
pub mod vonage;
pub mod x;

// Those who know the fakes alone need a provider's call, and what a fake stands on.
pub use civicdesk_contract::{
    HookCall,
    testkit::{Answered, Asked, FakeHttp},
};
pub use clock::ProviderClock;
pub use trouble::{Trouble, Troubles};
