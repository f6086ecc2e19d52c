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
