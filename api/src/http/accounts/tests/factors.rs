//! Second factors: asked for after the password, good once, slow to guess.

use futures_util::future::join_all;
use serde_json::json;

use super::{MARIA, Maria, token};
use crate::http::{
    recovery_tests::{FIRST, SECOND},
    testing::{TestApp, over_both},
};

over_both!(an_authenticator_app_is_asked_for_after_the_password_and_each_code_works_once, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let other = token(&maria.town.sign_in(MARIA, FIRST).await);
    let begun = maria.post("/totp", json!({})).await;
    let uri = begun.body["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/The%20riverton%20office:maria%40example.org?secret="), "{uri}");
    assert_eq!(maria.town.sign_in(MARIA, FIRST).await.status, 201, "not before it is confirmed");
    let wrong = maria.post("/totp/confirm", json!({ "code": "000000" })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["pointer"]), (422, &json!("/code")));
    let secret = maria.adds_app().await;
    assert_ne!(begun.body["secret"], json!(secret), "an earlier beginning is over");
    assert_eq!(maria.post("/totp", json!({})).await.body["code"], "authenticator-there");
    assert_eq!(desk.get("/v1/account", &other).await.status, 401, "other sign-ins end");
    assert!(maria.get("").await.body["authenticator_since"].is_string());
    maria.letters_to(MARIA, "authenticator app was added", 1).await;

    let asked = maria.town.sign_in(MARIA, FIRST).await;
    assert_eq!((asked.status.as_u16(), &asked.body["code"]), (401, &json!("second-factor-required")));
    assert!(!format!("{:?}", asked.body).contains("cs_") && asked.headers.get("set-cookie").is_none());
    let unknown = maria.with_factor(SECOND, &maria.app_shows(&secret)).await;
    assert_eq!(unknown.body["code"], "unauthenticated", "a wrong password tells nothing of factors");
    let used = maria.with_factor(FIRST, &maria.app_shows(&secret)).await;
    assert_eq!(used.body["code"], "second-factor-required", "the code that confirmed the app was used");
    desk.pass(30);
    let code = maria.app_shows(&secret);
    let all = join_all((0..8).map(|_| maria.with_factor(FIRST, &code))).await;
    let won = all.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(won, 1, "{all:?}");

    assert_eq!(maria.delete("/totp").await.status, 204);
    assert_eq!(maria.delete("/totp").await.status, 404);
    assert_eq!(maria.town.sign_in(MARIA, FIRST).await.status, 201);
});

over_both!(a_saved_code_works_once_however_many_come_with_it_and_only_of_the_newest_set, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let secret = maria.adds_app().await;
    let old = maria.saves_codes().await;
    let codes = maria.saves_codes().await;
    assert_eq!((codes.len(), &maria.get("").await.body["saved_codes_left"]), (10, &json!(10)));
    assert!(codes.iter().all(|code| code.len() == 19 && !old.contains(code)), "{codes:?}");
    assert_eq!(maria.with_factor(FIRST, &old[0]).await.status, 401, "the set before is worth nothing");
    let typed = codes[0].to_lowercase().replace('-', " ");
    // One who wins clears the count of the others, so that nobody has to wait before all have tried.
    let all = join_all((0..5).map(|_| maria.with_factor(FIRST, &typed))).await;
    let won = all.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(won, 1, "{:?}", all.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert_eq!(maria.get("").await.body["saved_codes_left"], 9);
    assert_eq!(maria.with_factor(FIRST, &codes[1]).await.status, 201);
    desk.pass(60);
    assert_eq!(maria.with_factor(FIRST, &maria.app_shows(&secret)).await.status, 201);
});

over_both!(wrong_factors_wait_longer_each_time_and_a_hundred_end_the_app, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let secret = maria.adds_app().await;
    let codes = maria.saves_codes().await;
    desk.pass(60);
    for _ in 0..5 {
        assert_eq!(maria.with_factor(FIRST, "000000").await.body["code"], "second-factor-required");
    }
    let waits = maria.with_factor(FIRST, &maria.app_shows(&secret)).await;
    assert_eq!((waits.status.as_u16(), waits.header("retry-after")), (429, "30"), "{:?}", waits.body);
    desk.pass(31);
    assert_eq!(
        maria.with_factor(FIRST, &maria.app_shows(&secret)).await.status,
        201,
        "and a right one clears the count"
    );
    for _ in 0..100 {
        assert_eq!(maria.with_factor(FIRST, "000000").await.status, 401);
        desk.pass(60 * 60);
    }
    assert_eq!(
        maria.with_factor(FIRST, &maria.app_shows(&secret)).await.status,
        401,
        "its codes open nothing any more"
    );
    maria.letters_to(MARIA, "Too many wrong codes", 1).await;
    desk.pass(60 * 60);
    assert_eq!(maria.with_factor(FIRST, &codes[0]).await.status, 201, "a saved code does");
    assert!(maria.log().await.iter().any(|line| line == "account.authenticator_disabled"));
});

over_both!(a_new_password_by_a_code_leaves_the_second_factor_where_it_is, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let secret = maria.adds_app().await;
    desk.pass(60);
    let recovery = maria.town.ask("recoveries", MARIA).await;
    let code = maria.code_to(MARIA, 2).await;
    assert_eq!(maria.town.complete(&recovery, &code, SECOND).await.status, 204);
    assert_eq!(maria.town.sign_in(MARIA, SECOND).await.body["code"], "second-factor-required");
    assert_eq!(maria.with_factor(SECOND, &maria.app_shows(&secret)).await.status, 201);
});

over_both!(what_lies_in_the_database_of_second_factors_opens_nothing, |desk| {
    use crate::store::factors;
    let maria = Maria::signed_in(&desk).await;
    let secret = maria.adds_app().await;
    let codes = maria.saves_codes().await;
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let id = maria.get("").await.body["id"].as_str().unwrap().to_owned();
    let account = crate::store::Uid(crate::ids::ACCOUNT.read(&id).unwrap());
    let door = desk.app.store.tenant(maria.town.agency.id);
    let (app, kept) = door
        .read(move |tx| {
            Ok::<_, crate::store::Error>((factors::authenticator(tx, account)?, factors::saved(tx, account)?))
        })
        .await
        .unwrap();
    assert!(!app.unwrap().sealed.windows(bytes.len()).any(|part| part == bytes));
    assert_eq!(kept.len(), 10);
    for row in kept {
        let hash = String::from_utf8_lossy(&row.hash).into_owned();
        assert!(codes.iter().all(|code| !hash.contains(&code[..4])), "{hash}");
    }
});

over_both!(a_shorter_password_will_do_beside_an_app_where_the_agency_says_so_and_never_alone, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let key = maria.town.agency.key.clone();
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let short = "herons rain";
    maria.adds_app().await;
    assert_eq!(maria.post("/password", change(FIRST, short)).await.status, 422, "not before the agency says so");
    let policy = json!({ "recovery": { "password_length_with_second_factor": 8 } });
    let set = desk.patch("/v1/tenant", &key, policy).await;
    assert_eq!(set.status, 200, "{:?}", set.body);
    assert_eq!(maria.post("/password", change(FIRST, "herons!")).await.status, 422);
    assert_eq!(maria.post("/password", change(FIRST, short)).await.status, 204);
    assert_eq!(maria.delete("/totp").await.body["code"], "short-password");
    assert_eq!(maria.post("/password", change(short, SECOND)).await.status, 204);
    assert_eq!(maria.delete("/totp").await.status, 204);
    assert_eq!(maria.post("/password", change(SECOND, short)).await.status, 422, "alone it is too short");
});

over_both!(whoever_lost_the_device_gets_in_again_with_a_code_that_was_sent_and_one_that_was_saved, |desk| {
    let maria = Maria::signed_in(&desk).await;
    maria.adds_app().await;
    let codes = maria.saves_codes().await;
    let recovery = maria.town.ask("recoveries", MARIA).await;
    let code = maria.code_to(MARIA, 2).await;
    let path = format!("recoveries/{recovery}/complete");
    let shown = |saved: &str| json!({ "code": code, "saved_code": saved, "password": SECOND });
    let wrong = maria.town.post(&path, shown("AAAA-AAAA-AAAA-AAAA")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["code"]), (409, &json!("code-refused")));
    let both = join_all((0..4).map(|_| maria.town.post(&path, shown(&codes[0])))).await;
    assert_eq!(both.iter().filter(|answer| answer.status == 204).count(), 1, "{both:?}");
    assert_eq!(maria.town.sign_in(MARIA, SECOND).await.status, 201, "the lost device is asked for no more");
    maria.letters_to(MARIA, "authenticator app was removed", 1).await;
    assert_eq!(maria.town.sign_in(MARIA, FIRST).await.status, 401);
});
