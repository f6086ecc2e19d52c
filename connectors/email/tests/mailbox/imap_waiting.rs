//! Waiting for mail: it ends with news and not before, and nobody has to wait for it.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::{
    fake_imap::{FakeImap, Fault},
    imap_faults::{all, changed, channel, ids, letter},
};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn waiting_ends_with_mail_that_came_before_it_began() {
    let server = FakeImap::start().await;
    let channel = changed(&server, |s| s["folders"] = json!(["INBOX", "Lists"]));
    let batch = all(&*channel, None, 10).await;
    server.store(|s| s.add("Lists", letter("a")));
    timeout(SOON, channel.wait(Some(&batch.cursor))).await.unwrap().unwrap();
    assert!(server.heard("IDLE").is_empty(), "the news was there already");
}

#[tokio::test]
async fn waiting_ends_when_mail_comes_and_not_before() {
    let server = FakeImap::start().await;
    let channel = channel(&server);
    let batch = all(&*channel, None, 10).await;
    let waiting = tokio::spawn({
        let (channel, cursor) = (channel.clone(), batch.cursor.clone());
        async move { channel.wait(Some(&cursor)).await }
    });
    idling(&server, 1).await;
    assert!(!waiting.is_finished());
    server.store(|s| s.add("INBOX", letter("a")));
    timeout(SOON, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(ids(&all(&*channel, Some(&batch.cursor), 10).await.items), ["INBOX/7/1"]);
    assert_eq!(server.heard("LOGIN").len(), 1, "one connection serves poll, wait and poll");
}

#[tokio::test]
async fn mail_that_is_announced_while_looking_is_not_slept_through() {
    let server = FakeImap::start().await;
    server.store(|s| s.add("INBOX", letter("a")));
    let channel = channel(&server);
    let batch = all(&*channel, None, 10).await;
    server.hand(|command, _| command.starts_with("UID FETCH").then_some(Fault::Announced));
    timeout(SOON, channel.wait(Some(&batch.cursor))).await.unwrap().unwrap();
    server.hand(|_, _| None);
    assert_eq!(ids(&all(&*channel, Some(&batch.cursor), 10).await.items), ["INBOX/7/2"]);
}

/// Until the server has heard so many IDLEs.
async fn idling(server: &FakeImap, times: usize) {
    timeout(SOON, async {
        while server.heard("IDLE").len() < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn mail_that_came_and_went_does_not_keep_the_host_running_in_circles() {
    let server = FakeImap::start().await;
    let channel = channel(&server);
    server.store(|s| s.add("INBOX", letter("a")));
    let batch = all(&*channel, None, 10).await;
    server.store(|s| {
        s.add("INBOX", letter("b"));
        s.folders.get_mut("INBOX").unwrap().mails.pop()
    });
    let cursor = batch.cursor.clone();
    let waiting = tokio::spawn(async move { channel.wait(Some(&cursor)).await });
    idling(&server, 1).await;
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_waiting_channel_can_be_used_for_something_else() {
    let server = FakeImap::start().await;
    let channel = changed(&server, |s| s["after"] = json!("flag"));
    server.store(|s| s.add("INBOX", letter("a")));
    let batch = all(&*channel, None, 10).await;
    let waiting = tokio::spawn({
        let (channel, cursor) = (channel.clone(), batch.cursor.clone());
        async move { channel.wait(Some(&cursor)).await }
    });
    idling(&server, 1).await;
    let names = [batch.items[0].id.clone()];
    let (told, again, checked) = tokio::join!(channel.committed(&names), channel.poll(None, 10), channel.check());
    told.unwrap();
    assert_eq!(again.unwrap().items, batch.items);
    assert!(checked.unwrap().detail.contains("IMAP"));
    waiting.abort();
}

#[tokio::test]
async fn a_server_without_idle_is_looked_at_every_minute() {
    let server = FakeImap::with_capabilities("IMAP4rev1").await;
    let channel = channel(&server);
    let batch = all(&*channel, None, 10).await;
    let waiting = tokio::spawn(async move { channel.wait(Some(&batch.cursor)).await });
    timeout(SOON, async {
        while server.heard("EXAMINE").len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    waiting.await.unwrap().unwrap();
    assert!(began.elapsed() <= Duration::from_secs(61));
    assert!(server.heard("IDLE").is_empty());
}

#[tokio::test]
async fn a_connection_lost_while_waiting_is_told_unless_it_died_of_old_age() {
    for (age, told) in [(Duration::ZERO, true), (Duration::from_secs(31), false)] {
        let server = FakeImap::start().await;
        let channel = channel(&server);
        let batch = all(&*channel, None, 10).await;
        let waiting = tokio::spawn(async move { channel.wait(Some(&batch.cursor)).await });
        idling(&server, 1).await;
        tokio::time::pause();
        tokio::time::advance(age).await;
        tokio::time::resume();
        server.go_down().await;
        let waited = timeout(SOON, waiting).await.unwrap().unwrap();
        assert_eq!(waited.is_err(), told, "{waited:?}");
    }
}
