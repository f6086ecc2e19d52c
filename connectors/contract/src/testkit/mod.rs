//! The conformance kit: a connector's own tests hand it a [`Fixture`], and [`run`] proves what the connector declares.
//!
//! The kit is a test library, so it speaks by panicking: each message tells the connector's author what was expected
//! and why the host relies on it. `connectors/README.md` shows a whole example.
#![expect(clippy::panic, reason = "a test library reports by panicking")]

mod declaration;
mod fake_http;
mod fixture;
mod hooks;
mod judge;
mod poll;
mod read;
mod round_trip;
mod send;
mod session;
mod settings;
mod spoken;
mod tools;
mod trouble;

pub use fake_http::{Answered, Asked, FakeHttp};
pub use fixture::{Delivered, Fixture, Planted, Signature};
pub use tools::tools;

use judge::Kit;

/// Asserts everything that the connector declares, and that it does nothing it does not declare.
///
/// The fixture's fake provider must be fresh: the kit reads all that was sent and expects its own messages only.
pub async fn run(fixture: &dyn Fixture) {
    let kit = Kit::new(fixture);
    declaration::about_is_well_formed(&kit);
    settings::are_checked_before_anything_else(&kit);
    settings::show_no_secret(&kit);
    declaration::check_says_who_we_are(&kit).await;
    declaration::the_undeclared_is_refused(&kit).await;
    if kit.can.poll {
        poll::nothing_is_skipped_or_given_twice(&kit).await;
        poll::waits_for_news(&kit).await;
    }
    if kit.can.hooks {
        hooks::only_the_provider_is_believed(&kit).await;
        hooks::the_same_call_brings_the_same_items(&kit).await;
    }
    if kit.can.session {
        session::an_item_the_host_could_not_keep_comes_again(&kit).await;
    }
    if kit.can.spoken {
        spoken::what_was_said_is_kept(&kit).await;
        spoken::a_call_that_asks_is_answered(&kit).await;
    } else {
        round_trip::what_was_written_is_read(&kit).await;
    }
    read::is_total(&kit).await;
    if kit.can.send {
        send::a_text_has_one_price(&kit);
        send::what_is_sent_arrives(&kit).await;
        send::one_key_is_one_message(&kit).await;
        send::limits_are_kept(&kit).await;
    }
    if kit.can.receipts && kit.can.hooks {
        send::receipts_name_the_message(&kit).await;
    }
    trouble::a_wrong_password_is_said(&kit).await;
    trouble::a_provider_that_is_down_is_tried_again(&kit).await;
}
