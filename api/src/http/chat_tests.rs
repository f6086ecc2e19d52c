//! The stream of a talk, as the page that follows it receives it.

use std::{future::poll_fn, pin::Pin, time::Duration};

use actix_web::{
    body::{BoxBody, MessageBody},
    http::Method,
    test::{call_service, init_service},
};
use serde_json::{Value, json};

use super::testing::{TestApp, over_both, request};

/// Longer than a page waits between two looks.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a stream where a page was at this event.
async fn open(desk: &TestApp, path: &str, last: Option<&str>) -> Pin<Box<BoxBody>> {
    let service = init_service(desk.front.build()).await;
    let asked = request(Method::GET, path, "");
    let asked = last.into_iter().fold(asked, |asked, last| asked.insert_header(("Last-Event-ID", last)));
    let response = call_service(&service, asked.to_request()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
    Box::pin(response.into_body())
}

/// The events up to one with these words: the id and the data of each.
async fn events_until(stream: &mut Pin<Box<BoxBody>>, words: &str) -> Vec<(String, Value)> {
    let mut text = String::new();
    let read = async {
        while !(text.contains(words) && text.ends_with("\n\n")) {
            let chunk = poll_fn(|cx| stream.as_mut().poll_next(cx)).await.expect("the stream goes on").unwrap();
            text += std::str::from_utf8(&chunk).unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("no `{words}` came"));
    let event = |event: &str| {
        let (id, data) = event.strip_prefix("id: ")?.split_once("\ndata: ")?;
        Some((id.to_owned(), serde_json::from_str(data).unwrap()))
    };
    text.split("\n\n").filter_map(event).collect()
}

over_both!(an_answer_arrives_on_the_open_page_and_a_page_that_comes_back_misses_nothing, |desk| {
    let agency = desk.agency("riverton").await;
    assert_eq!(desk.post("/v1/channels", &agency.key, json!({ "connector": "chat" })).await.status, 201);
    let begun = desk.post("/v1/public/riverton/chats", "", json!({ "text": "Do I need a permit?" })).await.body;
    let path = format!("/v1/public/riverton/chats/{}/events", begun["token"].as_str().unwrap());
    let mut page = open(&desk, &path, None).await;
    let first = events_until(&mut page, "permit").await;
    assert_eq!((first.len(), &first[0].1["by"]), (1, &json!("you")));
    assert_eq!(first[0].1["id"], first[0].0.as_str());

    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let answer = |text: &str| json!({ "text": text });
    desk.pass(1);
    let written = desk.post(&format!("/v1/cases/{case}/messages"), &agency.key, answer("Not for a low one.")).await;
    assert_eq!(written.status, 202, "{:?}", written.body);
    let second = events_until(&mut page, "Not for a low one.").await;
    assert_eq!((second.len(), &second[0].1["by"]), (1, &json!("agency")), "and nothing comes twice");

    drop(page);
    desk.pass(1);
    desk.post(&format!("/v1/cases/{case}/messages"), &agency.key, answer("Up to two metres.")).await;
    let mut back = open(&desk, &path, Some(&second[0].0)).await;
    let missed = events_until(&mut back, "Up to two metres.").await;
    assert_eq!(missed.len(), 1, "only what came after: {missed:?}");
    let mut lost = open(&desk, &path, Some("msg_unknown")).await;
    assert_eq!(events_until(&mut lost, "Up to two metres.").await.len(), 3, "who has lost count sees everything");
});
