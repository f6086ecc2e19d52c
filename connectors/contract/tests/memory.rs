//! The memory connector keeps the contract, whole and with less declared, and fails in the ways the host must survive.
#![expect(clippy::panic, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use civicdesk_contract::{
    Batch, Capabilities, Channel, IdentityKind, Kind, Retry, Settings,
    memory::{Letter, Trouble, capabilities},
    testkit::{self, Fixture, tools},
};
use common::MemoryFixture;
use std::sync::Arc;

fn open(fixture: &MemoryFixture) -> Arc<dyn Channel> {
    fixture.connector.open(Settings(fixture.settings()), tools()).unwrap_or_else(|e| panic!("{e}"))
}

async fn all(channel: &dyn Channel) -> Batch {
    channel.poll(None, 100).await.unwrap_or_else(|e| panic!("{e}"))
}

fn lamp() -> Letter {
    Letter::from_email("maria@example.org", "Lamp", "The lamp is out.")
}

#[tokio::test]
async fn the_memory_connector_keeps_the_contract() {
    testkit::run(&MemoryFixture::new()).await;
}

#[tokio::test]
async fn a_connector_that_only_sends_keeps_the_contract() {
    let less =
        Capabilities { send: true, max_text: Some(160), identities: vec![IdentityKind::Phone], ..Capabilities::none() };
    testkit::run(&MemoryFixture::with(less)).await;
}

#[tokio::test]
async fn a_connector_that_is_only_called_keeps_the_contract() {
    let less = Capabilities { hooks: true, identities: vec![IdentityKind::Handle], ..Capabilities::none() };
    testkit::run(&MemoryFixture::with(less)).await;
}

#[tokio::test]
async fn a_connector_on_which_people_speak_keeps_the_contract() {
    let less =
        Capabilities { hooks: true, spoken: true, identities: vec![IdentityKind::Phone], ..Capabilities::none() };
    testkit::run(&MemoryFixture::with(less)).await;
}

#[tokio::test]
async fn a_connector_that_only_holds_a_session_keeps_the_contract() {
    let less = Capabilities {
        session: true,
        attachments: true,
        threads: true,
        identities: vec![IdentityKind::Handle],
        ..Capabilities::none()
    };
    testkit::run(&MemoryFixture::with(less)).await;
}

#[tokio::test]
async fn a_connector_that_may_send_twice_says_so_and_keeps_the_contract() {
    testkit::run(&MemoryFixture::with(Capabilities { idempotent_send: false, ..capabilities() })).await;
}

#[tokio::test]
async fn a_renumbered_mailbox_brings_everything_again_with_the_same_bytes_in_another_epoch() {
    let fixture = MemoryFixture::new();
    let channel = open(&fixture);
    fixture.mailbox.plant(&lamp());
    let before = all(&*channel).await;
    fixture.mailbox.renumber();
    let after = channel.poll(Some(&before.cursor), 100).await.unwrap();
    assert_eq!(before.items[0].raw, after.items[0].raw);
    assert_ne!(before.items[0].id, after.items[0].id);
    assert_ne!(before.items[0].place, after.items[0].place);
}

#[tokio::test]
async fn the_host_can_see_what_it_committed() {
    let fixture = MemoryFixture::new();
    let id = fixture.mailbox.plant(&lamp());
    open(&fixture).committed(std::slice::from_ref(&id)).await.unwrap();
    assert_eq!(fixture.mailbox.committed(), [id]);
}

#[tokio::test]
async fn a_wreck_in_the_mailbox_is_fetched_and_malformed() {
    let fixture = MemoryFixture::new();
    fixture.mailbox.plant_raw(b"no letter".to_vec());
    let batch = all(&*open(&fixture)).await;
    assert_eq!(fixture.connector.read(&batch.items[0]).unwrap_err().kind, Kind::Malformed);
}

#[tokio::test]
async fn a_slow_mailbox_takes_its_time() {
    let fixture = MemoryFixture::new();
    fixture.mailbox.trouble(Some(Trouble::Slow(Duration::from_secs(3600))));
    let channel = open(&fixture);
    assert!(tokio::time::timeout(Duration::from_millis(50), channel.check()).await.is_err());
    fixture.mailbox.trouble(None);
    channel.check().await.unwrap();
}

#[tokio::test]
async fn a_busy_mailbox_names_the_time_to_wait() {
    let fixture = MemoryFixture::new();
    let channel = open(&fixture);
    let wait = Duration::from_secs(7);
    fixture.mailbox.trouble(Some(Trouble::Limited(wait)));
    let limited = channel.poll(None, 1).await.unwrap_err();
    assert_eq!((limited.kind, limited.retry), (Kind::Limited, Retry::After(wait)));
}

#[tokio::test]
async fn trouble_ends_a_wait_so_that_the_poller_sees_it() {
    let fixture = MemoryFixture::new();
    let channel = open(&fixture);
    let end = all(&*channel).await.cursor;
    let (waited, ()) =
        tokio::join!(channel.wait(Some(&end)), async { fixture.mailbox.trouble(Some(Trouble::Credentials)) });
    assert!(waited.is_ok());
    assert_eq!(channel.poll(Some(&end), 1).await.unwrap_err().kind, Kind::Credentials);
}
