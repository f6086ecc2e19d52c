//! Citizens take what is kept of them, and go.

use serde_json::json;

use super::{MARIA, Maria, OTHER};
use crate::http::{
    recovery_tests::{FIRST, SECOND},
    testing::{TestApp, over_both},
};

over_both!(an_export_holds_the_account_and_the_persons_own_cases_and_nothing_of_others, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let key = maria.town.agency.key.clone();
    for (email, subject) in [(MARIA, "A lamp is out"), ("joe@example.org", "A loose dog")] {
        let new = json!({ "subject": subject, "contact": { "email": email }, "text": format!("{subject}.") });
        let case = desk.post("/v1/cases", &key, new).await;
        let path = format!("/v1/cases/{}/notes", case.body["id"].as_str().unwrap());
        assert_eq!(desk.post(&path, &key, json!({ "text": "A note for us alone." })).await.status, 201);
    }
    let export = maria.get("/export").await;
    assert_eq!(export.status, 200, "{:?}", export.body);
    let text = export.body.to_string();
    assert_eq!(export.body["account"]["addresses"][0]["value"], MARIA);
    assert_eq!(
        (export.body["cases"].as_array().unwrap().len(), &export.body["cases"][0]["subject"]),
        (1, &json!("A lamp is out"))
    );
    assert!(!text.contains("A note for us alone") && !text.contains("loose dog"), "{text}");
    assert!(!text.contains("argon2") && !text.contains("hash"), "{text}");
});

over_both!(an_erased_account_is_gone_for_good_and_its_cases_stay, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let key = maria.town.agency.key.clone();
    let new = json!({ "subject": "A lamp is out", "contact": { "email": MARIA }, "text": "It is dark." });
    let case = desk.post("/v1/cases", &key, new).await.body["id"].as_str().unwrap().to_owned();
    maria.adds(OTHER).await;
    let codes = maria.saves_codes().await;
    let recovery = maria.town.ask("recoveries", OTHER).await;
    let code = maria.code_to(OTHER, 2).await;
    assert_eq!(maria.delete("").await.status, 204);
    assert_eq!(maria.get("").await.status, 401, "every sign-in has ended");
    assert_eq!(maria.town.complete(&recovery, &code, SECOND).await.body["code"], "code-refused");
    for address in [MARIA, OTHER] {
        assert_eq!(maria.town.sign_in(address, FIRST).await.status, 401);
        maria.letters_to(address, "was erased", 1).await;
    }
    assert_eq!(maria.with_factor(FIRST, &codes[0]).await.status, 401);
    assert_eq!(desk.get(&format!("/v1/cases/{case}"), &key).await.status, 200, "records are kept by law");
    assert!(maria.log().await.iter().any(|line| line == "account.erased"));

    let again = maria.town.ask("accounts", MARIA).await;
    let code = maria.code_to(MARIA, 2).await;
    assert_eq!(maria.town.complete(&again, &code, SECOND).await.status, 204, "whoever wants to comes back");
    assert_eq!(maria.town.sign_in(MARIA, SECOND).await.status, 201);
});
