//! What asking cannot do, however often and in whatever form somebody asks.

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;

use crate::http::{
    recovery_tests::{FIRST, Town, settled},
    testing::{TestApp, over_both},
};

// PR-20, PR-21.
over_both!(a_victim_gets_no_more_than_four_letters_in_an_hour_and_is_never_locked_out, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    desk.pass(24 * 60 * 60);
    for _ in 0..200 {
        town.ask("recoveries", "maria@example.org").await;
        desk.pass(17);
    }
    town.ask("accounts", "zoe@example.org").await;
    let begin = std::time::Instant::now();
    let sent = loop {
        let sent = town.mailbox.sent();
        if sent.iter().any(|letter| letter.to[0].address == "zoe@example.org") {
            break sent;
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(60));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let letters = sent.iter().filter(|letter| letter.to[0].address == "maria@example.org").count();
    assert!((2..=5).contains(&letters), "four, and the one to register: {letters}");
    assert_eq!(town.sign_in("maria@example.org", FIRST).await.status, 201);
});

// PR-29.
over_both!(an_address_that_nobody_proved_is_no_way_in, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let contacts = desk.get("/v1/contacts?email=maria@example.org", &town.agency.key).await;
    let path = format!("/v1/contacts/{}/identities", contacts.body["data"][0]["id"].as_str().unwrap());
    let added = desk.post(&path, &town.agency.key, json!({ "kind": "email", "value": "maria@old.example" })).await;
    assert!(added.status.is_success(), "{:?}", added.body);
    town.ask("recoveries", "maria@old.example").await;
    assert!(settled(&town, 1).await.iter().all(|letter| letter.to[0].address != "maria@old.example"));
});

// PR-32.
over_both!(a_form_of_another_site_asks_for_nothing, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let json = r#"{"identifier":"maria@example.org"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let request = TestRequest::with_uri("/v1/public/riverton/recoveries").method(Method::POST);
        let request = if kind.is_empty() { request } else { request.insert_header(("Content-Type", kind)) };
        assert_eq!(desk.send(request.set_payload(json)).await.status, 415, "{kind}");
    }
    let body = "--x\r\nContent-Disposition: form-data; name=\"/identifier\"\r\n\r\nmaria@example.org\r\n--x--\r\n";
    let request = TestRequest::with_uri("/t/riverton/recover").method(Method::POST);
    let request = request.insert_header(("Content-Type", "multipart/form-data; boundary=x")).set_payload(body);
    assert_eq!(desk.send(request).await.status, 403);
    assert_eq!(settled(&town, 1).await.len(), 2);
});
