//! `civicdesk demo`: two agencies in a directory, with a conversation that came in like any other mail.

mod clock;
mod conversation;
mod fill;
mod lmtp;
mod sink;
