//! What an operator can do, and that only an operator can.

use serde_json::json;

use super::super::testing::{TestApp, nothing, over_both};
use crate::ids;

over_both!(an_operator_makes_an_agency_whose_owner_can_sign_in, |desk| {
    let operator = desk.operator().await;
    let owner = json!({ "email": "mayor@riverton.example", "name": "May", "role": "owner" });
    let new = json!({ "slug": "riverton", "name": "City of Riverton", "time_zone": "Europe/Lisbon", "owner": owner });
    let made = desk.post("/v1/tenants", &operator, new.clone()).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let login =
        json!({ "tenant": "riverton", "email": "mayor@riverton.example", "password": made.body["owner"]["password"] });
    assert_eq!(desk.post("/v1/auth/login", "", login).await.status, 200);
    let again = desk.post("/v1/tenants", &operator, new).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("slug-taken")));
    let read = desk.get(made.header("location"), &operator).await;
    assert_eq!((&read.body["slug"], &read.body["status"]), (&json!("riverton"), &json!("active")));
});

over_both!(an_agency_with_a_wrong_field_is_not_made_at_all, |desk| {
    let operator = desk.operator().await;
    for (field, value, pointer) in [
        ("slug", json!("River Ton"), "/slug"),
        ("slug", json!("-a"), "/slug"),
        ("time_zone", json!("Mars/Olympus"), "/time_zone"),
        ("reference_prefix", json!("r"), "/reference_prefix"),
        ("owner", json!({ "email": "x", "name": "A", "role": "owner" }), "/owner/email"),
    ] {
        let mut new = json!({ "slug": "riverton", "name": "City" });
        new[field] = value;
        let refused = desk.post("/v1/tenants", &operator, new).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    assert_eq!(desk.get("/v1/tenants", &operator).await.body["data"], json!([]));
});

over_both!(suspending_and_resuming_is_the_operators_alone, |desk| {
    let (operator, agency) = (desk.operator().await, desk.agency("riverton").await);
    let path = format!("/v1/tenants/{}", ids::TENANT.show(agency.id));
    assert_eq!(desk.post(&format!("{path}/suspend"), &agency.key, json!({})).await.status, 401);
    let suspended = desk.post(&format!("{path}/suspend"), &operator, json!({})).await;
    assert_eq!(suspended.body["status"], "suspended");
    assert_eq!(desk.get("/v1/staff", &agency.key).await.status, 403);
    assert_eq!(desk.post(&format!("{path}/resume"), &operator, json!({})).await.body["status"], "active");
    assert_eq!(desk.get("/v1/staff", &agency.key).await.status, 200);
    let nowhere = format!("/v1/tenants/{}/suspend", nothing(ids::TENANT));
    assert_eq!(desk.post(&nowhere, &operator, json!({})).await.status, 404);
});

over_both!(an_operator_sees_no_agencys_data_and_a_revoked_key_sees_nothing, |desk| {
    let operator = desk.operator().await;
    desk.agency("riverton").await;
    for path in ["/v1/staff", "/v1/teams", "/v1/api-keys", "/v1/auth/me"] {
        assert_eq!(desk.get(path, &operator).await.status, 401, "{path}");
    }
    assert_eq!(desk.get("/v1/tenants", &operator).await.status, 200);
    let now = desk.app.time();
    let revoke = desk.app.store.control_write(move |c| {
        let key = crate::store::keys::operators(c)?.remove(0);
        crate::store::keys::revoke_operator(c, key.id.0, now)
    });
    revoke.await.unwrap();
    assert_eq!(desk.get("/v1/tenants", &operator).await.status, 401);
});
