//! The kit notices connectors that break their word: each test tells one lie on top of the memory connector.

mod common;
mod liar;

use civicdesk_contract::{Capabilities, IdentityKind, memory};
use common::MemoryFixture;
use liar::{Lie, complaint};

/// The kit must panic, and speak of the right thing.
async fn caught(lie: Lie, about: &str) {
    caught_in(MemoryFixture::new(), lie, about).await;
}

async fn caught_in(fixture: MemoryFixture, lie: Lie, about: &str) {
    let said = complaint(fixture, lie).await;
    assert!(said.contains(about), "expected a complaint about {about:?}, the kit said: {said}");
}

#[tokio::test]
async fn a_declared_session_that_does_not_run_is_caught() {
    caught(Lie::Declares(|can| can.session = true), "session ended").await;
}

#[tokio::test]
async fn undeclared_operations_that_work_are_caught() {
    caught(Lie::Declares(|can| can.poll = false), "poll, which is not declared").await;
    caught(Lie::Declares(|can| can.hooks = false), "receive without declared hooks").await;
    let sends_nothing = |can: &mut Capabilities| {
        *can = Capabilities { send: false, idempotent_send: false, receipts: false, ..can.clone() };
    };
    caught(Lie::Declares(sends_nothing), "send, which is not declared").await;
}

#[tokio::test]
async fn declared_operations_that_do_not_work_are_caught() {
    for (hide, about) in [
        ((|can| can.poll = false) as fn(&mut Capabilities), "poll was expected to work"),
        (|can| can.hooks = false, "receive with a rightly signed call was expected to work"),
        (|can| can.attachments = false, "send was expected to work"),
        (|can| can.html = false, "send was expected to work"),
    ] {
        let mut less = memory::capabilities();
        hide(&mut less);
        caught_in(MemoryFixture::with(less), Lie::Declares(|can| *can = memory::capabilities()), about).await;
    }
}

#[tokio::test]
async fn undeclared_files_that_are_sent_all_the_same_are_caught() {
    caught(Lie::Declares(|can| can.attachments = false), "send with a file").await;
}

#[tokio::test]
async fn capabilities_that_contradict_each_other_are_caught() {
    caught(Lie::Declares(|can| can.send = false), "without send").await;
    caught(Lie::Declares(|can| can.identities.clear()), "identities is empty").await;
}

#[tokio::test]
async fn believing_a_forged_call_is_caught() {
    caught(Lie::BelievesForgeries, "but it worked. Anybody can call").await;
}

#[tokio::test]
async fn believing_one_flipped_byte_in_the_body_is_caught() {
    caught(Lie::ChecksHeaderOnly, "byte").await;
}

#[tokio::test]
async fn new_ids_for_a_repeated_call_are_caught() {
    caught(Lie::NewIdsForOldCalls, "a repeated call brought other ids").await;
}

#[tokio::test]
async fn a_cursor_that_moves_past_an_unseen_item_is_caught() {
    caught(Lie::SkipsAnItem, "a cursor that moves past an item").await;
}

#[tokio::test]
async fn a_cursor_that_stays_behind_is_caught() {
    caught(Lie::CursorStays, "was given twice").await;
}

#[tokio::test]
async fn a_channel_that_remembers_instead_of_its_cursor_is_caught() {
    caught(Lie::Remembers, "the same cursor gave two answers").await;
}

#[tokio::test]
async fn more_than_the_limit_is_caught() {
    caught(Lie::IgnoresTheLimit, "more than the limit").await;
}

#[tokio::test]
async fn a_wait_that_does_not_wait_is_caught() {
    caught(Lie::WaitDoesNotWait, "wait came back at once").await;
}

#[tokio::test]
async fn one_key_sent_twice_is_caught() {
    caught(Lie::Doubles, "one key was delivered 2 times").await;
}

#[tokio::test]
async fn a_lost_reply_called_harmless_is_caught() {
    caught(Lie::LostReplyIsHarmless, "that is Retry::Unsure").await;
}

#[tokio::test]
async fn a_shortened_answer_is_caught() {
    caught(Lie::CutsLongTexts, "damaged on its way out").await;
}

#[tokio::test]
async fn a_text_without_a_price_is_caught() {
    caught(Lie::CostsNothing, "whatever is sent is billed").await;
}

#[tokio::test]
async fn a_provider_that_is_down_and_given_up_on_is_caught() {
    caught(Lie::GivesUp, "it may be tried again").await;
}

#[tokio::test]
async fn a_wrong_password_called_something_else_is_caught() {
    caught(Lie::HidesWrongPasswords, "expected an error of kind `credentials`").await;
}

#[tokio::test]
async fn a_secret_in_an_error_is_caught() {
    caught(Lie::LeaksTheSecret, "shows a secret").await;
}

#[tokio::test]
async fn a_secret_that_the_schema_does_not_hide_is_caught() {
    caught(Lie::SchemaShowsTheSecret, "not `writeOnly`").await;
}

#[tokio::test]
async fn a_mistyped_setting_that_passes_is_caught() {
    caught(Lie::IgnoresUnknownSettings, "a setting it does not know").await;
}

#[tokio::test]
async fn a_reader_that_panics_is_caught() {
    caught(Lie::ReadPanics, "read panicked").await;
}

#[tokio::test]
async fn a_reader_that_has_moods_is_caught() {
    caught(Lie::ReadHasMoods, "two answers for the same item").await;
}

#[tokio::test]
async fn letters_damaged_on_the_way_in_are_caught() {
    caught(Lie::AsciiOnly, "was damaged").await;
}

#[tokio::test]
async fn html_that_acts_is_caught() {
    caught(Lie::HtmlAsItCame, "safe to show").await;
}

#[tokio::test]
async fn a_lost_file_is_caught() {
    caught(Lie::DropsFiles, "one file was planted").await;
}

#[tokio::test]
async fn a_thread_that_is_not_named_is_caught() {
    caught(Lie::NoThreads, "shares no hint").await;
}

#[tokio::test]
async fn strangers_in_one_thread_are_caught() {
    caught(Lie::OneThreadForAll, "nothing to do with each other").await;
}

fn telephone() -> MemoryFixture {
    let identities = vec![IdentityKind::Phone];
    MemoryFixture::with(Capabilities { hooks: true, spoken: true, identities, ..Capabilities::none() })
}

#[tokio::test]
async fn answers_to_callers_are_held_to_what_is_declared() {
    caught_in(telephone(), Lie::Declares(|can| can.spoken = false), "reply, which is not declared").await;
    caught_in(telephone(), Lie::OneAnswerForAll, "is not in the answer").await;
}

#[tokio::test]
async fn a_lost_recording_is_caught() {
    caught_in(telephone(), Lie::LosesTheRecording, "one recording is one file").await;
}
