//! What is true of every answer.

use actix_web::{http::Method, test::TestRequest};

use super::super::testing::{TestApp, request};

#[actix_web::test]
async fn a_path_that_is_nowhere_and_a_method_that_is_not_there_are_problems() {
    let desk = TestApp::start().await;
    let nowhere = desk.get("/v1/nothing", "").await;
    assert_eq!((nowhere.status.as_u16(), nowhere.header("content-type")), (404, "application/problem+json"));
    let wrong = desk.send(request(Method::DELETE, "/healthz", "")).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "GET, HEAD"));
    assert_eq!(wrong.body["type"], "https://desk.example/problems/method-not-allowed");
    assert_eq!(wrong.body["request_id"].as_str().unwrap(), wrong.header("x-request-id"));
    assert_eq!(desk.send(request(Method::HEAD, "/healthz", "")).await.status, 200);
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers_and_its_id() {
    let desk = TestApp::start().await;
    for path in
        ["/healthz", "/readyz", "/openapi.json", "/docs/", "/problems/invalid", "/nowhere", "/.well-known/jwks.json"]
    {
        let answer = desk.send(TestRequest::with_uri(path).insert_header(("x-request-id", "mine-1"))).await;
        assert_eq!(answer.header("x-request-id"), "mine-1", "{path}");
        for name in
            ["strict-transport-security", "x-content-type-options", "content-security-policy", "referrer-policy"]
        {
            assert!(!answer.header(name).is_empty(), "{path}: {name}");
        }
        assert!(answer.headers.get("server").is_none() && answer.headers.get("x-powered-by").is_none());
    }
    let bad = desk.send(TestRequest::with_uri("/healthz").insert_header(("x-request-id", "a b"))).await;
    assert_eq!(bad.header("x-request-id").len(), 32);
}

#[actix_web::test]
async fn the_documentation_comes_from_the_program_and_asks_nobody_else() {
    let desk = TestApp::start().await;
    let page = desk.get("/docs/", "").await;
    assert_eq!(page.status, 200);
    for answer in [page, desk.get("/docs/swagger-initializer.js", "").await] {
        assert!(!answer.body.to_string().contains("https://"), "{:?}", answer.body);
    }
    assert_eq!(desk.get("/openapi.json", "").await.body["openapi"], "3.1.0");
    assert_eq!(desk.get("/openapi-3.0.json", "").await.body["openapi"], "3.0.3");
}

#[actix_web::test]
async fn a_panic_is_a_problem_too_and_the_next_request_is_served() {
    use actix_web::{App, middleware::from_fn, test, web};
    let desk = TestApp::start().await;
    let panics = || async {
        if true {
            panic!("on purpose");
        }
        "never"
    };
    let service = App::new()
        .app_data(web::Data::from(desk.app.clone()))
        .route("/panic", web::get().to(panics))
        .route("/fine", web::get().to(|| async { "fine" }))
        .wrap(from_fn(super::frame));
    let service = test::init_service(service).await;
    let error = test::try_call_service(&service, TestRequest::with_uri("/panic").to_request()).await.unwrap_err();
    let answer = error.error_response();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.headers().get("content-type").unwrap(), "application/problem+json");
    assert!(answer.headers().contains_key("x-content-type-options"));
    let fine = test::call_service(&service, TestRequest::with_uri("/fine").to_request()).await;
    assert_eq!(fine.status(), 200);
}
