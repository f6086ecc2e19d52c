//! Staff, teams and keys: who may change whom, and what takes effect when.

use serde_json::{Value, json};

use super::super::testing::{TestApp, nothing, over_both, request};
use crate::{auth::Role, ids};

over_both!(a_member_is_added_read_listed_and_changed, |desk| {
    let agency = desk.agency("riverton").await;
    let new = json!({ "email": " Ana@Riverton.example", "name": "Ana", "role": "agent" });
    let created = desk.post("/v1/staff", &agency.key, new).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    assert_eq!(created.body["email"], "ana@riverton.example");
    let path = created.header("location").to_owned();
    let login = json!({ "tenant": "riverton", "email": "ana@riverton.example", "password": created.body["password"] });
    assert_eq!(desk.post("/v1/auth/login", "", login).await.status, 200);

    let read = desk.get(&path, &agency.key).await;
    assert_eq!((read.status.as_u16(), read.header("etag")), (200, "\"v1\""));
    assert!(read.body.get("password").is_none() && !read.body.to_string().contains("argon2"));
    let changed = desk.patch(&path, &agency.key, json!({ "name": "Ana Lima", "role": "supervisor" })).await;
    assert_eq!((&changed.body["name"], changed.header("etag")), (&json!("Ana Lima"), "\"v2\""));
    let listed = desk.get("/v1/staff?role=supervisor,", &agency.key).await;
    assert_eq!(listed.status, 422, "a role is one word");
    let listed = desk.get("/v1/staff?role=supervisor", &agency.key).await;
    assert_eq!(listed.body["data"], json!([changed.body]));
});

over_both!(every_wrong_field_of_a_form_is_named_at_once, |desk| {
    let agency = desk.agency("riverton").await;
    let wrong = json!({ "email": "x", "name": "", "role": "agent", "password": "short" });
    let refused = desk.post("/v1/staff", &agency.key, wrong).await;
    let pointers: Vec<_> = refused.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!((refused.status.as_u16(), pointers), (422, vec![json!("/email"), json!("/name"), json!("/password")]));
});

over_both!(what_the_program_sets_cannot_be_set_from_outside, |desk| {
    let agency = desk.agency("riverton").await;
    for field in ["id", "tenant_id", "created_at", "version", "password_hash"] {
        let mut new = json!({ "email": "a@b.org", "name": "Ana", "role": "agent" });
        new[field] = json!("x");
        let refused = desk.post("/v1/staff", &agency.key, new).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
            (422, &json!(format!("/{field}")))
        );
    }
});

over_both!(a_foreign_id_is_answered_like_one_that_names_nothing, |desk| {
    let (mine, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    let first = async |path: &str| -> String {
        desk.get(path, &other.key).await.body["data"][0]["id"].as_str().unwrap().to_owned()
    };
    desk.post("/v1/teams", &other.key, json!({ "name": "Roads" })).await;
    let team = desk.post("/v1/teams", &mine.key, json!({ "name": "Roads" })).await.body["id"].clone();
    let foreign = [
        ("/v1/staff", first("/v1/staff").await, ids::STAFF),
        ("/v1/teams", first("/v1/teams").await, ids::TEAM),
        ("/v1/api-keys", first("/v1/api-keys").await, ids::KEY),
    ];
    for (path, id, prefix) in foreign {
        let wrong_kind = nothing(ids::CASE);
        for other_id in [nothing(prefix), wrong_kind, "x".into(), "%00".into(), "%C3%A9".into()] {
            let ask = async |id: &str| {
                let path = format!("{path}/{id}");
                let change = json!({ "name": "X" });
                [
                    desk.get(&path, &mine.key).await.comparable(),
                    desk.patch(&path, &mine.key, change).await.comparable(),
                    desk.delete(&path, &mine.key).await.comparable(),
                ]
            };
            assert_eq!(ask(&id).await, ask(&other_id).await, "{path}/{other_id}");
        }
    }
    let staff = first("/v1/staff").await;
    let put = async |id: &str| {
        let path = format!("/v1/teams/{}/members/{id}", team.as_str().unwrap());
        let request = request(actix_web::http::Method::PUT, &path, &mine.key);
        desk.send(request).await.comparable()
    };
    assert_eq!(put(&staff).await, put(&nothing(ids::STAFF)).await);
});

over_both!(a_disabled_member_is_out_at_the_next_request, |desk| {
    let agency = desk.agency("riverton").await;
    let password = desk.staff(agency.id, "ana@riverton.example", Role::Agent).await;
    let login = json!({ "tenant": "riverton", "email": "ana@riverton.example", "password": password.expose() });
    let signed = desk.post("/v1/auth/login", "", login.clone()).await.body;
    let token = signed["access_token"].as_str().unwrap();
    let path = format!("/v1/staff/{}", signed["staff"]["id"].as_str().unwrap());
    assert_eq!(desk.get("/v1/staff", token).await.status, 200);
    assert_eq!(desk.patch(&path, &agency.key, json!({ "status": "disabled" })).await.status, 200);
    assert_eq!(desk.get("/v1/staff", token).await.status, 401);
    assert_eq!(desk.post("/v1/auth/login", "", login).await.status, 401);
    assert_eq!(desk.patch(&path, &agency.key, json!({ "status": "active" })).await.status, 200);
    assert_eq!(desk.get("/v1/staff", token).await.status, 401, "what was ended stays ended");
});

over_both!(a_role_that_was_changed_counts_at_the_next_request, |desk| {
    let agency = desk.agency("riverton").await;
    let password = desk.staff(agency.id, "ana@riverton.example", Role::Admin).await;
    let login = json!({ "tenant": "riverton", "email": "ana@riverton.example", "password": password.expose() });
    let signed = desk.post("/v1/auth/login", "", login).await.body;
    let (token, id) = (signed["access_token"].as_str().unwrap(), signed["staff"]["id"].as_str().unwrap());
    assert_eq!(desk.get("/v1/api-keys", token).await.status, 200);
    desk.patch(&format!("/v1/staff/{id}"), &agency.key, json!({ "role": "agent" })).await;
    let refused = desk.get("/v1/api-keys", token).await;
    assert_eq!((refused.status.as_u16(), &refused.body["detail"]), (403, &json!("the right `keys:read` is missing")));
});

over_both!(nobody_raises_anybody_above_themselves, |desk| {
    let agency = desk.agency("riverton").await;
    let admin = desk.key(agency.id, &["admin"]).await;
    let owner = desk.get("/v1/staff?role=owner", &admin).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let new = json!({ "email": "a@b.org", "name": "A", "role": "owner" });
    assert_eq!(desk.post("/v1/staff", &admin, new).await.status, 403);
    for change in
        [json!({ "role": "agent" }), json!({ "status": "disabled" }), json!({ "password": "a very long password" })]
    {
        assert_eq!(desk.patch(&format!("/v1/staff/{owner}"), &admin, change).await.status, 403);
    }
    let key = json!({ "name": "k", "scopes": ["owner"] });
    assert_eq!(desk.post("/v1/api-keys", &admin, key).await.status, 403);
    let key = json!({ "name": "k", "scopes": ["tenant:manage"] });
    assert_eq!(desk.post("/v1/api-keys", &admin, key).await.status, 403);
});

over_both!(the_last_owner_stays, |desk| {
    let agency = desk.agency("riverton").await;
    let owner = desk.get("/v1/staff", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    for change in [json!({ "role": "agent" }), json!({ "status": "disabled" })] {
        let refused = desk.patch(&format!("/v1/staff/{owner}"), &agency.key, change).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("last-owner")));
    }
    desk.staff(agency.id, "second@riverton.example", Role::Owner).await;
    let change = json!({ "role": "agent" });
    assert_eq!(desk.patch(&format!("/v1/staff/{owner}"), &agency.key, change).await.status, 200);
});

over_both!(a_revoked_key_stops_at_the_next_request, |desk| {
    let agency = desk.agency("riverton").await;
    let new = json!({ "name": "web form", "scopes": ["staff:read"], "expires_at": "2026-11-23T00:00:00Z" });
    let made = desk.post("/v1/api-keys", &agency.key, new).await;
    let (secret, path) = (made.body["secret"].as_str().unwrap(), made.header("location"));
    assert_eq!(desk.get("/v1/staff", secret).await.status, 200);
    assert_eq!(desk.get("/v1/teams", secret).await.status, 200);
    assert_eq!(desk.get("/v1/api-keys", secret).await.status, 403);
    let listed = desk.get("/v1/api-keys", &agency.key).await.body.to_string();
    assert!(!listed.contains(secret) && !listed.contains("hash"), "{listed}");
    assert_eq!(desk.delete(path, &agency.key).await.status, 204);
    assert_eq!(desk.get("/v1/staff", secret).await.status, 401);
    assert_eq!(desk.delete(path, &agency.key).await.status, 204, "again changes nothing");
});

over_both!(a_key_ends_when_it_was_said_to_end, |desk| {
    let agency = desk.agency("riverton").await;
    let new = json!({ "name": "brief", "scopes": ["auditor"], "expires_at": "2026-11-22T10:00:00Z" });
    let secret = desk.post("/v1/api-keys", &agency.key, new).await.body["secret"].as_str().unwrap().to_owned();
    desk.pass(3599);
    assert_eq!(desk.get("/v1/staff", &secret).await.status, 200);
    desk.pass(1);
    assert_eq!(desk.get("/v1/staff", &secret).await.status, 401);
    let past = json!({ "name": "k", "scopes": ["x"], "expires_at": "2026-11-22T09:00:00Z" });
    let refused = desk.post("/v1/api-keys", &agency.key, past).await;
    assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(2), "{:?}", refused.body);
});

over_both!(a_key_of_one_agency_is_nobody_in_another_even_under_its_name, |desk| {
    let (mine, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    let disguised = mine.key.replace(&mine.id.simple().to_string(), &other.id.simple().to_string());
    assert_eq!(desk.get("/v1/staff", &disguised).await.status, 401);
    let unknown = mine.key.replace(&mine.id.simple().to_string(), &uuid::Uuid::from_u128(9).simple().to_string());
    assert_eq!(desk.get("/v1/staff", &unknown).await.status, 401);
    let file = desk.app.store.lite_file(uuid::Uuid::from_u128(9));
    assert!(file.is_none_or(|file| !file.exists()), "an unknown tenant opens no file");
});

over_both!(a_team_holds_its_members_and_its_name_is_its_own, |desk| {
    let agency = desk.agency("riverton").await;
    let team = desk.post("/v1/teams", &agency.key, json!({ "name": "Roads" })).await;
    let taken = desk.post("/v1/teams", &agency.key, json!({ "name": "Roads" })).await;
    assert_eq!((taken.status.as_u16(), &taken.body["code"]), (409, &json!("name-taken")));
    let staff = desk.get("/v1/staff", &agency.key).await.body["data"][0].clone();
    let members = format!("{}/members", team.header("location"));
    let member = format!("{members}/{}", staff["id"].as_str().unwrap());
    let put = async || desk.send(request(actix_web::http::Method::PUT, &member, &agency.key)).await;
    assert_eq!((put().await.status.as_u16(), put().await.status.as_u16()), (204, 204));
    let listed = async || desk.get(&members, &agency.key).await.body["data"].clone();
    assert_eq!(listed().await, json!([staff]));
    assert_eq!(desk.delete(&member, &agency.key).await.status, 204);
    assert_eq!(listed().await, json!([]));
});

over_both!(what_was_done_to_staff_and_keys_stands_in_the_log_without_secrets, |desk| {
    let agency = desk.agency("riverton").await;
    let new = json!({ "email": "a@b.org", "name": "Ana", "role": "agent" });
    let path = desk.post("/v1/staff", &agency.key, new).await.header("location").to_owned();
    desk.patch(&path, &agency.key, json!({ "password": "a very long password" })).await;
    desk.sign_in(&agency).await;
    let door = desk.app.store.tenant(agency.id);
    let filter = crate::store::events::Filter::default();
    let lines = door.read(move |tx| crate::store::events::list(tx, &filter, 100)).await.unwrap();
    let kinds: Vec<_> = lines.iter().map(|l| l.kind.as_str()).collect();
    let expected = ["staff.created", "api_key.created", "staff.created", "staff.changed", "staff.signed_in"];
    assert_eq!(kinds, expected);
    let data: Vec<&Value> = lines.iter().map(|l| &l.data.0).collect();
    let text = format!("{data:?}");
    assert!(!text.contains("argon2") && !text.contains("a very long password"), "{text}");
});

over_both!(a_keys_last_use_is_known_to_the_minute, |desk| {
    let agency = desk.agency("riverton").await;
    let made = desk.post("/v1/api-keys", &agency.key, json!({ "name": "k", "scopes": ["staff:manage"] })).await;
    let secret = made.body["secret"].as_str().unwrap();
    let last_use = async || desk.get(made.header("location"), &agency.key).await.body["last_used_at"].clone();
    assert_eq!(last_use().await, Value::Null);
    desk.post("/v1/teams", secret, json!({ "name": "Roads" })).await;
    assert_eq!(last_use().await, "2026-11-22T09:00:00Z");
    desk.pass(59);
    desk.post("/v1/teams", secret, json!({ "name": "Parks" })).await;
    assert_eq!(last_use().await, "2026-11-22T09:00:00Z");
    desk.pass(1);
    desk.post("/v1/teams", secret, json!({ "name": "Water" })).await;
    assert_eq!(last_use().await, "2026-11-22T09:01:00Z");
});
