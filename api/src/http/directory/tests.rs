//! An agency says where its accounts are held, and nobody reads a secret back.

use civicdesk_providers::directory::{Directory as Fake, Person, SECRET};
use serde_json::{Value, json};

use super::super::testing::{TestApp, over_both};

const PATH: &str = "/v1/tenant/directory";

async fn fake(desk: &TestApp) -> Fake {
    fake_of(desk, Vec::new()).await
}

/// What an agency would say of it.
pub fn signed(fake: &Fake) -> Value {
    json!({ "kind": "signed_http", "url": fake.url(), "secret": SECRET, "timeout_seconds": 2 })
}

/// The fake's time is the program's.
pub async fn fake_of(desk: &TestApp, people: Vec<Person>) -> Fake {
    let fake = Fake::start(people).await;
    fake.clock().ahead(desk.app.now().as_second() - fake.clock().seconds());
    fake
}

over_both!(a_directory_is_kept_only_if_it_answers_and_its_secrets_are_never_shown, |desk| {
    let (agency, fake) = (desk.agency("riverton").await, fake(&desk).await);
    let bare = desk.get(PATH, &agency.key).await;
    assert_eq!((bare.status.as_u16(), &bare.body["kind"]), (200, &json!("built_in")), "{:?}", bare.body);

    let settings = json!({ "settings": { "kind": "signed_http", "url": fake.url(), "secret": SECRET } });
    let wrong = json!({ "settings": { "kind": "signed_http", "url": fake.url(), "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } });
    let refused = desk.put(PATH, &agency.key, wrong).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/settings/url")));
    assert_eq!(desk.get(PATH, &agency.key).await.body["kind"], "built_in", "what does not answer is not kept");

    let set = desk.put(PATH, &agency.key, settings).await;
    assert_eq!((set.status.as_u16(), &set.body["health"]), (200, &json!("ok")), "{:?}", set.body);
    for answer in [set, desk.get(PATH, &agency.key).await, desk.get("/v1/events", &agency.key).await] {
        assert!(!answer.body.to_string().contains(&SECRET[6..]), "{:?}", answer.body);
    }
    let again = json!({ "settings": { "kind": "signed_http", "url": fake.url(), "timeout_seconds": 2 } });
    assert_eq!(desk.put(PATH, &agency.key, again).await.status, 200, "the secret stays");
    let elsewhere = json!({ "settings": { "kind": "signed_http", "url": "https://elsewhere.example/" } });
    let refused = desk.put(PATH, &agency.key, elsewhere).await;
    assert_eq!(refused.status, 422, "the secret does not go to another place: {:?}", refused.body);

    let checked = desk.post("/v1/tenant/directory/check", &agency.key, json!({})).await;
    assert_eq!((checked.status.as_u16(), &checked.body["works"]), (200, &json!(true)), "{:?}", checked.body);
    fake.http.go_down().await.unwrap();
    let checked = desk.post("/v1/tenant/directory/check", &agency.key, json!({})).await;
    assert_eq!(checked.body["works"], false);
    let failing = desk.get(PATH, &agency.key).await;
    assert_eq!((&failing.body["health"], &failing.body["health_detail"]), (&json!("failing"), &json!("no connection")));

    assert_eq!(desk.delete(PATH, &agency.key).await.status, 204);
    assert_eq!(desk.get(PATH, &agency.key).await.body["kind"], "built_in");
    let events = desk.get("/v1/events", &agency.key).await.body.to_string();
    assert!(events.contains("directory.set") && events.contains("directory.removed"), "{events}");
});

over_both!(what_cannot_be_right_is_named_field_by_field_and_only_owners_set_a_directory, |desk| {
    let agency = desk.agency("riverton").await;
    let put = async |settings| desk.put(PATH, &agency.key, json!({ "settings": settings })).await;
    let refused = put(json!({ "kind": "ldap", "host": "ldap.example", "bind_dn": "cn=s", "bind_password": "hunter2",
        "base_dn": "", "security": "none" }))
    .await;
    let named: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect();
    assert_eq!((refused.status.as_u16(), named), (422, vec!["/settings/security", "/settings/base_dn"]));
    assert!(!refused.body.to_string().contains("hunter2"));
    assert_eq!(put(json!({ "kind": "paper" })).await.body["errors"][0]["pointer"], "/settings/kind");

    let admin = desk.key(agency.id, &["admin"]).await;
    assert_eq!(desk.get(PATH, &admin).await.status, 200);
    assert_eq!(desk.put(PATH, &admin, json!({ "settings": {} })).await.status, 403);
    assert_eq!(desk.delete(PATH, &admin).await.status, 403);
    assert_eq!(desk.post("/v1/tenant/directory/check", &admin, json!({})).await.status, 403);
});
