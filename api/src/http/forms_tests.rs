//! Forms of topics, and what citizens send through them, as programs see it.

use serde_json::{Value, json};

use super::testing::{Agency, Answered, TestApp, over_both, request};
use actix_web::http::Method;

fn created(answer: Answered) -> Value {
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.body
}

fn pointers(refused: &Answered) -> Vec<&str> {
    assert_eq!(refused.status, 422, "{:?}", refused.body);
    refused.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect()
}

/// An agency with a form about its lamps.
async fn with_form(desk: &TestApp) -> (Agency, Value) {
    let agency = desk.agency("riverton").await;
    created(desk.post("/v1/channels", &agency.key, json!({ "connector": "web" })).await);
    let new = json!({ "name": "Lighting", "description": " Lamps in streets. ", "fields": [
        { "key": "pole", "label": "Number on the pole", "kind": "text", "required": true, "hint": "Four digits" },
        { "key": "state", "label": "What is wrong?", "kind": "choice",
          "choices": [{ "key": "out", "label": "It is out" }, { "key": "flickers", "label": "It flickers" }] },
        { "key": "since", "label": "Since when?", "kind": "date" },
    ]});
    let topic = created(desk.post("/v1/topics", &agency.key, new).await);
    (agency, topic)
}

async fn sent(desk: &TestApp, name: &str, bytes: &'static str) -> Answered {
    let upload = request(Method::POST, "/v1/public/riverton/uploads", "");
    let upload = upload.insert_header(("Content-Type", "application/octet-stream"));
    let named = format!("attachment; filename=\"{name}\"");
    desk.send(upload.insert_header(("Content-Disposition", named)).set_payload(bytes)).await
}

over_both!(a_topic_carries_its_form_and_citizens_see_it, |desk| {
    let (agency, topic) = with_form(&desk).await;
    assert_eq!(topic["description"], "Lamps in streets.");
    let listed = desk.get("/v1/public/riverton/topics", "").await.body["data"][0].clone();
    assert_eq!((&listed["fields"], &listed["description"]), (&topic["fields"], &topic["description"]));
    assert_eq!(
        listed["fields"][0],
        json!({ "key": "pole", "label": "Number on the pole", "kind": "text",
        "required": true, "choices": [], "hint": "Four digits" })
    );
    let path = format!("/v1/topics/{}", topic["id"].as_str().unwrap());
    let renamed = desk.patch(&path, &agency.key, json!({ "name": "Lamps" })).await;
    assert_eq!(renamed.body["fields"], topic["fields"], "what is left out stays");
    let emptied = desk.patch(&path, &agency.key, json!({ "fields": [], "description": null })).await;
    assert_eq!((&emptied.body["fields"], &emptied.body["description"]), (&json!([]), &Value::Null));
});

over_both!(everything_that_is_wrong_with_a_form_is_named_at_once, |desk| {
    let agency = desk.agency("riverton").await;
    let wrong = json!({ "name": " ", "fields": [
        { "key": "Pole number", "label": "x", "kind": "text" },
        { "key": "a", "label": "", "kind": "choice" },
        { "key": "a", "label": "x", "kind": "text", "choices": [{ "key": "b", "label": "B" }] },
        { "key": "c", "label": "x", "kind": "choice", "choices": [{ "key": "b", "label": "B" }, { "key": "b", "label": "" }] },
    ]});
    let refused = desk.post("/v1/topics", &agency.key, wrong).await;
    let named = [
        "/name",
        "/fields/0/key",
        "/fields/1/label",
        "/fields/1/choices",
        "/fields/2/key",
        "/fields/2/choices",
        "/fields/3/choices/1/key",
        "/fields/3/choices/1/label",
    ];
    assert_eq!(pointers(&refused), named);
});

over_both!(what_a_citizen_fills_in_stands_in_the_case_and_is_found_by_its_words, |desk| {
    let (agency, topic) = with_form(&desk).await;
    let file = created(sent(&desk, "lamp.jpg", "light").await);
    let new = json!({ "topic_id": topic["id"], "fields": { "pole": "Q4711", "state": "flickers" },
        "attachments": [file["id"]], "email": "maria@example.org" });
    let taken = created(desk.post("/v1/public/riverton/requests", "", new.clone()).await);
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0].clone();
    assert_eq!((&case["reference"], &case["subject"]), (&taken["reference"], &json!("Lighting")));
    let case = desk.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap()), &agency.key).await.body;
    let choice = json!({ "key": "state", "label": "What is wrong?", "kind": "choice", "value": "flickers", "text": "It flickers" });
    assert_eq!((&case["fields"][0]["value"], &case["fields"][1]), (&json!("Q4711"), &choice));
    let said = desk.get(&format!("/v1/cases/{}/messages", case["id"].as_str().unwrap()), &agency.key).await.body;
    assert_eq!(said["data"][0]["text"], "Number on the pole: Q4711\nWhat is wrong?: It flickers");
    assert_eq!(said["data"][0]["attachments"][0]["name"], "lamp.jpg");
    let found = desk.get("/v1/search?q=Q4711", &agency.key).await;
    assert_eq!(found.body["data"].as_array().map(Vec::len), Some(1), "{:?}", found.body);
    let again = desk.post("/v1/public/riverton/requests", "", new).await;
    assert_eq!(pointers(&again), ["/attachments/0"], "a file is used once");
});

over_both!(every_wrong_value_of_a_request_is_named_at_once_and_nothing_is_kept, |desk| {
    let (agency, topic) = with_form(&desk).await;
    let file = created(sent(&desk, "lamp.jpg", "light").await)["id"].as_str().unwrap().to_owned();
    let guessed = format!("{}.guess", file.split('.').next().unwrap());
    let wrong = json!({ "topic_id": topic["id"], "text": "x".repeat(20_001), "name": "n".repeat(201), "email": "maria",
        "fields": { "state": "gone", "since": "yesterday", "colour": "red" }, "attachments": [file, file, guessed] });
    let refused = desk.post("/v1/public/riverton/requests", "", wrong).await;
    let named = [
        "/fields/colour",
        "/fields/pole",
        "/fields/state",
        "/fields/since",
        "/text",
        "/name",
        "/email",
        "/attachments/1",
        "/attachments/2",
    ];
    assert_eq!(pointers(&refused), named);
    let many = json!({ "text": "x", "attachments": vec![file; 11] });
    assert_eq!(pointers(&desk.post("/v1/public/riverton/requests", "", many).await), ["/attachments"]);
    assert_eq!(pointers(&desk.post("/v1/public/riverton/requests", "", json!({})).await), ["/text"]);
    assert_eq!(desk.get("/v1/cases", &agency.key).await.body["data"], json!([]));
});

over_both!(a_strangers_file_is_bounded_and_nobody_else_sees_or_uses_it, |desk| {
    let (agency, _) = with_form(&desk).await;
    let file = created(sent(&desk, "lamp.jpg", "light").await)["id"].as_str().unwrap().to_owned();
    let id = file.split('.').next().unwrap();
    assert_eq!(desk.get(&format!("/v1/attachments/{id}"), &agency.key).await.status, 404, "nobody has sent it yet");
    let other = desk.agency("harbor").await;
    created(desk.post("/v1/channels", &other.key, json!({ "connector": "web" })).await);
    let foreign = desk.post("/v1/public/harbor/requests", "", json!({ "text": "x", "attachments": [file] })).await;
    assert_eq!(pointers(&foreign), ["/attachments/0"]);
    let large: &'static str = Box::leak("x".repeat((1 << 20) + 1).into_boxed_str());
    assert_eq!(sent(&desk, "large.bin", large).await.status, 413);
    let nameless = request(Method::POST, "/v1/public/riverton/uploads", "");
    let nameless = nameless.insert_header(("Content-Type", "application/octet-stream")).set_payload("x");
    assert_eq!(desk.send(nameless).await.body["errors"][0]["pointer"], "Content-Disposition");
});

over_both!(what_a_citizen_adds_with_the_link_lands_in_the_same_case_and_opens_it_again, |desk| {
    let (agency, topic) = with_form(&desk).await;
    let new = json!({ "topic_id": topic["id"], "fields": { "pole": "4711" } });
    let taken = created(desk.post("/v1/public/riverton/requests", "", new).await);
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let closed = json!({ "status": "resolved", "outcome": "done" });
    assert_eq!(desk.patch(&format!("/v1/cases/{case}"), &agency.key, closed).await.status, 200);
    let path = format!("/v1/public/riverton/requests/{}", taken["token"].as_str().unwrap());
    let file = created(sent(&desk, "lamp.jpg", "light").await);
    desk.pass(60);
    let more = json!({ "text": "It is dark again.", "attachments": [file["id"]] });
    created(desk.post(&format!("{path}/messages"), "", more).await);
    let status = desk.get(&path, "").await;
    assert_eq!((&status.body["status"], &status.body["updated_at"]), (&json!("open"), &json!("2026-11-22T09:01:00Z")));
    let said = desk.get(&format!("/v1/cases/{case}/messages"), &agency.key).await.body["data"].clone();
    assert_eq!(said.as_array().unwrap().len(), 2);
    let last = said.as_array().unwrap().iter().find(|m| m["text"] == "It is dark again.").unwrap();
    assert_eq!((&last["author_kind"], &last["attachments"][0]["name"]), (&json!("contact"), &json!("lamp.jpg")));
    assert_eq!(pointers(&desk.post(&format!("{path}/messages"), "", json!({ "text": " " })).await), ["/text"]);
    for wrong in [path.replace("riverton", "harbor"), "/v1/public/riverton/requests/guess".to_owned()] {
        assert_eq!(desk.post(&format!("{wrong}/messages"), "", json!({ "text": "x" })).await.status, 404);
    }
});

#[actix_web::test]
async fn a_file_of_a_stranger_is_as_heavy_as_twenty_requests() {
    let desk = TestApp::allowing(30).await;
    let agency = desk.agency("riverton").await;
    created(desk.post("/v1/channels", &agency.key, json!({ "connector": "web" })).await);
    created(sent(&desk, "a.txt", "a").await);
    created(sent(&desk, "b.txt", "b").await);
    let refused = sent(&desk, "c.txt", "c").await;
    assert_eq!(refused.status, 429, "{:?}", refused.body);
}
