//! A case over HTTP, from its opening to its history.

use actix_web::http::Method;
use serde_json::json;

use super::testing::{TestApp, over_both, request};

over_both!(a_case_is_opened_read_changed_and_its_history_tells, |desk| {
    let agency = desk.agency("riverton").await;
    let new = json!({ "subject": "Streetlight out", "text": "Dark since Monday.",
        "contact": { "name": "Maria Lopez", "email": "Maria@Example.org" }, "tags": ["lighting"] });
    let opened = desk.post("/v1/cases", &agency.key, new).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    assert_eq!(opened.body["reference"], "RIV-2026-000001");
    let path = opened.header("location").to_owned();

    let change = json!({ "status": "resolved", "outcome": "done", "assignee_id": null });
    let changed = desk.patch(&path, &agency.key, change).await;
    assert_eq!((changed.status.as_u16(), changed.body["outcome"].as_str()), (200, Some("done")), "{changed:?}");

    let messages = desk.get(&format!("{path}/messages"), &agency.key).await;
    assert_eq!(messages.body["data"][0]["text"], "Dark since Monday.");
    let noted = desk.post(&format!("{path}/notes"), &agency.key, json!({ "text": "Rang her." })).await;
    assert_eq!(noted.status, 201, "{noted:?}");
    let events = desk.get(&format!("{path}/events"), &agency.key).await;
    let kinds: Vec<&str> =
        events.body["data"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["case.opened", "message.received", "case.changed", "note.added"]);
});

over_both!(every_wrong_field_is_named_at_once_and_a_foreign_id_looks_like_a_missing_one, |desk| {
    let (one, other) = (desk.agency("riverton").await, desk.agency("harbor").await);
    let new = json!({ "subject": "x", "contact": { "name": "Ana" } });
    let foreign = desk.post("/v1/cases", &other.key, new).await;
    let foreign = foreign.body["contact_id"].as_str().unwrap().to_owned();
    for (contact, why) in
        [(foreign.as_str(), "foreign"), ("con_00000000000000000000000000000009", "missing"), ("x", "misspelt")]
    {
        let new = json!({ "subject": "x", "contact_id": contact });
        let refused = desk.post("/v1/cases", &one.key, new).await;
        assert_eq!(
            refused.body["errors"],
            json!([{ "pointer": "/contact_id", "detail": "there is no such contact" }]),
            "{why}"
        );
    }
    let new = json!({ "subject": " ", "contact": { "name": "Ana" }, "priority": "mild", "team_id": "x" });
    let refused = desk.post("/v1/cases", &one.key, new).await;
    let named: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(named, ["/subject", "/priority", "/team_id"]);
});

over_both!(words_find_cases_messages_and_people_of_the_own_agency_only, |desk| {
    let (one, other) = (desk.agency("riverton").await, desk.agency("harbor").await);
    for agency in [&one, &other] {
        let new = json!({ "subject": "Potholes by the O'Brien bridge", "text": "C++ a-b user@x.org growing",
            "contact": { "name": "Zoë Müller", "email": "zoe@example.org" } });
        assert_eq!(desk.post("/v1/cases", &agency.key, new).await.status, 201);
    }
    for (asked, kind) in [
        ("pothole", "case"),
        ("O%27Brien", "case"),
        ("RIV-2026-000001", "case"),
        ("C%2B%2B%20a-b%20user@x.org", "message"),
        ("grow*", "message"),
        ("muller", "contact"),
    ] {
        let found = desk.get(&format!("/v1/search?q={asked}"), &one.key).await;
        let kinds: Vec<&str> =
            found.body["data"].as_array().unwrap().iter().map(|h| h["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, [kind], "{asked}: {found:?}");
    }
    let odd = desk.get("/v1/search?q=%22%27%28*%29--%3B", &one.key).await;
    assert_eq!((odd.status.as_u16(), odd.body["data"].as_array().unwrap().len()), (200, 0));
});

over_both!(a_page_goes_on_where_the_last_one_ended, |desk| {
    let agency = desk.agency("riverton").await;
    for n in 0..5 {
        let new = json!({ "subject": format!("Case {n}"), "contact": { "email": "maria@example.org" } });
        desk.post("/v1/cases", &agency.key, new).await;
        desk.pass(1);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = desk.get(&format!("/v1/cases?sort=created_at&limit=2{cursor}"), &agency.key).await;
        seen.extend(page.body["data"].as_array().unwrap().iter().map(|c| c["subject"].as_str().unwrap().to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Case 0", "Case 1", "Case 2", "Case 3", "Case 4"]);
});

over_both!(an_upload_is_as_large_as_the_operator_allows_and_no_larger, |desk| {
    let agency = desk.agency("riverton").await;
    let upload = async |bytes: usize| {
        let upload = request(Method::POST, "/v1/attachments", &agency.key)
            .insert_header(("Content-Type", "application/octet-stream"))
            .insert_header(("Content-Disposition", "attachment; filename=\"map.pdf\""));
        desk.send(upload.set_payload(vec![b'x'; bytes])).await.status.as_u16()
    };
    let most = desk.app.bounds.attachment_bytes;
    assert_eq!((upload(most).await, upload(most + 1).await), (201, 413));
});
