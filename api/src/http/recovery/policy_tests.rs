//! What an agency offers, as it sets it and as citizens meet it.

use serde_json::{Value, json};

use crate::{
    http::{
        recovery_tests::{FIRST, SECOND, Town},
        testing::{TestApp, over_both},
    },
    pages::tests::browser::Browser,
};

async fn set(town: &Town<'_>, policy: Value) {
    let changed = town.desk.patch("/v1/tenant", &town.agency.key, json!({ "recovery": policy })).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
}

over_both!(an_agency_sets_how_citizens_get_in_again_and_is_never_weaker_than_the_rules, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let shown = desk.get("/v1/tenant", &town.agency.key).await.body["recovery"].clone();
    assert_eq!((&shown["email_minutes"], &shown["sms_minutes"]), (&json!(30), &json!(10)));
    assert_eq!((&shown["password_length"], &shown["registration"]), (&json!(15), &json!(true)));
    set(&town, json!({ "email_minutes": 60, "sms_code": false })).await;
    let shown = desk.get("/v1/tenant", &town.agency.key).await.body["recovery"].clone();
    assert_eq!((&shown["email_minutes"], &shown["sms_code"]), (&json!(60), &json!(false)));
    let weak = json!({ "email_minutes": 5, "sms_minutes": 60, "password_length": 8,
        "password_length_with_second_factor": 6, "checklist": [""] });
    let refused = desk.patch("/v1/tenant", &town.agency.key, json!({ "recovery": weak })).await;
    let named: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(refused.status, 422);
    for field in ["email_minutes", "sms_minutes", "password_length", "password_length_with_second_factor", "checklist"]
    {
        assert!(named.contains(&format!("/recovery/{field}").as_str()), "{field}: {named:?}");
    }
});

// PR-12.
over_both!(a_code_and_a_link_hold_as_long_as_the_agency_wants_and_ten_minutes_under_the_strict_profile, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    set(&town, json!({ "email_minutes": 60 })).await;
    let id = town.ask("recoveries", "maria@example.org").await;
    assert!(town.letters(2).await[1].text.contains("good for 60 minutes"));
    let code = town.code(2).await;
    desk.pass(60 * 60 - 1);
    assert_eq!(town.complete(&id, &code, SECOND).await.status, 204);
    town.letters(3).await;
    set(&town, json!({ "email_minutes": 60, "strict": true })).await;
    for (seconds, status) in [(10 * 60 - 1, 204), (10 * 60 + 1, 409)] {
        desk.pass(60 * 60);
        let before = town.letters(3).await.len();
        let id = town.ask("recoveries", "maria@example.org").await;
        let code = town.code(before + 1).await;
        desk.pass(seconds);
        assert_eq!(town.complete(&id, &code, FIRST).await.status, status, "{seconds}");
        if status == 204 {
            town.letters(before + 2).await;
        }
    }
});

over_both!(a_mail_holds_what_the_agency_allows_and_nothing_else, |desk| {
    let town = Town::start(&desk, "riverton").await;
    set(&town, json!({ "email_link": false })).await;
    town.registered("maria@example.org", 0).await;
    let letter = town.letters(1).await.pop().unwrap();
    assert!(letter.text.contains("code is") && !letter.text.contains("https://"), "{}", letter.text);
    set(&town, json!({ "email_code": false })).await;
    town.ask("recoveries", "maria@example.org").await;
    let letter = town.letters(2).await.pop().unwrap();
    let digits = letter.text.bytes().filter(u8::is_ascii_digit).count();
    assert!(letter.text.contains("/t/riverton/recover/") && !letter.text.contains("code"), "{}", letter.text);
    let in_link = letter.text.split("/recover/").nth(1).unwrap()[..43].bytes().filter(u8::is_ascii_digit).count();
    assert_eq!(digits - in_link, 2, "the minutes alone: {}", letter.text);
});

over_both!(a_way_that_an_agency_does_not_offer_is_named_honestly_and_to_everybody, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    // There is no channel to telephones.
    for identifier in ["+1 555 010 9999", "+1 555 010 9998"] {
        let refused = town.post("recoveries", json!({ "identifier": identifier })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("way-not-offered")));
    }
    let mut maria = Browser::new(&desk);
    let page = maria.fill("/t/riverton/recover", &[("/identifier", "+1 555 010 9999")], &[]).await;
    assert!(page.status == 422 && page.text.contains("to an email address only"), "{}", page.text);
    set(&town, json!({ "email_link": false, "email_code": false, "registration": false })).await;
    for identifier in ["maria@example.org", "nobody@example.org"] {
        let refused = town.post("recoveries", json!({ "identifier": identifier })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("way-not-offered")));
        let refused = town.post("accounts", json!({ "identifier": identifier })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("registration-closed")));
    }
    assert!(maria.get("/t/riverton/recover").await.text.contains("cannot send you a code"));
    assert!(maria.get("/t/riverton/register").await.text.contains("makes accounts for people itself"));
    assert_eq!(town.letters(1).await.len(), 1);
});
