//! Second addresses: nothing before they are proven, everything after.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{MARIA, Maria, OTHER, token, wrong};
use crate::http::{
    recovery_tests::{FIRST, SECOND},
    testing::{TestApp, over_both},
};

over_both!(a_second_address_opens_the_account_once_its_code_came_back_and_not_before, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let id = maria.wants(OTHER).await;
    let code = maria.code_to(OTHER, 1).await;
    let own = maria.get("").await.body;
    assert_eq!((own["addresses"].as_array().unwrap().len(), &own["pending_addresses"][0]["value"]), (1, &json!(OTHER)));
    assert_eq!(maria.town.sign_in(OTHER, FIRST).await.status, 401, "an address that is not proven opens nothing");
    maria.town.ask("recoveries", OTHER).await;
    maria.town.ask("recoveries", MARIA).await;
    maria.code_to(MARIA, 2).await;
    assert_eq!(maria.letters_to(OTHER, "code is ", 1).await.len(), 1, "and no password is recovered by it");

    assert_eq!(maria.proves(&id, wrong(&code)).await.body["code"], "code-refused");
    let proven = maria.proves(&id, &code).await;
    assert_eq!((proven.status.as_u16(), &proven.body["value"]), (200, &json!(OTHER)), "{:?}", proven.body);
    assert_eq!(maria.proves(&id, &code).await.status, 409, "a code works once");
    assert_eq!(maria.town.sign_in(OTHER, FIRST).await.status, 201);
    let recovery = maria.town.ask("recoveries", OTHER).await;
    let code = maria.code_to(OTHER, 2).await;
    assert_eq!(maria.town.complete(&recovery, &code, SECOND).await.status, 204);
    assert_eq!(maria.town.sign_in(MARIA, SECOND).await.status, 201, "one account, two addresses");
    for address in [MARIA, OTHER] {
        maria.letters_to(address, "was changed", 1).await;
    }
});

over_both!(a_proven_address_is_an_identity_of_the_same_person, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let key = maria.town.agency.key.clone();
    let new = json!({ "subject": "A lamp is out", "contact": { "email": OTHER }, "text": "It is dark." });
    assert_eq!(desk.post("/v1/cases", &key, new).await.status, 201);
    maria.adds(OTHER).await;
    let people = async |email: &str| desk.get(&format!("/v1/contacts?email={email}"), &key).await.body["data"].clone();
    let (one, same) = (people(MARIA).await, people(OTHER).await);
    assert_eq!(one, same, "the two contacts are one");
    let verified = |value: &Value| value["verified_at"].is_string();
    assert!(one[0]["identities"].as_array().unwrap().iter().filter(|i| verified(i)).count() == 2, "{one:#?}");
    let export = maria.get("/export").await.body;
    assert_eq!(export["cases"][0]["subject"], "A lamp is out", "{export:#?}");
});

over_both!(a_changed_set_of_addresses_is_told_everywhere_and_ends_the_codes_of_before, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let before = maria.town.ask("recoveries", MARIA).await;
    let code = maria.code_to(MARIA, 2).await;
    let id = maria.adds(OTHER).await;
    assert_eq!(maria.town.complete(&before, &code, SECOND).await.status, 409, "asked for before the change");
    for address in [MARIA, OTHER] {
        let told = maria.letters_to(address, "was added", 1).await;
        assert!(told[0].text.contains(OTHER), "{told:?}");
    }
    let before = maria.town.ask("recoveries", MARIA).await;
    let code = maria.code_to(MARIA, 3).await;
    assert_eq!(maria.delete(&format!("/addresses/{id}")).await.status, 204);
    assert_eq!(maria.town.complete(&before, &code, SECOND).await.status, 409);
    for address in [MARIA, OTHER] {
        maria.letters_to(address, "was removed", 1).await;
    }
    assert_eq!(maria.town.sign_in(OTHER, FIRST).await.status, 401);
    assert_eq!(maria.delete(&format!("/addresses/{id}")).await.status, 404);
    let last = maria.get("").await.body["addresses"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(maria.delete(&format!("/addresses/{last}")).await.body["code"], "last-address");
    let log = maria.log().await;
    for kind in ["account.address_asked", "account.address_added", "account.address_removed"] {
        assert!(log.iter().any(|line| line == kind), "{kind}: {log:?}");
    }
});

over_both!(what_opens_the_account_changes_only_with_a_password_typed_a_moment_ago, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let id = maria.adds(OTHER).await;
    desk.pass(10 * 60 + 1);
    let wants = json!({ "value": "third@x.example" });
    for answer in [
        maria.post("/addresses", wants.clone()).await,
        maria.delete(&format!("/addresses/{id}")).await,
        maria.post("/totp", json!({})).await,
        maria.post("/totp/confirm", json!({ "code": "000000" })).await,
        maria.delete("/totp").await,
        maria.post("/saved-codes", json!({})).await,
        maria.delete("").await,
    ] {
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (409, &json!("confirm-first")), "{:?}", answer.body);
    }
    let wrong = maria.post("/confirmation", json!({ "current_password": SECOND })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["pointer"]), (422, &json!("/current_password")));
    assert_eq!(maria.post("/addresses", wants.clone()).await.status, 409);
    assert_eq!(maria.post("/confirmation", json!({ "current_password": FIRST })).await.status, 204);
    assert_eq!(maria.post("/addresses", wants).await.status, 202);
});

over_both!(whose_an_address_is_stays_between_its_holder_and_us, |desk| {
    let maria = Maria::signed_in(&desk).await;
    maria.town.registered("joe@example.org", 1).await;
    let (taken, free) = (
        maria.post("/addresses", json!({ "value": "Joe@example.org" })).await,
        maria.post("/addresses", json!({ "value": "nobody@example.org" })).await,
    );
    let shape = |answer: &crate::http::testing::Answered| {
        let keys: Vec<String> = answer.body.as_object().unwrap().keys().cloned().collect();
        (answer.status, keys, answer.body["kind"].clone(), answer.body["expires_at"].clone())
    };
    assert_eq!(shape(&taken), shape(&free));
    let told = maria.letters_to("joe@example.org", "belongs to another account", 1).await;
    assert!(!told[0].text.contains("code is"), "{told:?}");
    let again = maria.post("/addresses", json!({ "value": MARIA.to_uppercase() })).await;
    assert_eq!(again.body["code"], "address-there");
    for value in [json!(["a@x.example", "b@x.example"]), json!("a@x.example,b@x.example"), json!("a"), json!(null)] {
        let refused = maria.post("/addresses", json!({ "value": value })).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{value}: {:?}", refused.body);
    }
});

over_both!(a_code_for_an_address_is_good_for_that_alone, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let id = maria.wants(OTHER).await;
    let code = maria.code_to(OTHER, 1).await;
    let as_recovery = id.replace("adr_", "rec_");
    assert_eq!(maria.town.complete(&as_recovery, &code, SECOND).await.body["code"], "code-refused");
    let recovery = maria.town.ask("recoveries", MARIA).await;
    let reset = maria.code_to(MARIA, 2).await;
    assert_eq!(maria.proves(&recovery.replace("rec_", "adr_"), &reset).await.body["code"], "code-refused");
    assert_eq!(maria.proves("nonsense", &reset).await.body["code"], "code-refused");

    maria.town.registered("joe@example.org", 3).await;
    let joe = token(&maria.town.sign_in("joe@example.org", FIRST).await);
    let path = format!("/v1/account/addresses/{id}/verify");
    assert_eq!(desk.post(&path, &joe, json!({ "code": code })).await.status, 409, "another person's code");
    for _ in 0..5 {
        assert_eq!(maria.proves(&id, wrong(&code)).await.status, 409);
    }
    assert_eq!(maria.proves(&id, &code).await.status, 409, "five wrong ones end it");
    let id = maria.wants(OTHER).await;
    let code = maria.code_to(OTHER, 2).await;
    desk.pass(30 * 60 + 1);
    assert_eq!(maria.proves(&id, &code).await.status, 409, "half an hour is over");
});

over_both!(a_phone_number_is_added_like_a_mailbox, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let unreachable = maria.post("/addresses", json!({ "value": "+1 555 010 9999" })).await;
    assert_eq!(unreachable.body["code"], "unreachable", "{:?}", unreachable.body);
    desk.texts(&maria.town.agency, "texts").await;
    let id = maria.wants("+1 (555) 010-9999").await;
    let mailbox = desk.network.mailbox("texts", "open sesame");
    let begin = Instant::now();
    while mailbox.sent().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let text = mailbox.sent().remove(0).text;
    let code: String = text.split("code is ").nth(1).unwrap().chars().take(9).collect();
    assert_eq!(maria.proves(&id, &code).await.body["kind"], "phone");
    assert_eq!(maria.town.sign_in("+15550109999", FIRST).await.status, 201);
});
