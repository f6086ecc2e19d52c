//! A stranger's message over HTTP: seen, let in or left out, and taken back.

use actix_web::http::Method;
use civicdesk_contract::{Envelope, ExternalId, RawItem, memory::Letter};
use serde_json::{Value, json};

use super::testing::{Agency, TestApp, over_both, request};
use crate::{
    auth::Role,
    cases::{accept, intake},
    ids,
};

/// Has a mail filed, and answers the case that it opened or joined last.
async fn comes(desk: &TestApp, agency: &Agency, channel: &str, from: &str, subject: &str) -> Value {
    let raw = serde_json::to_vec(&Letter::from_email(from, subject, "It is dark.")).unwrap();
    let item = RawItem { id: ExternalId(format!("{from} {subject}")), place: None, envelope: Envelope::default(), raw };
    let (deps, channel) = (desk.intake(), ids::CHANNEL.read(channel).unwrap());
    accept::take_in(&deps, agency.id, channel, vec![item], None).await.unwrap();
    intake::work(&deps, agency.id, 10).await.unwrap();
    desk.pass(60);
    desk.get("/v1/cases", &agency.key).await.body["data"][0].clone()
}

struct Asked {
    case: String,
    stub: String,
    suggestion: String,
}

/// Ana has a case; Eve speaks of it.
async fn asked(desk: &TestApp, agency: &Agency) -> Asked {
    let new = json!({ "connector": "lmtp", "settings": { "address": format!("help@{}.example", agency.slug) } });
    let channel = desk.post("/v1/channels", &agency.key, new).await.body["id"].as_str().unwrap().to_owned();
    let first = comes(desk, agency, &channel, "ana@a.example", "Light out").await;
    let subject = format!("Re: Light out [{}]", first["reference"].as_str().unwrap());
    let stub = comes(desk, agency, &channel, "eve@e.example", &subject).await;
    let path = |case: &Value| format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let listed = desk.get(&format!("{}/suggestions?state=open", path(&first)), &agency.key).await;
    let suggestion = &listed.body["data"][0];
    assert_eq!((&suggestion["case_id"], &suggestion["lies_in"]), (&first["id"], &stub["id"]), "{listed:?}");
    assert_eq!(suggestion["reason"], "its subject names this case, but its sender is no party to it");
    let there = desk.get(&format!("{}/suggestions", path(&stub)), &agency.key).await;
    assert_eq!(there.body, listed.body, "it is seen from both sides");
    Asked { case: path(&first), stub: path(&stub), suggestion: suggestion["id"].as_str().unwrap().to_owned() }
}

over_both!(a_strangers_message_is_let_in_by_whoever_has_the_version_and_taken_back, |desk| {
    let agency = desk.agency("riverton").await;
    let Asked { case, stub, suggestion } = asked(&desk, &agency).await;
    let before = desk.get(&stub, &agency.key).await;
    let accept = format!("{case}/suggestions/{suggestion}/accept");
    let stale = request(Method::POST, &accept, &agency.key).insert_header(("If-Match", "\"v9\""));
    assert_eq!(desk.send(stale).await.status, 412);
    let etag = desk.get(&case, &agency.key).await.header("etag").to_owned();
    let fresh = request(Method::POST, &accept, &agency.key).insert_header(("If-Match", etag.as_str()));
    let accepted = desk.send(fresh).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_ne!(accepted.header("etag"), etag);
    let closed = desk.get(&stub, &agency.key).await;
    assert_eq!((&closed.body["status"], &closed.body["merged_into"]), (&json!("closed"), &accepted.body["id"]));
    let messages = desk.get(&format!("{case}/messages"), &agency.key).await;
    let from: Vec<&str> =
        messages.body["data"].as_array().unwrap().iter().filter_map(|m| m["from"]["address"].as_str()).collect();
    assert!(from.contains(&"ana@a.example") && from.contains(&"eve@e.example"), "{from:?}");
    let again = desk.post(&accept, &agency.key, json!({})).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("decided")));
    let changed = desk.patch(&stub, &agency.key, json!({ "status": "open" })).await;
    assert_eq!((changed.status.as_u16(), &changed.body["code"]), (409, &json!("merged")));

    let apart = desk.post(&format!("{stub}/unmerge"), &agency.key, json!({})).await;
    assert_eq!((&apart.body["status"], &apart.body["merged_into"]), (&before.body["status"], &json!(null)));
    let events = desk.get(&format!("{case}/events?limit=100"), &agency.key).await;
    let kinds: Vec<&str> = events.body["data"].as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
    assert!(kinds.ends_with(&["suggestion.made", "suggestion.accepted", "case.merged", "case.unmerged"]), "{kinds:?}");
    let into = case.rsplit('/').next().unwrap();
    let by_hand = desk.post(&format!("{stub}/merge"), &agency.key, json!({ "into": into })).await;
    assert_eq!((by_hand.status.as_u16(), &by_hand.body["merged_into"]), (200, &json!(into)));
});

over_both!(a_suggestion_is_dismissed_from_either_case_and_by_nobody_who_may_only_read, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("hillside").await);
    let Asked { case, stub, suggestion } = asked(&desk, &agency).await;
    let dismiss = format!("{stub}/suggestions/{suggestion}/dismiss");
    let reader = desk.key(agency.id, &[Role::Auditor.name()]).await;
    assert_eq!(desk.post(&dismiss, &reader, json!({})).await.status, 403);
    assert_eq!(desk.post(&dismiss, &other.key, json!({})).await.status, 404);
    let elsewhere = asked(&desk, &other).await;
    let foreign = format!("{}/suggestions/{suggestion}/dismiss", elsewhere.case);
    assert_eq!(desk.post(&foreign, &other.key, json!({})).await.status, 404);
    assert_eq!(desk.post(&dismiss, &agency.key, json!({})).await.status, 200);
    let listed = desk.get(&format!("{case}/suggestions"), &agency.key).await;
    assert_eq!(listed.body["data"][0]["state"], "dismissed");
});
