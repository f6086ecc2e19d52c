//! Files that are scanned, as their clients see them.

use actix_web::http::Method;
use civicdesk_contract::{
    Envelope, ExternalId, RawItem,
    memory::{File, Letter},
};
use serde_json::{Value, json};

use super::testing::{Agency, Answered, TestApp, over_both, request};
use crate::{
    acting::{Acting, Actor},
    blobs,
    cases::{
        accept, intake,
        scan::{self, Found, Scanning},
    },
    ids,
};

async fn upload(desk: &TestApp, agency: &Agency, bytes: &'static [u8]) -> Value {
    let file = request(Method::POST, "/v1/attachments", &agency.key)
        .insert_header(("Content-Disposition", "attachment; filename=\"plan.pdf\""))
        .insert_header(("Content-Type", "application/octet-stream"));
    let put = desk.send(file.set_payload(bytes)).await;
    assert_eq!(put.status, 201, "{:?}", put.body);
    put.body
}

async fn scanned(desk: &TestApp, agency: &Agency, bytes: &[u8], found: Found) {
    let (act, hash) = (Acting::new(Actor::System, &desk.app.clock, &desk.app.ids), blobs::of(bytes));
    let settle = move |tx: &mut crate::store::Tx| scan::settle(tx, &act, &hash, &found);
    desk.app.store.tenant(agency.id).write(settle).await.unwrap();
}

fn refused(answer: &Answered) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

over_both!(nobody_downloads_or_sends_a_file_before_a_scanner_found_nothing_in_it, |desk| {
    let agency = desk.agency("riverton").await;
    let desk = TestApp::beside_scanning(&desk, Scanning::Hold).await;
    let file = upload(&desk, &agency, b"a plan").await;
    assert_eq!(file["scan"], "waiting");
    let path = format!("/v1/attachments/{}", file["id"].as_str().unwrap());
    let content = format!("{path}/content");
    let early = desk.get(&content, &agency.key).await;
    assert_eq!((refused(&early), early.header("retry-after")), ((503, "file-not-scanned"), "10"));
    scanned(&desk, &agency, b"a plan", Found::Clean).await;
    assert_eq!(desk.get(&content, &agency.key).await.body, json!("a plan"));

    let bad = upload(&desk, &agency, b"bad bytes").await;
    scanned(&desk, &agency, b"bad bytes", Found::Infected("Win.Test".into())).await;
    let path = format!("/v1/attachments/{}", bad["id"].as_str().unwrap());
    let shown = desk.get(&path, &agency.key).await.body;
    assert_eq!((&shown["scan"], &shown["scan_detail"]), (&json!("infected"), &json!("Win.Test")));
    let held = desk.get(&format!("{path}/content"), &agency.key).await;
    assert_eq!(refused(&held), (403, "infected-file"), "{:?}", held.body);
    assert!(held.body["detail"].as_str().unwrap().contains("Win.Test"));

    let texts = desk.texts(&agency, "mobile").await;
    let new = json!({ "subject": "Lamp", "contact": { "phone": "+15550109999" } });
    let case = desk.post("/v1/cases", &agency.key, new).await;
    let answer = json!({ "text": "See the plan.", "channel_id": texts, "attachments": [bad["id"]] });
    let sent =
        desk.post(&format!("/v1/cases/{}/messages", case.body["id"].as_str().unwrap()), &agency.key, answer).await;
    assert_eq!((sent.status.as_u16(), &sent.body["errors"][0]["pointer"]), (422, &json!("/attachments")));

    let large = upload(&desk, &agency, b"too much").await;
    scanned(&desk, &agency, b"too much", Found::Failed("it is larger than the scanner takes".into())).await;
    let content = format!("/v1/attachments/{}/content", large["id"].as_str().unwrap());
    assert_eq!(refused(&desk.get(&content, &agency.key).await), (403, "unscannable-file"));
});

over_both!(a_mail_with_a_bad_file_is_shown_without_it_and_given_whole_to_few, |desk| {
    let agency = desk.agency("riverton").await;
    let desk = TestApp::beside_scanning(&desk, Scanning::Hold).await;
    desk.network.mailbox("help", "s");
    let new = json!({ "connector": "memory", "settings": { "network": "help", "secret": "s" } });
    let made = desk.post("/v1/channels", &agency.key, new).await;
    let channel = ids::CHANNEL.read(made.body["id"].as_str().unwrap()).unwrap();
    let mut letter = Letter::from_email("ann@x.example", "Lamp", "See the photo.");
    letter.attachments =
        vec![File { name: "lamp.exe".into(), content_type: "image/jpeg".into(), bytes: b"bad bytes".to_vec() }];
    let raw = serde_json::to_vec(&letter).unwrap();
    let item = RawItem { id: ExternalId("1".into()), place: None, envelope: Envelope::default(), raw };
    accept::take_in(&desk.intake(), agency.id, channel, vec![item], None).await.unwrap();
    intake::work(&desk.intake(), agency.id, 10).await.unwrap();
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0].clone();
    let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let message = desk.get(&format!("{path}/messages"), &agency.key).await.body["data"][0].clone();
    assert_eq!(message["attachments"][0]["scan"], "waiting");
    let item = desk.get("/v1/inbound", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let originals =
        [format!("/v1/messages/{}/raw", message["id"].as_str().unwrap()), format!("/v1/inbound/{item}/raw")];
    for original in &originals {
        assert_eq!(refused(&desk.get(original, &agency.key).await), (503, "file-not-scanned"));
    }
    scanned(&desk, &agency, b"bad bytes", Found::Infected("Win.Test".into())).await;
    let supervisor = desk.key(agency.id, &["supervisor"]).await;
    let admin = desk.key(agency.id, &["admin"]).await;
    for original in &originals {
        assert_eq!(refused(&desk.get(original, &supervisor).await), (403, "infected-file"));
        assert_eq!(desk.get(original, &admin).await.status, 200);
    }
    let shown = desk.get(&format!("{path}/messages"), &supervisor).await.body["data"][0].clone();
    assert_eq!((&shown["text"], &shown["attachments"][0]["scan"]), (&json!("See the photo."), &json!("infected")));
    let told = desk.get(&format!("{path}/events"), &supervisor).await.body.to_string();
    assert!(told.contains("attachment.infected") && told.contains("Win.Test"), "{told}");
});

over_both!(a_strangers_upload_is_scanned_and_its_case_tells_what_was_found_before_it_was_used, |desk| {
    let agency = desk.agency("riverton").await;
    let desk = TestApp::beside_scanning(&desk, Scanning::Hold).await;
    desk.post("/v1/channels", &agency.key, json!({ "connector": "web", "name": "Form" })).await;
    let file = request(Method::POST, "/v1/public/riverton/uploads", "")
        .insert_header(("Content-Disposition", "attachment; filename=\"lamp.jpg\""))
        .insert_header(("Content-Type", "application/octet-stream"));
    let put = desk.send(file.set_payload(&b"bad bytes"[..])).await;
    assert_eq!(put.status, 201, "{:?}", put.body);
    scanned(&desk, &agency, b"bad bytes", Found::Infected("Win.Test".into())).await;
    let ask = json!({ "text": "The lamp is out.", "email": "ann@x.example", "attachments": [put.body["id"]] });
    let asked = desk.post("/v1/public/riverton/requests", "", ask).await;
    assert_eq!(asked.status, 201, "{:?}", asked.body);
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let told = desk.get(&format!("/v1/cases/{case}/events"), &agency.key).await.body.to_string();
    assert!(told.contains("attachment.infected"), "{told}");
});
