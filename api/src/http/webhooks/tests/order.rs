//! The lines of a case arrive in their order, and are sent again in it.

use std::collections::HashMap;

use serde_json::json;

use super::{Office, Receiver, answer, id_of, said, until};
use crate::http::testing::{TestApp, over_both};

over_both!(no_later_line_of_a_case_goes_before_an_earlier_one_until_that_failed_for_an_hour, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let (path, _) = office.notes_to(&receiver).await;
    let (bad, good) = (office.case().await, office.case().await);
    let hated = bad.clone();
    receiver.says(move |asked| Some(answer(if said(asked)["data"]["case_id"] == hated.as_str() { 500 } else { 204 })));
    let first = office.note(&bad).await;
    receiver.hears(1).await;
    let (second, third) = (office.note(&bad).await, office.note(&bad).await);
    let other = office.note(&good).await;
    until("the other case's line", async || receiver.heard().iter().any(|call| id_of(call) == other)).await;
    let calls = |id: &str| receiver.heard().iter().filter(|call| id_of(call) == id).count();
    for (seconds, many) in [(6, 2), (331, 3), (1990, 4)] {
        office.pass(seconds).await;
        until("the next attempt", async || calls(&first) == many).await;
        assert_eq!((calls(&second), calls(&third)), (0, 0), "after {seconds} more seconds");
    }
    let behind = office.get(&format!("{path}/deliveries?state=waiting")).await;
    let behind: Vec<_> = behind["data"].as_array().unwrap().iter().map(|line| line["behind"].clone()).collect();
    assert_eq!(behind, [json!(true), json!(true), json!(false)], "the newest first");
    office.pass(1300).await;
    until("an hour has passed", async || calls(&second) == 1).await;
    assert_eq!((calls(&first), calls(&third)), (4, 0), "the second has its own hour");
    let seqs: Vec<i64> = receiver.heard().iter().filter_map(|call| said(call)["data"]["seq"].as_i64()).collect();
    assert!(seqs.iter().all(|seq| *seq > 0), "each bears its number, by which the order can be told");

    receiver.says(|_| Some(answer(204)));
    office.pass(8000).await;
    office.stand(&path, &[("delivered", 5), ("delivered", 2), ("delivered", 1), ("delivered", 1)]).await;
});

over_both!(under_failures_every_line_arrives_and_each_cases_in_order, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let mut calls: HashMap<i64, i64> = HashMap::new();
    // A line fails up to two times: with an answer, and without one.
    receiver.says(move |asked| {
        let seq = said(asked)["data"]["seq"].as_i64().unwrap();
        let call = calls.entry(seq).or_default();
        *call += 1;
        match *call <= seq % 3 {
            true if *call == 1 => Some(answer(500)),
            true => None,
            false => Some(answer(200)),
        }
    });
    let (path, _) = office.notes_to(&receiver).await;
    let cases = [office.case().await, office.case().await, office.case().await];
    for _ in 0..12 {
        for case in &cases {
            office.note(case).await;
        }
    }
    let mut passed = 0;
    while office.lines(&path).await.iter().any(|(_, state, _)| state != "delivered") {
        assert!(passed < 200, "{:?}", office.lines(&path).await);
        office.pass(60).await;
        office.rests().await;
        passed += 1;
    }
    assert_eq!(office.lines(&path).await.len(), 36);
    for case in &cases {
        let mut seqs: Vec<i64> = Vec::new();
        for call in receiver.heard().iter().filter(|call| said(call)["data"]["case_id"] == case.as_str()) {
            let seq = said(call)["data"]["seq"].as_i64().unwrap();
            if seqs.last() != Some(&seq) {
                seqs.push(seq);
            }
        }
        assert_eq!(seqs.len(), 12, "{seqs:?}");
        assert!(seqs.is_sorted(), "{seqs:?}");
    }
});

over_both!(the_log_is_sent_again_from_a_place_on_in_order_and_one_line_by_itself, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let case = office.case().await;
    let before = office.note(&case).await;
    let (path, _) = office.notes_to(&receiver).await;
    let mut notes = vec![before];
    for _ in 0..4 {
        notes.push(office.note(&case).await);
    }
    receiver.hears(4).await;
    office.stand(&path, &[("delivered", 1); 4]).await;

    let one = office.post(&format!("{path}/deliveries/{}/replay", notes[2]), json!({})).await;
    assert_eq!((one.status.as_u16(), &one.body["state"]), (202, &json!("waiting")), "{:?}", one.body);
    assert_eq!(id_of(&receiver.hears(5).await[4]), notes[2]);
    office.stand(&path, &[("delivered", 1); 4]).await;

    let all = office.post(&format!("{path}/replay"), json!({ "after": 0 })).await;
    assert_eq!(all.status, 202, "{:?}", all.body);
    let again: Vec<String> = receiver.hears(10).await[5..].iter().map(id_of).collect();
    assert_eq!(again, notes, "also what happened before the endpoint was made");
    office.stand(&path, &[("delivered", 1); 5]).await;

    for (after, why) in [(-1, "before the log"), (100_000, "beyond what was read")] {
        let refused = office.post(&format!("{path}/replay"), json!({ "after": after })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/after")), "{why}");
    }
});
