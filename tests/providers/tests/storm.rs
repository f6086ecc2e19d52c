//! A storm brings every call as often as it is told, in an order that can be had again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use civicdesk_contract::testkit::{Answered, FakeHttp};
use civicdesk_providers::{
    calls::{mix, storm},
    twilio::Twilio,
};

/// How often each signature and body came.
type Seen = BTreeMap<(String, Vec<u8>), usize>;

#[tokio::test]
async fn every_call_of_a_storm_arrives_signed_as_often_as_it_was_told() {
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let count = Arc::clone(&seen);
    let program = FakeHttp::start(move |asked| {
        let signature = asked.header("x-twilio-signature").unwrap_or_default().to_owned();
        *count.lock().unwrap().entry((signature, asked.body)).or_default() += 1;
        Some(Answered::new(if asked.path == "/hooks/1?a=b" { 204 } else { 404 }, "text/plain", ""))
    });
    let program = program.await.unwrap();
    let twilio = Twilio::start().await;
    let mut calls =
        ["one", "two", "three"].map(|text| twilio.text("https://city.example/hooks/1", "+15005550006", text, &[]));
    calls.iter_mut().for_each(|call| call.query = "a=b".to_owned());
    let statuses = storm(&format!("{}/hooks/1", program.url()), &calls, 20, 16, 7).await;
    assert_eq!(statuses, BTreeMap::from([(204, 60)]));
    let seen = seen.lock().unwrap();
    let right =
        calls.iter().map(|call| ((call.header("x-twilio-signature").unwrap().to_owned(), call.body.clone()), 20));
    assert_eq!(*seen, right.collect());
}

#[test]
fn a_seed_is_an_order_and_loses_nothing() {
    let order = |seed| {
        let mut all: Vec<u32> = (0..100).collect();
        mix(&mut all, seed);
        all
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(8));
    let mut sorted = order(1);
    sorted.sort_unstable();
    assert_eq!(sorted, (0..100).collect::<Vec<_>>());
}
