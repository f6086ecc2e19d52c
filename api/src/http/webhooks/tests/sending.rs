//! What an endpoint is sent: signed, whole or thin, each line under its event's id.

use std::{collections::HashSet, time::Duration};

use serde_json::json;

use super::{Answered, Office, Receiver, answer, id_of, is_signed, said, until};
use crate::{
    http::testing::{TestApp, over_both},
    ids,
    store::{Time, Tx, Uid},
    webhooks::{
        calling::{self, Call},
        payload::{self, Payload},
        secrets, turns,
    },
};

over_both!(what_happens_arrives_signed_as_the_log_shows_it_or_as_ids_alone, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let (full, thin) = (Receiver::start().await, Receiver::start().await);
    let (path, secret) = office.webhook(json!({ "url": full.url(), "payload": "full" })).await;
    let (_, other) = office.notes_to(&thin).await;
    let case = office.case().await;
    let event = office.note(&case).await;

    let log = office.get("/v1/events?limit=100").await["data"].as_array().unwrap().clone();
    let read_to = office.get(&path).await["read_to"].as_i64().unwrap();
    assert!(read_to >= 1, "it begins where the log stood when it was made");
    let after = log.iter().position(|line| line["type"] == "webhook.created").unwrap() + 1;
    let heard = full.hears(log.len() - after).await;
    for line in &log[after..] {
        let call = heard.iter().find(|call| id_of(call) == *line["id"].as_str().unwrap()).expect("every line");
        assert_eq!(said(call), json!({ "type": line["type"], "timestamp": line["at"], "data": line }));
        assert!(is_signed(&desk, call, &secret) && !is_signed(&desk, call, &other));
        assert_eq!(call.header("content-type"), Some("application/json"));
    }
    let note = thin.hears(1).await.remove(0);
    assert!(is_signed(&desk, &note, &other));
    let line = log.iter().find(|line| line["id"] == event.as_str()).unwrap();
    let ids = json!({ "id": event, "seq": line["seq"], "case_id": case, "contact_id": line["contact_id"],
        "message_id": line["message_id"] });
    assert_eq!(said(&note), json!({ "type": "note.added", "timestamp": line["at"], "data": ids }));
    assert_eq!(thin.heard().len(), 1, "only what was asked for");
    office.stand(&path, &vec![("delivered", 1); log.len() - after]).await;
});

over_both!(a_test_is_sent_at_once_and_says_what_it_was_answered, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let (path, secret) = office.notes_to(&receiver).await;
    let tested = office.post(&format!("{path}/test"), json!({})).await;
    assert_eq!((tested.status.as_u16(), &tested.body["works"]), (200, &json!(true)), "{:?}", tested.body);
    let call = receiver.hears(1).await.remove(0);
    assert_eq!(
        (said(&call)["type"].as_str(), id_of(&call).as_str()),
        (Some("webhook.test"), tested.body["event_id"].as_str().unwrap())
    );
    assert!(is_signed(&desk, &call, &secret));
    receiver.says(|_| Some(answer(302).with_header("location", "http://127.0.0.1:1/")));
    let tested = office.post(&format!("{path}/test"), json!({})).await;
    assert_eq!((&tested.body["works"], &tested.body["status"]), (&json!(false), &json!(302)));
    assert!(tested.body["detail"].as_str().unwrap().contains("redirects are not followed"));
    receiver.http.go_down().await.unwrap();
    let tested = office.post(&format!("{path}/test"), json!({})).await;
    assert_eq!((&tested.body["works"], &tested.body["status"]), (&json!(false), &json!(null)));
    let log = office.get("/v1/events?limit=100").await.to_string();
    assert!(!log.contains("webhook.test"), "it stands in no log");
    let test_key = desk
        .post("/v1/api-keys", &office.agency.key, json!({ "name": "t", "scopes": ["owner"], "mode": "test" }))
        .await;
    let refused = desk.post(&format!("{path}/test"), test_key.body["secret"].as_str().unwrap(), json!({})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("test-key")));
});

over_both!(a_secret_is_shown_once_and_rotates_without_a_call_that_neither_verifies, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let (path, first) = office.notes_to(&receiver).await;
    let case = office.case().await;
    let mut secrets = vec![first];
    for round in 0..100 {
        office.note(&case).await;
        let rotated = office.post(&format!("{path}/rotate"), json!({})).await;
        assert_eq!(rotated.status, 200, "{:?}", rotated.body);
        secrets.push(rotated.body["secret"].as_str().unwrap().to_owned());
        let heard = receiver.hears(round + 1).await;
        let held = &secrets[secrets.len() - 2..];
        assert!(held.iter().any(|secret| is_signed(&desk, &heard[round], secret)), "round {round}");
    }
    assert_eq!(secrets.iter().collect::<HashSet<_>>().len(), 101);
    office.note(&case).await;
    let call = receiver.hears(101).await.pop().unwrap();
    assert!(is_signed(&desk, &call, &secrets[100]) && is_signed(&desk, &call, &secrets[99]), "both sign");
    assert!(!is_signed(&desk, &call, &secrets[98]));
    office.pass(24 * 3600 + 1).await;
    office.note(&case).await;
    let call = receiver.hears(102).await.pop().unwrap();
    assert!(is_signed(&desk, &call, &secrets[100]) && !is_signed(&desk, &call, &secrets[99]), "the old one is over");
    let shown = [office.get(&path).await, office.get("/v1/webhooks").await, office.get("/v1/events?limit=100").await];
    for secret in &secrets[98..] {
        assert!(shown.iter().all(|shown| !shown.to_string().contains(&secret[6..])));
    }
});

over_both!(a_crash_between_the_call_and_its_note_sends_it_again_under_the_same_id, |desk| {
    let office = Office::asleep(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let (path, secret) = office.notes_to(&receiver).await;
    let case = office.case().await;
    let event = office.note(&case).await;
    let webhook = Uid(ids::WEBHOOK.read(path.rsplit('/').next().unwrap()).unwrap());
    let now = desk.app.time();
    let door = desk.app.store.tenant(office.agency.id);
    let taken = door.write(move |tx: &mut Tx| turns::take(tx, now, webhook, &[], false)).await.unwrap();
    let (row, (line, attempt)) = (taken.webhook.unwrap(), taken.calls.into_iter().next().unwrap());
    assert_eq!(attempt, 1);
    let keys = secrets::keys(&desk.app.seal, &row, Time::new(desk.app.now())).unwrap();
    let call = Call { url: row.url, id: ids::EVENT.show(line.id.0), body: payload::body(line, Payload::Thin), keys };
    assert!(calling::call(desk.app.opener.tools(), &call).await.arrived());
    // Here the program dies: nothing of that call is written down.
    office.wake_up();
    let heard = receiver.hears(2).await;
    assert_eq!([id_of(&heard[0]), id_of(&heard[1])], [event.clone(), event]);
    assert_eq!(heard[0].body, heard[1].body);
    assert!(is_signed(&desk, &heard[1], &secret));
    office.stand(&path, &[("delivered", 2)]).await;
});

over_both!(an_endpoint_that_hangs_delays_no_other_and_no_more_than_five_calls_wait_for_it, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.says(|_| Some(Answered { after: Duration::from_secs(14), ..answer(204) }));
    office.notes_to(&slow).await;
    let (path, _) = office.notes_to(&quick).await;
    for _ in 0..8 {
        let case = office.case().await;
        office.note(&case).await;
    }
    office.stand(&path, &[("delivered", 1); 8]).await;
    until("the slow one is called", async || !slow.heard().is_empty()).await;
    assert!(slow.heard().len() <= 5, "{}", slow.heard().len());
});
