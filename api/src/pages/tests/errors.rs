//! Errors under `/t/` are pages, in the reader's language, and everywhere else they stay what programs read.

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;

use super::browser::{Browser, town};
use crate::http::testing::{TestApp, over_both};

over_both!(what_is_not_there_is_a_page_in_the_readers_language, |desk| {
    let (agency, _) = town(&desk).await;
    let mut maria = Browser::new(&desk);
    for path in [
        "/t/nowhere",
        "/t/riverton/nothing",
        "/t/riverton/requests/guess",
        "/t/riverton/requests/guess/received",
        "/t/riverton/requests/new?topic=top_x",
        "/t/",
    ] {
        for (languages, title) in [("en", "We cannot find this page"), ("es-MX", "No encontramos esta página")] {
            maria.languages = languages;
            let page = maria.get(path).await;
            assert_eq!((page.status.as_u16(), page.html().one("h1").text.as_str()), (404, title), "{path}");
        }
    }
    let inside = maria.get("/t/riverton/requests/guess").await;
    assert!(inside.text.contains("+1 555 010 0100"), "the agency's own page says how to reach it");
    let program = desk.get("/v1/public/riverton/requests/guess", "").await;
    assert_eq!(program.header("content-type"), "application/problem+json");
    let operator = desk.operator().await;
    let id = crate::ids::TENANT.show(agency.id);
    assert_eq!(desk.post(&format!("/v1/tenants/{id}/suspend"), &operator, json!({})).await.status, 200);
    assert_eq!(maria.get("/t/riverton").await.status, 404, "a suspended agency has no pages");
});

#[actix_web::test]
async fn whatever_cannot_be_read_is_answered_by_a_page_that_says_nothing_was_sent() {
    let desk = TestApp::start().await;
    town(&desk).await;
    let path = "/t/riverton/requests/new?topic=other";
    let post = |kind: &'static str, body: String| {
        TestRequest::with_uri(path).method(Method::POST).insert_header(("Content-Type", kind)).set_payload(body)
    };
    let large = "x".repeat(3 << 20);
    for (request, status) in [
        (post("application/x-www-form-urlencoded", "a=b".into()), 415),
        (post("multipart/form-data; boundary=x", "--x\r\nbroken".into()), 400),
        (post("multipart/form-data; boundary=x", large), 413),
        (TestRequest::with_uri(path).method(Method::DELETE), 405),
    ] {
        let answer = desk.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "text/html; charset=utf-8"));
        assert!(answer.header("content-security-policy").contains("style-src 'self'"));
    }
}

#[actix_web::test]
async fn who_asks_too_often_is_asked_to_wait_in_plain_words() {
    let desk = TestApp::allowing(2).await;
    desk.agency("riverton").await;
    let mut maria = Browser::new(&desk);
    maria.get("/t/riverton").await;
    maria.get("/t/riverton").await;
    let waits = maria.get("/t/riverton").await;
    assert_eq!((waits.status.as_u16(), waits.html().one("h1").text.as_str()), (429, "Please wait a moment"));
    assert_eq!(waits.answer.header("retry-after"), "60");
}
