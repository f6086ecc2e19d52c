//! Staff who are invited, and staff who forgot the password: as they, their colleagues and strangers see it.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    auth::Role,
    http::{
        recovery_tests::{FIRST, SECOND, Town},
        testing::{Answered, TestApp, over_both},
    },
    ids,
    store::staff_keys,
};

/// The secret at the end of the link in the newest of so many letters.
async fn token(town: &Town<'_>, letters: usize) -> String {
    let letter = town.letters(letters).await.pop().unwrap();
    let link = letter.text.split_whitespace().find(|word| word.contains("/staff/recover/"));
    link.unwrap_or_else(|| panic!("no link: {}", letter.text)).rsplit('/').next().unwrap().to_owned()
}

async fn choose(town: &Town<'_>, token: &str, password: &str) -> Answered {
    town.post("staff-passwords", json!({ "token": token, "password": password })).await
}

async fn sign_in(town: &Town<'_>, email: &str, password: &str) -> Answered {
    let who = json!({ "tenant": town.agency.slug, "email": email, "password": password });
    town.desk.post("/v1/auth/login", "", who).await
}

async fn invited(town: &Town<'_>, email: &str) -> Value {
    let new = json!({ "email": email, "name": "Ana Lima", "role": "agent", "invite": true });
    let made = town.desk.post("/v1/staff", &town.agency.key, new).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body.get("password").cloned().unwrap_or_default(), Value::Null, "nobody sees a password: {made:?}");
    made.body
}

over_both!(a_colleague_is_invited_and_chooses_a_password_that_nobody_else_sees, |desk| {
    let town = Town::start(&desk, "riverton").await;
    invited(&town, "ana@riverton.example").await;
    let link = token(&town, 1).await;
    let letter = town.letters(1).await.remove(0);
    assert_eq!(letter.to[0].address, "ana@riverton.example");
    assert!(letter.text.contains("https://desk.example/t/riverton/staff/recover/"), "{}", letter.text);
    assert_eq!(sign_in(&town, "ana@riverton.example", "").await.status, 401, "no password is none");
    let weak = choose(&town, &link, "passwordpassword").await;
    assert_eq!((weak.status.as_u16(), &weak.body["errors"][0]["pointer"]), (422, &json!("/password")), "{weak:?}");
    assert_eq!(choose(&town, &link, FIRST).await.status, 204, "a refused password costs nothing");
    assert_eq!(sign_in(&town, "ana@riverton.example", FIRST).await.status, StatusCode::OK);
    assert_eq!(choose(&town, &link, SECOND).await.status, 409);
    assert_eq!(sign_in(&town, "ana@riverton.example", SECOND).await.status, 401);
});

over_both!(staff_who_forgot_the_password_get_a_link_and_are_signed_out_everywhere, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let old = desk.staff(town.agency.id, "ana@riverton.example", Role::Agent).await;
    let session = sign_in(&town, "ana@riverton.example", old.expose()).await;
    let access = session.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(desk.get("/v1/auth/me", &access).await.status, 200);

    // Whoever asks is answered alike; one letter goes to the one who works here, as the agency wrote her address.
    let mut said = Vec::new();
    for identifier in ["nobody@riverton.example", "Ana@Riverton.Example"] {
        let asked = town.post("staff-recoveries", json!({ "identifier": identifier })).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        said.push(asked.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
    }
    assert_eq!(said[0], said[1]);
    let link = token(&town, 1).await;
    assert_eq!(town.letters(1).await[0].to[0].address, "ana@riverton.example");
    assert_eq!(sign_in(&town, "ana@riverton.example", old.expose()).await.status, 200, "asking changes nothing");
    assert_eq!(choose(&town, &link, SECOND).await.status, 204);
    assert_eq!(desk.get("/v1/auth/me", &access).await.status, 401);
    assert_eq!(sign_in(&town, "ana@riverton.example", old.expose()).await.status, 401);
    assert_eq!(sign_in(&town, "ana@riverton.example", SECOND).await.status, 200);
    let told = town.letters(2).await.pop().unwrap();
    assert!(told.text.contains("was changed just now") && told.to[0].address == "ana@riverton.example", "{told:?}");
});

over_both!(a_link_for_staff_ends_by_time_by_a_newer_one_and_by_any_change_of_the_member, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let other = Town::start(&desk, "harbor").await;
    let ana = invited(&town, "ana@riverton.example").await;
    let (path, key) = (format!("/v1/staff/{}", ana["id"].as_str().unwrap()), town.agency.key.clone());
    let mut links = vec![token(&town, 1).await];
    for letters in 2..=3 {
        let sent = desk.post(&format!("{path}/invitation"), &key, json!({})).await;
        assert_eq!(sent.status, 202, "{sent:?}");
        links.push(token(&town, letters).await);
    }
    let garbage = choose(&town, &"A".repeat(43), FIRST).await;
    let foreign = choose(&other, &links[2], FIRST).await;
    let replaced = choose(&town, &links[0], FIRST).await;
    let renamed = desk.patch(&path, &key, json!({ "name": "Ana Ruiz" })).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let changed = choose(&town, &links[2], FIRST).await;
    desk.post(&format!("{path}/invitation"), &key, json!({})).await;
    let late = token(&town, 4).await;
    desk.pass(24 * 3600 + 1);
    let late = choose(&town, &late, FIRST).await;
    for refused in [foreign, replaced, changed, late] {
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &garbage.body["code"]), "{refused:?}");
        assert_eq!(refused.body["detail"], garbage.body["detail"]);
    }
    let gone = desk.patch(&path, &key, json!({ "status": "disabled" })).await;
    assert_eq!(gone.status, 200);
    let refused = desk.post(&format!("{path}/invitation"), &key, json!({})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("disabled")));
});

over_both!(a_link_for_staff_works_once_however_many_come_at_once, |desk| {
    let town = Town::start(&desk, "riverton").await;
    invited(&town, "ana@riverton.example").await;
    let link = token(&town, 1).await;
    let passwords: Vec<String> = (0..12).map(|n| format!("{FIRST}, number {n}")).collect();
    let tries = passwords.iter().map(|password| choose(&town, &link, password));
    let ended: Vec<u16> = futures_util::future::join_all(tries).await.iter().map(|end| end.status.as_u16()).collect();
    assert_eq!(ended.iter().filter(|status| **status == 204).count(), 1, "{ended:?}");
    assert!(ended.iter().all(|status| [204, 409].contains(status)), "{ended:?}");
    let winner = ended.iter().position(|status| *status == 204).unwrap();
    for (n, password) in passwords.iter().enumerate() {
        let status = if n == winner { 200 } else { 401 };
        desk.pass(600);
        assert_eq!(sign_in(&town, "ana@riverton.example", password).await.status, status, "{n} of {winner}");
    }
});

over_both!(a_colleague_of_lower_rank_invites_nobody, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let owner = desk.get("/v1/staff", &town.agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let agent = desk.key(town.agency.id, &["agent"]).await;
    let path = format!("/v1/staff/{owner}/invitation");
    assert_eq!(desk.post(&path, &agent, json!({})).await.status, 403);
    let nobody = format!("/v1/staff/{}/invitation", crate::http::testing::nothing(ids::STAFF));
    assert_eq!(desk.post(&nobody, &town.agency.key, json!({})).await.status, 404);
    assert!(town.mailbox.sent().is_empty());
    let both = json!({ "email": "a@a.example", "name": "A", "role": "agent", "invite": true, "password": FIRST });
    let both = desk.post("/v1/staff", &town.agency.key, both).await;
    assert_eq!((both.status.as_u16(), &both.body["errors"][0]["pointer"]), (422, &json!("/password")));
});

over_both!(what_is_kept_of_a_link_for_staff_opens_nothing, |desk| {
    let town = Town::start(&desk, "riverton").await;
    invited(&town, "ana@riverton.example").await;
    let link = token(&town, 1).await;
    let door = desk.app.store.tenant(town.agency.id);
    let kept = door.read(staff_keys::all).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!format!("{kept:?}").contains(&link));
});
