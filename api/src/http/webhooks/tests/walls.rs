//! Who may have a log sent, whose it is, and where it never goes.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{Office, Receiver};
use crate::{
    http::testing::{TestApp, nothing, over_both, request},
    ids,
};

over_both!(another_agencys_endpoint_is_as_if_it_were_not_there, |desk| {
    let (office, other) = (Office::open(&desk, "riverton").await, desk.agency("harbor").await);
    let receiver = Receiver::start().await;
    let (path, _) = office.notes_to(&receiver).await;
    let case = office.case().await;
    let event = office.note(&case).await;
    receiver.hears(1).await;
    let foreign = path.rsplit('/').next().unwrap();
    let nowhere = nothing(ids::WEBHOOK);
    for (method, rest, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(json!({ "state": "disabled" }))),
        (Method::DELETE, "", None),
        (Method::POST, "/rotate", Some(json!({}))),
        (Method::POST, "/test", Some(json!({}))),
        (Method::GET, "/deliveries", None),
        (Method::POST, &format!("/deliveries/{event}/replay"), Some(json!({}))),
        (Method::POST, "/replay", Some(json!({ "after": 0 }))),
    ] {
        let ask = async |id: &str| {
            let asked = request(method.clone(), &format!("/v1/webhooks/{id}{rest}"), &other.key);
            let asked = match &body {
                Some(body) => asked.set_json(body),
                None => asked,
            };
            desk.send(asked).await
        };
        let (theirs, none) = (ask(foreign).await, ask(&nowhere).await);
        assert_eq!(theirs.status, 404, "{method} {rest}: {:?}", theirs.body);
        assert_eq!(theirs.comparable(), none.comparable(), "{method} {rest}");
    }
    assert_eq!(desk.get("/v1/webhooks", &other.key).await.body["data"], json!([]));
    assert_eq!(office.get(&path).await["state"], "enabled");
    assert_eq!(receiver.heard().len(), 1);
});

over_both!(an_endpoint_is_made_by_those_who_may_and_changed_at_the_version_they_saw, |desk| {
    let office = Office::open(&desk, "riverton").await;
    let receiver = Receiver::start().await;
    let new = json!({ "url": receiver.url() });
    for (scopes, status) in [
        (vec!["webhooks:manage"], 403),
        (vec!["events:read"], 403),
        (vec!["supervisor"], 403),
        (vec!["auditor"], 403),
        (vec!["webhooks:manage", "events:read"], 201),
        (vec!["admin"], 201),
    ] {
        let key = desk.key(office.agency.id, &scopes).await;
        assert_eq!(desk.post("/v1/webhooks", &key, new.clone()).await.status.as_u16(), status, "{scopes:?}");
    }
    let (path, _) = office.webhook(json!({ "url": receiver.url(), "description": "Orders" })).await;
    let read = desk.get(&path, &office.agency.key).await;
    assert_eq!(
        (read.header("etag"), &read.body["events"], &read.body["payload"]),
        ("\"v1\"", &Value::Null, &json!("thin"))
    );
    let change = |etag: &str, body: Value| {
        let asked = request(Method::PATCH, &path, &office.agency.key).insert_header(("If-Match", etag.to_owned()));
        desk.send(asked.set_json(body))
    };
    let changed = change("\"v1\"", json!({ "events": ["case.opened"], "description": null })).await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"v2\""), "{:?}", changed.body);
    assert_eq!((&changed.body["events"], &changed.body["description"]), (&json!(["case.opened"]), &Value::Null));
    assert_eq!(change("\"v1\"", json!({ "payload": "full" })).await.status, 412);
    assert_eq!(change("\"v2\"", json!({ "events": null })).await.body["events"], Value::Null);

    let wrong = json!({ "url": receiver.url(), "events": ["Case", "case.opened", "x.y; drop"], "description": "x".repeat(501) });
    let refused = office.post("/v1/webhooks", wrong).await;
    let named: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!((refused.status.as_u16(), named), (422, vec!["/description", "/events/0", "/events/2"]));
    assert_eq!(desk.delete(&path, &office.agency.key).await.status, 204);
    assert_eq!(desk.get(&path, &office.agency.key).await.status, 404);
    for _ in 0..18 {
        office.webhook(new.clone()).await;
    }
    let full = office.post("/v1/webhooks", new).await;
    assert_eq!((full.status.as_u16(), &full.body["code"]), (409, &json!("webhooks-full")));
});

over_both!(an_address_that_can_never_be_called_is_refused_when_it_is_given, |desk| {
    let office = Office::open(&desk, "riverton").await;
    for url in [
        "",
        "integrator.example",
        "ftp://integrator.example/",
        "http://integrator.example/",
        "http://192.0.2.7/",
        "https://user@integrator.example/",
        "https://user:secret@integrator.example/",
        "https://integrator.example/#part",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
        "https://0x0a.1/",
    ] {
        let refused = office.post("/v1/webhooks", json!({ "url": url })).await;
        let pointer = &refused.body["errors"][0]["pointer"];
        assert_eq!((refused.status.as_u16(), pointer), (422, &json!("/url")), "{url}: {:?}", refused.body);
        assert!(!refused.body.to_string().contains("secret"), "{:?}", refused.body);
    }
    let receiver = Receiver::start().await;
    let (path, _) = office.notes_to(&receiver).await;
    let moved = desk.patch(&path, &office.agency.key, json!({ "url": "https://192.168.1.1/" })).await;
    assert_eq!((moved.status.as_u16(), &moved.body["errors"][0]["pointer"]), (422, &json!("/url")));
});
