//! What becomes of calls that fail: again, later, given up, or the endpoint is sent nothing more.

use serde_json::{Value, json};

use super::{Office, Receiver, answer, id_of, is_signed, until};
use crate::http::testing::{TestApp, over_both};

/// The longest pause after each attempt, in seconds.
const PAUSES: [i64; 9] = [6, 331, 1_981, 7_921, 19_801, 39_601, 55_441, 79_201, 95_041];

over_both!(a_call_that_fails_is_made_again_over_days_under_one_id_and_then_given_up, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    receiver.says(|_| Some(answer(500)));
    let (path, secret) = office.notes_to(&receiver).await;
    let case = office.case().await;
    let event = office.note(&case).await;
    for (attempts, pause) in (1..).zip(PAUSES) {
        office.stand(&path, &[("waiting", attempts)]).await;
        office.pass(pause * 8 / 11 - 1).await;
        office.rests().await;
        let still = receiver.heard().len();
        assert_eq!(still, usize::try_from(attempts).unwrap(), "not before its time");
        office.pass(pause - pause * 8 / 11 + 1).await;
    }
    office.stand(&path, &[("dead", 10)]).await;
    let heard = receiver.heard();
    assert!(heard.iter().all(|call| id_of(call) == event && call.body == heard[0].body));
    let times: Vec<&str> = heard.iter().map(|call| call.header("webhook-timestamp").unwrap()).collect();
    assert!(times.is_sorted() && times[0] != times[9], "each attempt bears its own time");
    let webhook = office.get(&path).await;
    assert_eq!((&webhook["state"], webhook["failing_since"].is_string()), (&json!("enabled"), true), "{webhook}");

    receiver.says(|_| Some(answer(204)));
    assert_eq!(office.post(&format!("{path}/deliveries/{event}/replay"), json!({})).await.status, 202);
    office.pass(601).await;
    let last = receiver.hears(11).await.pop().unwrap();
    assert!(id_of(&last) == event && is_signed(&desk, &last, &secret));
    office.stand(&path, &[("delivered", 1)]).await;
    until("the endpoint is well", async || office.get(&path).await["failing_since"].is_null()).await;
});

over_both!(an_endpoint_is_left_alone_for_as_long_as_it_asks_but_a_day_at_most, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let (path, _) = office.notes_to(&receiver).await;
    let (one, two) = (office.case().await, office.case().await);
    let mut told = vec!["999999999".to_owned(), "Sun, 22 Nov 2026 11:00:00 GMT".to_owned()];
    receiver.says(move |_| Some(told.pop().map_or(answer(204), |wait| answer(429).with_header("retry-after", wait))));
    office.note(&one).await;
    until("it asked us to wait", async || office.get(&path).await["rests_until"] == "2026-11-22T11:00:00Z").await;
    office.note(&two).await;
    office.pass(7_190).await;
    office.stand(&path, &[("waiting", 1), ("waiting", 0)]).await;
    assert_eq!(receiver.heard().len(), 1, "nothing else is sent meanwhile");
    office.pass(11).await;
    until("it asked for thirty years", async || {
        let until = office.get(&path).await["rests_until"].clone();
        until.as_str().is_some_and(|until| until.starts_with("2026-11-23T11:00:0"))
    })
    .await;
    office.rests().await;
    let sofar = receiver.heard().len();
    office.pass(86_300).await;
    office.rests().await;
    assert_eq!(receiver.heard().len(), sofar);
    office.pass(102).await;
    until("a day was enough", async || office.lines(&path).await.iter().all(|(_, state, _)| state == "delivered"))
        .await;
});

over_both!(whoever_answers_gone_is_sent_nothing_more_until_enabled_and_then_what_waited, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    receiver.says(|_| Some(answer(410)));
    let (path, _) = office.notes_to(&receiver).await;
    let case = office.case().await;
    let first = office.note(&case).await;
    until("it is disabled", async || office.get(&path).await["state_reason"] == "gone").await;
    let second = office.note(&case).await;
    let told: Vec<Value> = told_disabled(&office).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"], json!({ "webhook_id": path.rsplit('/').next().unwrap(), "reason": "gone" }));
    office.pass(7 * 86_400).await;
    assert_eq!(receiver.heard().len(), 1);

    receiver.says(|_| Some(answer(204)));
    let enabled = desk.patch(&path, &office.agency.key, json!({ "state": "enabled" })).await;
    assert_eq!((enabled.status.as_u16(), &enabled.body["state_reason"]), (200, &Value::Null), "{:?}", enabled.body);
    let heard: Vec<String> = receiver.hears(3).await[1..].iter().map(id_of).collect();
    assert_eq!(heard, [first, second]);
    assert_eq!(told_disabled(&office).await.len(), 1);
});

async fn told_disabled(office: &Office<'_>) -> Vec<Value> {
    let log = office.get("/v1/events?limit=100").await;
    log["data"].as_array().unwrap().iter().filter(|line| line["type"] == "webhook.disabled").cloned().collect()
}

over_both!(after_five_days_of_nothing_but_failure_an_endpoint_is_disabled_and_others_are_told, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let (broken, watching) = (Receiver::start().await, Receiver::start().await);
    broken.says(|_| None);
    let (path, _) = office.notes_to(&broken).await;
    office.webhook(json!({ "url": watching.url(), "events": ["webhook.disabled"] })).await;
    let mut calls = 0;
    for day in 0..6 {
        let case = office.case().await;
        office.note(&case).await;
        until("a call", async || broken.heard().len() > calls).await;
        if day < 5 {
            until("it is noted", async || office.get(&path).await["failing_since"].is_string()).await;
            assert_eq!(office.get(&path).await["state"], "enabled", "day {day}");
        }
        office.rests().await;
        calls = broken.heard().len();
        office.pass(86_401).await;
    }
    until("it is disabled", async || office.get(&path).await["state_reason"] == "failing").await;
    watching.hears(1).await;
    let after = broken.heard().len();
    let case = office.case().await;
    office.note(&case).await;
    office.pass(86_400).await;
    assert_eq!(told_disabled(&office).await.len(), 1, "once");
    assert_eq!(broken.heard().len(), after);
});

over_both!(while_nothing_may_go_out_nothing_is_sent_to_endpoints_either, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let (path, _) = office.notes_to(&receiver).await;
    let (id, now) = (office.agency.id, desk.app.time());
    crate::outgoing::pause(&desk.app.store, Some(id), now).await.unwrap();
    let case = office.case().await;
    office.note(&case).await;
    desk.pass(60);
    assert!(office.lines(&path).await.is_empty());
    crate::outgoing::resume(&desk.app.store, Some(id)).await.unwrap();
    desk.pass(60);
    receiver.hears(1).await;
});
