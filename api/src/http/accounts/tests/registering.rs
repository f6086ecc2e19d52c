//! One person, one account, however the address is written and however many come at once.

use serde_json::json;

use super::{MARIA, Maria};
use crate::{
    http::{
        recovery_tests::{FIRST, Town},
        testing::{TestApp, over_both},
    },
    store::accounts,
};

over_both!(two_spellings_that_register_at_the_same_moment_are_one_account, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let mut letters = 0;
    for round in 0..10 {
        // Asks are limited by quarter of an hour and by address: each round is another person.
        let spellings = [format!("Ana.{round}@Example.org"), format!("ana.{round}@EXAMPLE.ORG")];
        let mut codes = Vec::new();
        for spelling in &spellings {
            let id = town.ask("accounts", spelling).await;
            letters += 1;
            codes.push((id, town.code(letters).await));
        }
        let all = codes.iter().map(|(id, code)| town.complete(id, code, FIRST));
        let statuses: Vec<u16> =
            futures_util::future::join_all(all).await.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        assert_eq!(town.sign_in(&spellings[0], FIRST).await.status, 201);
    }
    let door = desk.app.store.tenant(town.agency.id);
    assert_eq!(door.read(accounts::count).await.unwrap(), 10);
});

over_both!(whoever_signs_in_is_the_person_whom_the_address_names, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let key = maria.town.agency.key.clone();
    let contact = desk.get(&format!("/v1/contacts?email={MARIA}"), &key).await.body["data"][0].clone();
    assert!(contact["identities"][0]["verified_at"].is_string(), "{contact:#?}");
    // Staff take the address away, and somebody else is given it before the citizen comes back.
    let path = format!(
        "/v1/contacts/{}/identities/{}",
        contact["id"].as_str().unwrap(),
        contact["identities"][0]["id"].as_str().unwrap()
    );
    let removed = desk.delete(&path, &key).await;
    assert!(removed.status.is_success(), "{:?}", removed.body);
    let new = json!({ "subject": "A lamp is out", "contact": { "email": MARIA }, "text": "It is dark." });
    assert_eq!(desk.post("/v1/cases", &key, new).await.status, 201);
    assert_eq!(maria.get("/export").await.body["cases"], json!([]));
    assert_eq!(maria.town.sign_in(MARIA, FIRST).await.status, 201);
    assert_eq!(maria.get("/export").await.body["cases"][0]["subject"], "A lamp is out", "recognised by the sign-in");
    let found = desk.get(&format!("/v1/contacts?email={MARIA}"), &key).await.body["data"][0].clone();
    assert_eq!(found["id"], contact["id"]);
});
