//! Social networks for CivicDesk, a module each: `mastodon`, `meta` (Messenger, Instagram, WhatsApp), `telegram` and `x`.
//!
//! `call` asks a provider's API · `hook` what all providers' calls share · `ids` names of people and messages · `sign`
//! HMAC and comparing · `multipart` files in a form.
//!
//! A channel holds the keys of one application at the provider, and the provider calls one address for it. Where that
//! limits: a Telegram bot has one webhook or is asked by one program, so two channels on one bot take each other's
//! messages. An application at Meta has one webhook address for all its pages and numbers, and one at X one webhook on
//! most plans: there each channel needs an application of its own. On Mastodon a token belongs to an account, and several
//! channels may use one application.

mod call;
mod hook;
mod ids;
pub mod mastodon;
pub mod meta;
mod multipart;
mod sign;
pub mod telegram;
pub mod x;
