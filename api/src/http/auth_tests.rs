//! Signing in, staying in, being thrown out.

use serde_json::json;

use super::super::testing::{TestApp, over_both};
use crate::{auth::Role, tenants};

over_both!(a_member_of_staff_signs_in_and_is_known, |desk| {
    let agency = desk.agency("riverton").await;
    let signed = desk.sign_in(&agency).await;
    assert_eq!((&signed["token_type"], &signed["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = desk.get("/v1/auth/me", signed["access_token"].as_str().unwrap()).await;
    assert_eq!(me.body["staff"]["email"], "owner@riverton.example");
    assert_eq!(me.body["tenant"]["slug"], "riverton");
    assert_eq!(me.body["rights"].as_array().unwrap().len(), crate::auth::Right::ALL.len());
    let key = desk.get("/v1/auth/me", &agency.key).await;
    assert!(key.body["staff"].is_null() && key.body["api_key_id"].as_str().unwrap().starts_with("key_"));
});

over_both!(whoever_does_not_exist_cannot_be_told_from_a_wrong_password, |desk| {
    let agency = desk.agency("riverton").await;
    desk.staff(agency.id, "gone@riverton.example", Role::Agent).await;
    let mut answers = Vec::new();
    for (tenant, email) in
        [("riverton", "owner@riverton.example"), ("riverton", "nobody@x.org"), ("nowhere", "a@b.org")]
    {
        let body = json!({ "tenant": tenant, "email": email, "password": "wrong wrong wrong" });
        answers.push(desk.post("/v1/auth/login", "", body).await.comparable());
    }
    assert!(answers[0].starts_with("401") && answers.iter().all(|a| *a == answers[0]), "{answers:#?}");
});

over_both!(the_eleventh_wrong_password_waits_and_says_how_long, |desk| {
    let agency = desk.agency("riverton").await;
    let wrong = json!({ "tenant": "riverton", "email": agency.owner_email, "password": "wrong" });
    for _ in 0..10 {
        assert_eq!(desk.post("/v1/auth/login", "", wrong.clone()).await.status, 401);
    }
    let waits = desk.post("/v1/auth/login", "", wrong.clone()).await;
    assert_eq!((waits.status.as_u16(), waits.header("retry-after")), (429, "900"));
    desk.pass(900);
    desk.sign_in(&agency).await;
});

over_both!(an_access_token_ends_after_a_quarter_of_an_hour, |desk| {
    let agency = desk.agency("riverton").await;
    let signed = desk.sign_in(&agency).await;
    let token = signed["access_token"].as_str().unwrap();
    desk.pass(900);
    assert_eq!(desk.get("/v1/auth/me", token).await.status, 200);
    desk.pass(30);
    let ended = desk.get("/v1/auth/me", token).await;
    assert_eq!((ended.status.as_u16(), ended.header("www-authenticate")), (401, "Bearer realm=\"civicdesk\""));
});

over_both!(a_refresh_token_that_comes_back_ends_the_session_for_both_hands, |desk| {
    let agency = desk.agency("riverton").await;
    let first = desk.sign_in(&agency).await;
    let refresh =
        async |token: &serde_json::Value| desk.post("/v1/auth/refresh", "", json!({ "refresh_token": token })).await;
    let second = refresh(&first["refresh_token"]).await;
    assert_eq!(second.status, 200);
    assert_ne!(second.body["refresh_token"], first["refresh_token"]);
    assert_eq!(desk.get("/v1/auth/me", second.body["access_token"].as_str().unwrap()).await.status, 200);

    assert_eq!(refresh(&first["refresh_token"]).await.status, 401, "the spent token");
    assert_eq!(refresh(&second.body["refresh_token"]).await.status, 401, "the token of the other hand");
    for token in [&first["access_token"], &second.body["access_token"]] {
        assert_eq!(desk.get("/v1/auth/me", token.as_str().unwrap()).await.status, 401, "at once, too");
    }
});

over_both!(no_made_up_refresh_token_is_told_from_another, |desk| {
    let agency = desk.agency("riverton").await;
    let tenant = agency.id.simple();
    let tokens = [
        "x".to_owned(),
        format!("cr_{tenant}_{}_AAAA", uuid::Uuid::nil().simple()),
        format!("cr_{}_{}_AAAA", uuid::Uuid::nil().simple(), uuid::Uuid::nil().simple()),
    ];
    let mut answers = Vec::new();
    for token in tokens {
        answers.push(desk.post("/v1/auth/refresh", "", json!({ "refresh_token": token })).await.comparable());
    }
    assert!(answers[0].starts_with("401") && answers.iter().all(|a| *a == answers[0]), "{answers:#?}");
});

over_both!(a_session_ends_with_the_working_day_however_often_it_is_refreshed, |desk| {
    let agency = desk.agency("riverton").await;
    let mut token = desk.sign_in(&agency).await["refresh_token"].clone();
    for hour in 1..=13 {
        desk.pass(3600);
        let refreshed = desk.post("/v1/auth/refresh", "", json!({ "refresh_token": token })).await;
        assert_eq!(refreshed.status == 200, hour < 12, "hour {hour}");
        token = refreshed.body["refresh_token"].clone();
    }
});

over_both!(signing_out_is_immediate, |desk| {
    let agency = desk.agency("riverton").await;
    let signed = desk.sign_in(&agency).await;
    let token = signed["access_token"].as_str().unwrap();
    assert_eq!(desk.post("/v1/auth/logout", token, json!({})).await.status, 204);
    assert_eq!(desk.get("/v1/auth/me", token).await.status, 401);
    assert_eq!(
        desk.post("/v1/auth/refresh", "", json!({ "refresh_token": signed["refresh_token"] })).await.status,
        401
    );
});

over_both!(a_suspended_agency_is_shut_to_every_credential_until_it_is_resumed, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    let signed = desk.sign_in(&agency).await;
    tenants::suspend(&desk.app, agency.id).await.unwrap();
    for credential in [&agency.key, signed["access_token"].as_str().unwrap()] {
        let shut = desk.get("/v1/staff", credential).await;
        assert_eq!((shut.status.as_u16(), &shut.body["code"]), (403, &json!("tenant-suspended")));
    }
    let login =
        json!({ "tenant": "riverton", "email": agency.owner_email, "password": agency.owner_password.expose() });
    assert_eq!(desk.post("/v1/auth/login", "", login).await.status, 403);
    assert_eq!(desk.get("/v1/staff", &other.key).await.status, 200);
    tenants::resume(&desk.app, agency.id).await.unwrap();
    assert_eq!(desk.get("/v1/staff", &agency.key).await.status, 200);
});

over_both!(a_new_password_needs_the_current_one_and_ends_every_other_session, |desk| {
    let agency = desk.agency("riverton").await;
    let (here, elsewhere) = (desk.sign_in(&agency).await, desk.sign_in(&agency).await);
    let (here, elsewhere) = (here["access_token"].as_str().unwrap(), elsewhere["access_token"].as_str().unwrap());
    let change = async |credential: &str, current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        desk.post("/v1/auth/password", credential, body).await
    };
    let (old, new) = (agency.owner_password.expose(), "the river is high in spring");
    let wrong = change(here, "not the password at all", new).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["pointer"]), (422, &json!("/current_password")));
    let short = change(here, old, "short").await;
    assert_eq!((short.status.as_u16(), &short.body["errors"][0]["pointer"]), (422, &json!("/new_password")));
    assert_eq!(change(&agency.key, old, new).await.status, 409);
    assert_eq!(change(here, old, new).await.status, 204);
    assert_eq!(desk.get("/v1/auth/me", here).await.status, 200);
    assert_eq!(desk.get("/v1/auth/me", elsewhere).await.status, 401);
    let sign_in = async |password: &str| {
        let body = json!({ "tenant": "riverton", "email": agency.owner_email, "password": password });
        desk.post("/v1/auth/login", "", body).await.status
    };
    assert_eq!((sign_in(old).await.as_u16(), sign_in(new).await.as_u16()), (401, 200));
    let events = desk.get("/v1/events?limit=100", &agency.key).await.body.to_string();
    assert!(events.contains("staff.password_changed") && !events.contains("spring"), "{events}");
});

over_both!(wrong_current_passwords_are_counted_like_wrong_sign_ins, |desk| {
    let agency = desk.agency("riverton").await;
    let signed = desk.sign_in(&agency).await;
    let token = signed["access_token"].as_str().unwrap();
    let body = json!({ "current_password": "wrong", "new_password": "the river is high in spring" });
    for _ in 0..10 {
        assert_eq!(desk.post("/v1/auth/password", token, body.clone()).await.status, 422);
    }
    assert_eq!(desk.post("/v1/auth/password", token, body).await.status, 429);
});

over_both!(who_may_not_come_in_learns_nothing_of_the_form, |desk| {
    let (mine, other) = (desk.agency("riverton").await, desk.agency("lakeside").await);
    let unknown = mine.key.replace(&mine.id.simple().to_string(), &other.id.simple().to_string());
    let reader = desk.key(mine.id, &["topics:read"]).await;
    for (credential, status) in [(&unknown, 401), (&reader, 403), (&mine.key, 422)] {
        assert_eq!(desk.get("/v1/cases?sort=size", credential).await.status, status);
        assert_eq!(desk.get("/v1/cases?colour=red", credential).await.status, status);
        assert_eq!(desk.post("/v1/cases", credential, json!({ "colour": "red" })).await.status, status);
    }
    let revoked = desk.operator().await;
    desk.revoke_operators().await;
    assert_eq!(desk.post("/v1/tenants", &revoked, json!({ "colour": "red" })).await.status, 401);
    assert_eq!(desk.get("/v1/tenants?limit=0", &revoked).await.status, 401);
});

over_both!(a_new_signing_key_throws_nobody_out, |desk| {
    let agency = desk.agency("riverton").await;
    let known = async |token: &serde_json::Value| {
        desk.get("/v1/auth/me", token["access_token"].as_str().unwrap()).await.status.as_u16()
    };
    let keys = async || desk.get("/.well-known/jwks.json", "").await.body["keys"].as_array().unwrap().len();
    let kid = |token: &serde_json::Value| {
        token["access_token"].as_str().unwrap().split('.').next().map(str::to_owned).unwrap()
    };
    let before = desk.sign_in(&agency).await;
    desk.app.tokens.rotate(&desk.app.seal, &desk.app.ids, desk.app.time()).await.unwrap();
    assert_eq!((known(&before).await, keys().await), (200, 2));
    let early = desk.sign_in(&agency).await;
    assert_eq!(kid(&early), kid(&before), "other processes must learn the new key first");
    let hasty = desk.app.tokens.rotate(&desk.app.seal, &desk.app.ids, desk.app.time()).await;
    assert!(matches!(hasty, Err(crate::fail::Fail::Conflict { code: "just-rotated", .. })), "{hasty:?}");
    desk.pass(120);
    let after = desk.sign_in(&agency).await;
    assert_ne!(kid(&after), kid(&before));
    assert_eq!((known(&before).await, known(&after).await), (200, 200));
    desk.pass(815);
    assert_eq!((known(&before).await, known(&after).await, keys().await), (401, 200, 2));
    desk.pass(400);
    assert_eq!(keys().await, 1, "the old key is gone once no token of it can live");

    let other = TestApp::beside(&desk).await;
    let signed = other.sign_in(&agency).await;
    desk.app.tokens.rotate(&desk.app.seal, &desk.app.ids, desk.app.time()).await.unwrap();
    desk.pass(120);
    let newest = desk.sign_in(&agency).await;
    other.app.tokens.follow(&other.app.seal).await.unwrap();
    let token = newest["access_token"].as_str().unwrap();
    assert_eq!(other.get("/v1/auth/me", token).await.status, 200, "another process learned the key");
    assert_eq!(known(&signed).await, 200);
});
