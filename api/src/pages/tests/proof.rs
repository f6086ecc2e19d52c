//! A letter asks whether an address is its reader's, and leads to a page.

use serde_json::{Value, json};

use super::browser::Browser;
use crate::http::{
    proofs_tests::{agency, ask, contact, link},
    testing::{TestApp, over_both},
};

over_both!(the_link_of_a_letter_leads_to_a_page_that_confirms_only_when_its_button_is_pressed, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "name": "Ana", "email": "ana@a.example" })).await;
    let asked = ask(&desk, &agency, &ana, "email", "ana@a.example").await;
    let letter = desk.get(&format!("/v1/messages/{}", asked.body["message_id"].as_str().unwrap()), &agency.key).await;
    let page = link(&desk, &agency, &asked).replace("/v1/public/", "/t/");
    let place = page.rsplit_once('/').unwrap().0;
    assert!(letter.body["text"].as_str().unwrap().contains(&format!("{place}/")), "{letter:?}");

    let mut reader = Browser::new(&desk);
    for _ in 0..3 {
        let shown = reader.get(&page).await;
        assert!(shown.html().one("h1").text.contains("Is this address yours?") && shown.text.contains("ana@a.example"));
    }
    let foreign = reader.post(&page, &[], &[]).await;
    assert_eq!(foreign.status, 403, "a form of somebody else's: {}", foreign.text);
    let unproved = desk.get(&ana, &agency.key).await;
    assert_eq!(unproved.body["identities"][0]["verified_at"], Value::Null);
    let done = reader.fill(&page, &[], &[]).await.to();
    assert!(reader.get(&done).await.html().one("h1").text.contains("your address is confirmed"));
    assert!(desk.get(&ana, &agency.key).await.body["identities"][0]["verified_at"].is_string());

    let again = ask(&desk, &agency, &ana, "email", "ana@a.example").await;
    let newer = link(&desk, &agency, &again).replace("/v1/public/", "/t/");
    let opened = reader.get(&newer).await;
    desk.pass(25 * 3600);
    let late = reader.refill(&opened, &newer, &[], &[]).await.to();
    assert!(reader.get(&late).await.html().one("h1").text.contains("does not hold any more"));
});
