//! The common behaviour of operations: preconditions, idempotency keys, pages, and errors in one form.

use actix_web::{http::Method, test::TestRequest};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::testing::{Agency, TestApp, request};
use crate::store::{self, tenants::Gate};

fn keyed(agency: &Agency, key: &str, name: &str) -> TestRequest {
    let post = request(Method::POST, "/v1/teams", &agency.key).insert_header(("Idempotency-Key", key.to_owned()));
    post.set_json(json!({ "name": name }))
}

#[actix_web::test]
async fn a_post_sent_twice_is_done_once_and_answered_alike() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    let first = desk.send(keyed(&agency, "k1", "Roads")).await;
    let again = desk.send(keyed(&agency, "\"k1\"", "Roads")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.body, again.body);
    for name in ["location", "etag", "content-type"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(desk.get("/v1/teams", &agency.key).await.body["data"].as_array().unwrap().len(), 1);

    let other = desk.send(keyed(&agency, "k1", "Parks")).await;
    assert_eq!((other.status.as_u16(), &other.body["code"]), (422, &json!("idempotency-key-reused")));
}

#[actix_web::test]
async fn an_idempotency_key_belongs_to_its_credential_agency_and_operation() {
    let desk = TestApp::start().await;
    let (mine, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    let colleague = Agency { key: desk.key(mine.id, &["owner"]).await, ..desk.agency("third").await };
    for (agency, name) in [(&mine, "Roads"), (&other, "Parks"), (&colleague, "Water")] {
        let made = desk.send(keyed(agency, "k1", name)).await;
        assert_eq!((made.status.as_u16(), made.header("idempotent-replayed")), (201, ""), "{name}");
    }
    let topic = request(Method::POST, "/v1/topics", &mine.key).insert_header(("Idempotency-Key", "k1"));
    let made = desk.send(topic.set_json(json!({ "name": "Roads" }))).await;
    assert_eq!((made.status.as_u16(), made.header("idempotent-replayed")), (201, ""), "another operation");
}

#[actix_web::test]
async fn a_refused_post_leaves_its_key_free() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    assert_eq!(desk.send(keyed(&agency, "k1", "")).await.status, 422);
    assert_eq!(desk.send(keyed(&agency, "k1", "Roads")).await.status, 201);
    for bad in ["", " ", "\"\"", &"x".repeat(256), "é"] {
        assert_eq!(desk.send(keyed(&agency, bad, "Parks")).await.status, 400, "{bad:.9}");
    }
    assert_eq!(desk.send(keyed(&agency, &"x".repeat(255), "Parks")).await.status, 201);
}

#[actix_web::test]
async fn sixty_four_posts_with_one_key_at_the_same_time_have_one_effect() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    let sent = join_all((0..64).map(|_| desk.send(keyed(&agency, "k1", "Roads")))).await;
    let made: Vec<_> = sent.iter().filter(|a| a.status == 201).collect();
    assert!(made.iter().filter(|a| a.header("idempotent-replayed").is_empty()).count() == 1);
    for answer in &sent {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.body, made[0].body),
            409 => assert_eq!(answer.body["code"], "idempotency-key-running"),
            other => panic!("{other}: {:?}", answer.body),
        }
    }
    assert_eq!(desk.get("/v1/teams", &agency.key).await.body["data"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_secret_is_not_kept_for_the_repetition() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    let ask = || {
        let post = request(Method::POST, "/v1/api-keys", &agency.key).insert_header(("Idempotency-Key", "k1"));
        post.set_json(json!({ "name": "k", "scopes": ["cases:read"] }))
    };
    let (first, again) = (desk.send(ask()).await, desk.send(ask()).await);
    assert_eq!(first.body["id"], again.body["id"]);
    assert!(first.body["secret"].is_string() && again.body["secret"].is_null());
}

#[actix_web::test]
async fn a_change_on_an_old_version_is_refused() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    let path = desk.post("/v1/teams", &agency.key, json!({ "name": "Roads" })).await.header("location").to_owned();
    let change = async |if_match: Option<&str>, name: &str| {
        let patch = request(Method::PATCH, &path, &agency.key).set_json(json!({ "name": name }));
        let patch = match if_match {
            Some(tag) => patch.insert_header(("If-Match", tag.to_owned())),
            None => patch,
        };
        desk.send(patch).await.status.as_u16()
    };
    assert_eq!(change(Some("\"v1\""), "Parks").await, 200);
    assert_eq!(change(Some("\"v1\""), "Lakes").await, 412);
    assert_eq!(change(Some("W/\"v2\""), "Lakes").await, 412, "a weak tag never matches");
    assert_eq!(change(Some("\"v1\", \"v2\""), "Lakes").await, 200);
    assert_eq!(change(Some("*"), "Roads").await, 200);
    assert_eq!(change(None, "Water").await, 200);
    assert_eq!(change(Some("v5"), "Fire").await, 400);

    let gate = Gate { require_if_match: true, ..Gate::default() };
    let now = desk.app.time();
    let door = desk.app.store.tenant(agency.id);
    door.write(move |tx| store::tenants::set_gate(tx, &gate, now)).await.unwrap();
    assert_eq!(change(None, "Fire").await, 428);
    assert_eq!(change(Some(""), "Fire").await, 428, "an empty list names no version");
    assert_eq!(change(Some("\"v5\""), "Fire").await, 200);
}

#[actix_web::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    let path = desk.post("/v1/teams", &agency.key, json!({ "name": "Roads" })).await.header("location").to_owned();
    let get = async |tag: &str| {
        let get = request(Method::GET, &path, &agency.key).insert_header(("If-None-Match", tag.to_owned()));
        desk.send(get).await
    };
    let known = get("\"v1\"").await;
    assert_eq!((known.status.as_u16(), known.header("etag"), &known.body), (304, "\"v1\"", &Value::Null));
    assert_eq!(get("\"v2\"").await.status, 200);
}

#[actix_web::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    for n in 0..7 {
        desk.post("/v1/teams", &agency.key, json!({ "name": format!("Team {n}") })).await;
        desk.pass(1);
    }
    let (mut names, mut path) = (Vec::new(), "/v1/teams?limit=3".to_owned());
    let mut pages = 0;
    loop {
        let page = desk.get(&path, &agency.key).await.body;
        names.extend(page["data"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/teams?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!((names, pages), ((0..7).map(|n| format!("Team {n}")).collect(), 3));
    for limit in ["0", "101", "-1", "x"] {
        assert_eq!(desk.get(&format!("/v1/teams?limit={limit}"), &agency.key).await.status, 422);
    }
}

#[actix_web::test]
async fn a_cursor_is_good_for_its_agency_list_and_filters_only() {
    let desk = TestApp::start().await;
    let (mine, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    for agency in [&mine, &other] {
        desk.staff(agency.id, "a@b.org", crate::auth::Role::Owner).await;
    }
    let cursor =
        desk.get("/v1/staff?limit=1&role=owner", &mine.key).await.body["next_cursor"].as_str().unwrap().to_owned();
    let ask = async |path: &str, key: &str| desk.get(&format!("{path}cursor={cursor}"), key).await.status.as_u16();
    assert_eq!(ask("/v1/staff?role=owner&limit=9&", &mine.key).await, 200);
    assert_eq!(ask("/v1/staff?role=owner&", &other.key).await, 404, "another agency");
    assert_eq!(ask("/v1/staff?role=agent&", &mine.key).await, 404, "another filter");
    assert_eq!(ask("/v1/staff?", &mine.key).await, 404, "no filter");
    assert_eq!(ask("/v1/teams?", &mine.key).await, 404, "another list");
    let changed = format!("{}A", &cursor[..cursor.len() - 1]);
    for (bad, status) in [(changed.as_str(), 404), ("AAAA", 404), ("%00", 422)] {
        let answer = desk.get(&format!("/v1/staff?role=owner&cursor={bad}"), &mine.key).await;
        assert_eq!(answer.status, status, "{bad}: {:?}", answer.body);
    }
}

#[actix_web::test]
async fn an_empty_cursor_begins_the_list() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    desk.staff(agency.id, "a@b.org", crate::auth::Role::Owner).await;
    let begun = desk.get("/v1/staff?cursor=", &agency.key).await;
    assert_eq!(begun.body, desk.get("/v1/staff", &agency.key).await.body);
    assert_eq!(begun.body["data"].as_array().unwrap().len(), 2, "the owner and Ana");
}

#[actix_web::test]
async fn a_place_in_the_log_is_a_number_that_can_be() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    for (after, status) in [("0", 200), ("9223372036854775807", 200), ("9223372036854775808", 422), ("-1", 422)] {
        assert_eq!(desk.get(&format!("/v1/events?after={after}"), &agency.key).await.status, status, "{after}");
    }
}

#[actix_web::test]
async fn a_key_that_cannot_be_kept_is_refused_even_where_nothing_is_stored() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    for path in ["/v1/teams", "/v1/channels/chn_00000000000000000000000000000000/check"] {
        for key in ["k".repeat(256), "a b".to_owned(), "\"".to_owned()] {
            let post = request(Method::POST, path, &agency.key).insert_header(("Idempotency-Key", key.clone()));
            let refused = desk.send(post.set_json(json!({ "name": "Roads" }))).await;
            assert_eq!((refused.status.as_u16(), &refused.body["code"]), (400, &json!("malformed")), "{path} {key}");
        }
    }
}

#[actix_web::test]
async fn every_error_is_a_problem_with_a_type_and_a_request_id() {
    let desk = TestApp::start().await;
    let agency = desk.agency("riverton").await;
    let auditor = desk.key(agency.id, &["auditor"]).await;
    let post = |body: &'static str, kind: &'static str| {
        let post = request(Method::POST, "/v1/teams", &agency.key).insert_header(("Content-Type", kind));
        post.set_payload(body)
    };
    let large: &'static str = Box::leak(format!("{{\"name\":\"{}\"}}", "x".repeat(300_000)).into_boxed_str());
    let asked = [
        (400, post("{", "application/json")),
        (400, post("{\"name\":\"a\",\"name\":\"b\"}", "application/json")),
        (400, post("", "application/json")),
        (401, request(Method::GET, "/v1/teams", "")),
        (401, request(Method::GET, "/v1/teams", "garbage")),
        (401, request(Method::GET, "/v1/teams", "cd_operator_x")),
        (401, request(Method::GET, "/v1/tenants", &agency.key)),
        (401, TestRequest::get().uri("/v1/teams").insert_header(("Authorization", "Basic YTpi"))),
        (401, request(Method::GET, "/v1/teams", &agency.key).append_header(("Authorization", "Bearer x"))),
        (403, request(Method::POST, "/v1/teams", &auditor).set_json(json!({ "name": "x" }))),
        (404, request(Method::GET, "/v1/teams/x", &agency.key)),
        (404, request(Method::GET, "/v1/x", &agency.key)),
        (405, request(Method::PUT, "/v1/teams", &agency.key)),
        (413, post(large, "application/json")),
        (415, post("name=x", "application/x-www-form-urlencoded")),
        (415, post("{}", "text/plain")),
        (422, post("{\"name\":\"a\\u0000\"}", "application/json")),
        (422, post("{\"name\":5}", "application/json")),
        (422, post("{\"name\":\"a\",\"extra\":1}", "application/json")),
        (422, request(Method::GET, "/v1/teams?nme=x", &agency.key)),
    ];
    for (n, (status, request)) in asked.into_iter().enumerate() {
        let answer = desk.send(request).await;
        let kind = answer.body["type"].as_str().unwrap_or_default();
        assert_eq!(answer.status.as_u16(), status, "{n}: {:?}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{n}");
        assert_eq!(answer.body["status"], json!(status), "{n}");
        assert_eq!(answer.body["request_id"], answer.header("x-request-id"), "{n}");
        let page = kind.strip_prefix("https://desk.example").unwrap_or_else(|| panic!("{n}: {kind}"));
        assert_eq!(desk.get(page, "").await.status, 200, "{n}: {page}");
        assert_eq!(answer.header("www-authenticate").is_empty(), status != 401, "{n}");
    }
}

#[actix_web::test]
async fn a_credential_has_its_requests_a_minute_and_is_told_how_many_are_left() {
    let desk = TestApp::allowing(3).await;
    let (agency, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    for left in [2, 1, 0] {
        let answer = desk.get("/v1/teams", &agency.key).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("ratelimit")),
            (200, format!("\"minute\";r={left};t=60").as_str())
        );
        assert_eq!(answer.header("ratelimit-policy"), "\"minute\";q=3;w=60");
    }
    desk.pass(20);
    let waits = desk.get("/v1/teams", &agency.key).await;
    assert_eq!(
        (waits.status.as_u16(), waits.header("retry-after"), waits.header("ratelimit")),
        (429, "40", "\"minute\";r=0;t=40")
    );
    assert_eq!(desk.get("/v1/teams", &other.key).await.status, 200);
    desk.pass(40);
    assert_eq!(desk.get("/v1/teams", &agency.key).await.status, 200);
}
