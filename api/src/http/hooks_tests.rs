//! Providers' calls and simulated messages, as their senders see them.

use actix_web::{http::Method, test::TestRequest};
use civicdesk_contract::memory::{Letter, SIGNATURE};
use serde_json::{Value, json};

use super::testing::{Agency, Answered, TestApp, over_both, request};
use crate::{auth::keys, cases::intake};

/// A channel that is called, and the path at which it is.
async fn called(desk: &TestApp, agency: &Agency) -> (Value, String) {
    desk.network.mailbox("help", "open sesame");
    let settings = json!({ "network": "help", "secret": "open sesame" });
    let made = desk.post("/v1/channels", &agency.key, json!({ "connector": "memory", "settings": settings })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let url = made.body["hook_url"].as_str().unwrap();
    let path = url.strip_prefix("https://desk.example").unwrap().to_owned();
    (made.body, path)
}

async fn call(desk: &TestApp, path: &str, signature: &str, body: Vec<u8>) -> Answered {
    let request = TestRequest::with_uri(path).method(Method::POST).insert_header((SIGNATURE, signature));
    desk.send(request.set_payload(body)).await
}

async fn ledger(desk: &TestApp, agency: &Agency) -> usize {
    desk.get("/v1/inbound", &agency.key).await.body["data"].as_array().unwrap().len()
}

over_both!(a_providers_call_is_stored_before_it_is_answered_and_a_forged_one_not_at_all, |desk| {
    let agency = desk.agency("riverton").await;
    let (made, path) = called(&desk, &agency).await;
    let listed = desk.get("/v1/channels", &agency.key).await;
    assert_eq!(listed.body["data"][0]["hook_url"], made["hook_url"]);
    let right =
        desk.network.mailbox("help", "").hook_call(&Letter::from_email("maria@x.example", "Lamp", "It is out."));
    let signature = right.header(SIGNATURE).unwrap();
    let forged = call(&desk, &path, "00", right.body.clone()).await;
    assert_eq!((forged.status.as_u16(), &forged.body["code"]), (401, &json!("unauthenticated")));
    assert_eq!(ledger(&desk, &agency).await, 0);
    for _ in 0..3 {
        let taken = call(&desk, &path, signature, right.body.clone()).await;
        assert_eq!((taken.status.as_u16(), &taken.body), (204, &Value::Null));
        assert_eq!(ledger(&desk, &agency).await, 1);
    }
    let challenge = desk.send(request(Method::GET, &path, "")).await;
    assert_eq!(challenge.status, 401, "the channel answers a GET too: {:?}", challenge.body);
    for wrong in ["/hooks/x", "/hooks/0197f2a1c3d47b3e8a1f5c2d9e6b7a86_x"] {
        assert_eq!(call(&desk, wrong, signature, right.body.clone()).await.status, 404);
    }
    assert_eq!(desk.send(request(Method::PUT, &path, "")).await.status, 405);
    assert_eq!(call(&desk, &path, signature, vec![b' '; 9 << 20]).await.status, 413);
    let id = made["id"].as_str().unwrap();
    desk.post(&format!("/v1/channels/{id}/pause"), &agency.key, json!({})).await;
    let paused = call(&desk, &path, signature, right.body.clone()).await;
    assert_eq!((paused.status.as_u16(), paused.header("retry-after")), (503, "30"));
});

async fn test_key(desk: &TestApp, agency: &Agency) -> String {
    let scopes = vec!["owner".to_owned()];
    let new = keys::NewKey { name: "ci".into(), scopes, mode: keys::Mode::Test, expires_at: None };
    keys::create(&desk.app, agency.id, new).await.unwrap().1.expose().to_owned()
}

over_both!(a_test_key_brings_a_message_in_and_a_live_key_is_told_that_it_cannot, |desk| {
    let agency = desk.agency("riverton").await;
    let (made, _) = called(&desk, &agency).await;
    let path = format!("/v1/channels/{}/simulate", made["id"].as_str().unwrap());
    let key = test_key(&desk, &agency).await;
    let message = json!({ "from": { "address": "maria@example.org", "name": "Maria" }, "subject": "Lamp",
        "text": "It is out.", "message_id": "m-1",
        "attachments": [{ "name": "lamp.txt", "content_type": "text/plain", "content": "aGVsbG8=" }] });
    let live = desk.post(&path, &agency.key, message.clone()).await;
    assert_eq!((live.status.as_u16(), &live.body["code"]), (409, &json!("live-key")));
    assert!(live.body["detail"].as_str().unwrap().contains("test key"), "{:?}", live.body);
    let taken = desk.post(&path, &key, message.clone()).await;
    assert_eq!((taken.status.as_u16(), &taken.body["simulated"]), (202, &json!(true)), "{:?}", taken.body);
    let again = desk.post(&path, &key, message.clone()).await;
    assert_eq!(again.body["id"], taken.body["id"], "the same id is the same message");
    intake::work(&desk.app.intake, agency.id, 10).await.unwrap();
    let item = desk.get(taken.header("location"), &agency.key).await;
    assert_eq!(item.body["state"], "filed", "{:?}", item.body);
    let case = item.body["case_id"].as_str().unwrap();
    let said = desk.get(&format!("/v1/cases/{case}/messages"), &agency.key).await;
    let said = said.body["data"].as_array().unwrap();
    assert_eq!(said.len(), 1, "no letter answers it: {said:?}");
    assert_eq!((&said[0]["from"]["name"], &said[0]["attachments"][0]["name"]), (&json!("Maria"), &json!("lamp.txt")));
    for (field, wrong) in [
        ("/from/kind", json!({ "from": { "kind": "phone", "address": "+15550109999" }, "text": "x" })),
        ("/from/address", json!({ "from": { "address": "maria" }, "text": "x" })),
        ("/public", json!({ "from": { "address": "maria@example.org" }, "text": "x", "public": true })),
        (
            "/attachments/0/content",
            json!({ "from": { "address": "maria@example.org" },
            "attachments": [{ "name": "a", "content_type": "b", "content": "!" }] }),
        ),
    ] {
        let refused = desk.post(&path, &key, wrong).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
            (422, &json!(field)),
            "{:?}",
            refused.body
        );
    }
});
