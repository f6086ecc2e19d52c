//! Proof of an address: by the code that is read out, by the letter's link, once, and for few letters.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::testing::{Agency, Answered, TestApp, nothing, over_both};
use crate::{
    auth::keys::{self, Mode},
    ids,
    people::secrets,
    store::Uid,
};

/// An agency with a mail channel and one for texts, whose people dial as in the United States.
pub async fn agency(desk: &TestApp) -> Agency {
    let agency = desk.agency("riverton").await;
    assert_eq!(desk.patch("/v1/tenant", &agency.key, json!({ "locale": "en-US" })).await.status, 200);
    desk.network.mailbox("out", "open sesame");
    let settings = json!({ "network": "out", "secret": "open sesame" });
    for connector in ["memory", "texts"] {
        let new = json!({ "connector": connector, "settings": settings });
        assert_eq!(desk.post("/v1/channels", &agency.key, new).await.status, 201);
    }
    agency
}

pub async fn contact(desk: &TestApp, agency: &Agency, new: Value) -> String {
    let made = desk.post("/v1/contacts", &agency.key, new).await;
    assert_eq!(made.status, 201, "{made:?}");
    desk.pass(1);
    format!("/v1/contacts/{}", made.body["id"].as_str().unwrap())
}

pub async fn ask(desk: &TestApp, agency: &Agency, contact: &str, kind: &str, value: &str) -> Answered {
    let new = json!({ "kind": kind, "value": value });
    desk.post(&format!("{contact}/proofs"), &agency.key, new).await
}

fn proof(answer: &Answered) -> Uid {
    assert_eq!(answer.status, 202, "{answer:?}");
    Uid(ids::PROOF.read(answer.body["id"].as_str().unwrap()).unwrap())
}

/// What stands in the letter, for whoever can read it.
fn code(desk: &TestApp, agency: &Agency, asked: &Answered) -> String {
    secrets::code(&desk.app.intake.reply_key, Uid(agency.id), proof(asked))
}

pub fn link(desk: &TestApp, agency: &Agency, asked: &Answered) -> String {
    let token = secrets::token(&desk.app.intake.reply_key, Uid(agency.id), proof(asked));
    format!("/v1/public/{}/proofs/{token}", agency.slug)
}

async fn confirm(desk: &TestApp, agency: &Agency, asked: &Answered, code: &str) -> Answered {
    desk.post(&format!("{}/confirm", asked.header("location")), &agency.key, json!({ "code": code })).await
}

fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

over_both!(a_code_that_is_read_out_proves_a_number_and_a_new_one_is_added, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "name": "Ana", "email": "ana@a.example" })).await;
    let asked = ask(&desk, &agency, &ana, "phone", "(555) 010-9999").await;
    assert_eq!((&asked.body["value"], &asked.body["state"]), (&json!("+15550109999"), &json!("open")));
    assert_eq!((&asked.body["joins"], &asked.body["expires_at"]), (&json!(null), &json!("2026-11-22T09:10:01Z")));
    let letter = desk.get(&format!("/v1/messages/{}", asked.body["message_id"].as_str().unwrap()), &agency.key).await;
    assert_eq!(
        (&letter.body["letter"], &letter.body["to"][0]["address"]),
        (&json!("identity_proof"), &json!("+15550109999"))
    );
    let code = code(&desk, &agency, &asked);
    assert!(!letter.body.to_string().contains(&code), "staff see no code: {letter:?}");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let proved = confirm(&desk, &agency, &asked, &spaced).await;
    assert_eq!(proved.status, 200, "{proved:?}");
    let number = &proved.body["identities"][1];
    assert_eq!((&number["value"], &number["verified_at"]), (&json!("+15550109999"), &json!("2026-11-22T09:00:01Z")));
    assert_eq!(proved.body["identities"][0]["verified_at"], json!(null), "her mail is not proved by that");
    let again = confirm(&desk, &agency, &asked, &code).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("proof-over")));
    assert_eq!(desk.get(asked.header("location"), &agency.key).await.body["state"], "confirmed");
});

over_both!(a_link_shows_what_it_would_confirm_and_confirms_only_when_it_is_told_to, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "name": "Ana", "email": "ana@a.example" })).await;
    let asked = ask(&desk, &agency, &ana, "email", "ana@a.example").await;
    let link = link(&desk, &agency, &asked);
    for _ in 0..3 {
        let shown = desk.get(&link, "").await;
        assert_eq!((&shown.body["address"], &shown.body["state"]), (&json!("ana@a.example"), &json!("open")));
        assert!(!shown.body.to_string().contains("Ana\""), "whoever reads there is not told of whom it is: {shown:?}");
    }
    assert_eq!(desk.get(&ana, &agency.key).await.body["identities"][0]["verified_at"], json!(null));
    let other = desk.agency("harbor").await;
    let foreign = link.replace("riverton", &other.slug);
    for wrong in [foreign.as_str(), "/v1/public/riverton/proofs/guess"] {
        assert_eq!(desk.get(wrong, "").await.status, 404, "{wrong}");
        assert_eq!(desk.post(wrong, "", json!({})).await.status, 404, "{wrong}");
    }
    let done = desk.post(&link, "", json!({})).await;
    assert_eq!((done.status.as_u16(), &done.body["state"]), (200, &json!("confirmed")), "{done:?}");
    assert!(desk.get(&ana, &agency.key).await.body["identities"][0]["verified_at"].is_string());
    assert_eq!(desk.post(&link, "", json!({})).await.status, 409);
    let events = desk.get("/v1/events?limit=100", &agency.key).await.body["data"].clone();
    let proved = events.as_array().unwrap().iter().find(|e| e["type"] == "contact.identity_proved").unwrap().clone();
    assert_eq!((&proved["actor_kind"], &proved["data"]["by"]), (&json!("contact"), &json!("link")));
});

over_both!(proving_an_address_that_another_contact_has_joins_the_two_until_staff_part_them, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "name": "Ana", "email": "ana@a.example" })).await;
    let work = contact(&desk, &agency, json!({ "email": "ana@work.example" })).await;
    let taken = json!({ "kind": "email", "value": "ana@work.example" });
    assert_eq!(desk.post(&format!("{ana}/identities"), &agency.key, taken).await.status, 409);
    let asked = ask(&desk, &agency, &ana, "email", "ana@work.example").await;
    assert_eq!(asked.body["joins"].as_str(), work.rsplit('/').next());
    assert_eq!(desk.get(&link(&desk, &agency, &asked), "").await.body["joins"], true);
    let proved = confirm(&desk, &agency, &asked, &code(&desk, &agency, &asked)).await;
    assert_eq!((proved.status.as_u16(), proved.body["identities"].as_array().unwrap().len()), (200, 2), "{proved:?}");
    assert!(proved.body["identities"][1]["verified_at"].is_string());
    assert_eq!(desk.get(&work, &agency.key).await.body["merged_into"].as_str(), ana.rsplit('/').next());
    let apart = desk.post(&format!("{work}/unmerge"), &agency.key, json!({})).await;
    assert_eq!(apart.body["identities"][0]["value"], "ana@work.example", "{apart:?}");
});

over_both!(wrong_codes_a_later_letter_and_time_end_a_proof, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "email": "ana@a.example" })).await;
    let first = ask(&desk, &agency, &ana, "email", "ana@a.example").await;
    let second = ask(&desk, &agency, &ana, "email", "ana@a.example").await;
    let old = confirm(&desk, &agency, &first, &code(&desk, &agency, &first)).await;
    assert!(old.body["detail"].as_str().unwrap().contains("later letter"), "{old:?}");
    let right = code(&desk, &agency, &second);
    for left in (0..5).rev() {
        let wrong = confirm(&desk, &agency, &second, &other_than(&right)).await;
        assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["pointer"]), (422, &json!("/code")), "{wrong:?}");
        assert!(wrong.body["errors"][0]["detail"].as_str().unwrap().ends_with(&format!(": {left}")), "{wrong:?}");
    }
    let dead = confirm(&desk, &agency, &second, &right).await;
    assert_eq!((dead.status.as_u16(), &dead.body["code"]), (409, &json!("proof-over")));
    assert_eq!(desk.post(&link(&desk, &agency, &second), "", json!({})).await.status, 409, "its link is dead too");
    assert_eq!(desk.get(second.header("location"), &agency.key).await.body["state"], "dead");

    for (kind, value, lasts) in [("email", "ana@a.example", 24 * 3600), ("phone", "+15550109999", 600)] {
        let asked = ask(&desk, &agency, &ana, kind, value).await;
        desk.pass(lasts);
        let late = confirm(&desk, &agency, &asked, &code(&desk, &agency, &asked)).await;
        assert_eq!((late.status.as_u16(), &late.body["code"]), (409, &json!("proof-over")), "{kind}");
    }
    assert_eq!(desk.get(&ana, &agency.key).await.body["identities"][0]["verified_at"], json!(null));
});

over_both!(an_address_gets_three_letters_of_proof_an_hour_whoever_asks, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "email": "ana@a.example" })).await;
    let eve = contact(&desk, &agency, json!({ "email": "eve@e.example" })).await;
    for asks in [&ana, &eve, &ana] {
        assert_eq!(ask(&desk, &agency, asks, "email", "ana@a.example").await.status, 202);
        desk.pass(60);
    }
    let more = ask(&desk, &agency, &eve, "email", "ANA@a.example").await;
    assert_eq!((more.status.as_u16(), more.header("retry-after")), (429, "3420"), "{more:?}");
    desk.pass(3420);
    assert_eq!(ask(&desk, &agency, &eve, "email", "ana@a.example").await.status, 202);
});

over_both!(of_sixty_four_who_confirm_at_once_one_succeeds, |desk| {
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "email": "ana@a.example" })).await;
    contact(&desk, &agency, json!({ "email": "ana@work.example" })).await;
    let asked = ask(&desk, &agency, &ana, "email", "ana@work.example").await;
    let link = link(&desk, &agency, &asked);
    let all = join_all((0..64).map(|_| desk.post(&link, "", json!({})))).await;
    let of = |all: &[Answered], status: u16| all.iter().filter(|a| a.status == status).count();
    assert_eq!((of(&all, 200), of(&all, 409)), (1, 63));
    let asked = ask(&desk, &agency, &ana, "phone", "+15550109999").await;
    let right = code(&desk, &agency, &asked);
    let all = join_all((0..64).map(|_| confirm(&desk, &agency, &asked, &right))).await;
    assert_eq!((of(&all, 200), of(&all, 409)), (1, 63));
    let asked = ask(&desk, &agency, &ana, "phone", "+15550109998").await;
    let wrong = other_than(&code(&desk, &agency, &asked));
    let all = join_all((0..64).map(|_| confirm(&desk, &agency, &asked, &wrong))).await;
    assert_eq!((of(&all, 422), of(&all, 409)), (5, 59), "guesses side by side gain nothing");
});

over_both!(a_proof_is_refused_in_words_where_it_cannot_be, |desk| {
    let bare = desk.agency("harbor").await;
    let eve = contact(&desk, &bare, json!({ "email": "eve@e.example" })).await;
    let mute = ask(&desk, &bare, &eve, "email", "eve@e.example").await;
    assert_eq!((mute.status.as_u16(), &mute.body["code"]), (409, &json!("unreachable")));
    let agency = agency(&desk).await;
    let ana = contact(&desk, &agency, json!({ "email": "ana@a.example" })).await;
    for (kind, value, at) in [("handle", "@ana", "/kind"), ("email", "ana", "/value"), ("phone", "call me", "/value")] {
        let refused = ask(&desk, &agency, &ana, kind, value).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!(at)), "{refused:?}");
    }
    let missing = format!("{ana}/proofs/{}/confirm", nothing(ids::PROOF));
    assert_eq!(desk.post(&missing, &agency.key, json!({ "code": "000000" })).await.status, 404);
    let asked = ask(&desk, &agency, &ana, "email", "ana@a.example").await;
    let foreign = asked.header("location").replace(ana.rsplit('/').next().unwrap(), eve.rsplit('/').next().unwrap());
    assert_eq!(desk.get(&foreign, &agency.key).await.status, 404);
    let sender = desk.key(agency.id, &["messages:send"]).await;
    let new = json!({ "kind": "email", "value": "ana@a.example" });
    assert_eq!(desk.post(&format!("{ana}/proofs"), &sender, new.clone()).await.status, 403);
    let test = keys::NewKey { name: "t".into(), scopes: vec!["owner".into()], mode: Mode::Test, expires_at: None };
    let test = keys::create(&desk.app, agency.id, test).await.unwrap().1.expose().to_owned();
    let recorded = desk.post(&format!("{ana}/proofs"), &test, new).await;
    let letter =
        desk.get(&format!("/v1/messages/{}", recorded.body["message_id"].as_str().unwrap()), &agency.key).await;
    assert!(letter.body["state_detail"].as_str().unwrap().contains("never sent"), "{letter:?}");
});
