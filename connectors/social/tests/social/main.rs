//! The networks' promises, held against fake providers, in one program so that it is linked once.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod bench;
mod files;
mod mastodon;
mod page;
mod slow;
mod telegram;
mod vectors;
mod whatsapp;
mod x;
