//! Staff start a recovery for a citizen on the telephone, and see what was tried.

use serde_json::{Value, json};

use crate::{
    auth::Role,
    http::{
        recovery_tests::{SECOND, Town},
        testing::{TestApp, over_both},
    },
};

const CHECKS: [&str; 2] = ["Asked for the date of birth on file", "Called back the number on file"];

/// An agency with a checklist, Maria's account, and where her recoveries are.
async fn town<'a>(desk: &'a TestApp) -> (Town<'a>, String) {
    let town = Town::start(desk, "riverton").await;
    let set = json!({ "recovery": { "checklist": CHECKS } });
    assert_eq!(desk.patch("/v1/tenant", &town.agency.key, set).await.status, 200);
    town.registered("maria@example.org", 0).await;
    let contacts = desk.get("/v1/contacts?email=maria@example.org", &town.agency.key).await;
    let path = format!("/v1/contacts/{}/recoveries", contacts.body["data"][0]["id"].as_str().unwrap());
    (town, path)
}

async fn listed(town: &Town<'_>, path: &str) -> Value {
    let listed = town.desk.get(path, &town.agency.key).await;
    assert_eq!(listed.status, 200, "{:?}", listed.body);
    listed.body
}

over_both!(staff_start_a_recovery_for_somebody_on_the_telephone_and_see_no_secret, |desk| {
    let (town, path) = town(&desk).await;
    let shown = listed(&town, &path).await;
    assert_eq!((&shown["checklist"], &shown["addresses"][0]["value"]), (&json!(CHECKS), &json!("maria@example.org")));
    let body = json!({ "address_id": shown["addresses"][0]["id"], "checked": CHECKS });
    let started = desk.post(&path, &town.agency.key, body).await;
    assert_eq!(started.status, 202, "{:?}", started.body);
    let letter = town.letters(2).await.pop().unwrap();
    assert!(
        letter.text.starts_with("A member of staff of The riverton office started this for you"),
        "{}",
        letter.text
    );
    let code = town.code(2).await;
    let link = letter.text.split("/t/riverton/recover/").find(|part| !part.starts_with("rec_") && part.len() > 43);
    let everything = format!(
        "{}{}{}",
        started.body,
        listed(&town, &path).await,
        desk.get("/v1/events?limit=100", &town.agency.key).await.body
    );
    assert!(!everything.contains(&code) && !everything.contains(&code.replace(' ', "")), "{everything}");
    assert!(link.is_none_or(|link| !everything.contains(&link[..43])), "{everything}");
    let id = started.body["id"].as_str().unwrap();
    assert_eq!(town.complete(id, &code, SECOND).await.status, 204);
    assert_eq!(town.sign_in("maria@example.org", SECOND).await.status, 201);
    let one = listed(&town, &path).await["data"][0].clone();
    assert_eq!((&one["started_by"], &one["state"]), (&json!("staff"), &json!("used")));
    let events = desk.get("/v1/events?limit=100", &town.agency.key).await.body["data"].clone();
    let event = events.as_array().unwrap().iter().find(|e| e["type"] == "recovery.started_by_staff").unwrap();
    assert_eq!((&event["actor_kind"], &event["data"]["checked"]), (&json!("key"), &json!(CHECKS)));
});

over_both!(nothing_is_started_before_every_check_of_the_agency_was_made, |desk| {
    let (town, path) = town(&desk).await;
    let address = listed(&town, &path).await["addresses"][0]["id"].clone();
    for checked in
        [json!([]), json!([CHECKS[0]]), json!([CHECKS[0], "Had a good feeling"]), json!([CHECKS[0], CHECKS[1], "x"])]
    {
        let refused = desk.post(&path, &town.agency.key, json!({ "address_id": address, "checked": checked })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/checked")));
    }
    let strange = json!({ "address_id": "adr_0197f2a1c3d47b3e8a1f5c2d9e6b7a94", "checked": CHECKS });
    assert_eq!(desk.post(&path, &town.agency.key, strange).await.status, 422);
    let off = json!({ "recovery": { "assisted": false } });
    assert_eq!(desk.patch("/v1/tenant", &town.agency.key, off).await.status, 200);
    let refused = desk.post(&path, &town.agency.key, json!({ "address_id": address })).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("way-not-offered")));
    assert_eq!(town.letters(1).await.len(), 1);
});

// PR-31.
over_both!(who_may_start_a_recovery_is_whoever_answers_citizens_and_nobody_may_set_a_password, |desk| {
    let (town, path) = town(&desk).await;
    let address = listed(&town, &path).await["addresses"][0]["id"].clone();
    for (role, status) in
        [(Role::Owner, 202), (Role::Admin, 202), (Role::Supervisor, 202), (Role::Agent, 202), (Role::Auditor, 403)]
    {
        // An address gets no more than four codes in an hour.
        desk.pass(2 * 60 * 60);
        let email = format!("{}@staff.example", role.name());
        let password = desk.staff(town.agency.id, &email, role).await;
        let login = json!({ "tenant": "riverton", "email": email, "password": password.expose() });
        let signed = desk.post("/v1/auth/login", "", login).await;
        let token = signed.body["access_token"].as_str().unwrap().to_owned();
        let mut body = json!({ "address_id": address, "checked": CHECKS });
        assert_eq!(desk.post(&path, &token, body.clone()).await.status, status, "{role:?}");
        body["password"] = json!(SECOND);
        let refused = desk.post(&path, &token, body).await.status.as_u16();
        assert!(matches!(refused, 400 | 403 | 422), "{role:?}: {refused}");
    }
});

over_both!(staff_see_what_was_tried_and_how_it_ended_the_newest_first, |desk| {
    let (town, path) = town(&desk).await;
    let id = town.ask("recoveries", "maria@example.org").await;
    town.letters(2).await;
    desk.pass(60);
    let second = town.ask("recoveries", "maria@example.org").await;
    town.letters(3).await;
    assert_eq!(town.complete(&second, "0000 0000", SECOND).await.status, 409);
    let begin = std::time::Instant::now();
    loop {
        let data = listed(&town, &path).await["data"].clone();
        if data[0]["state"] == "sent" {
            assert_eq!((&data[0]["id"], &data[0]["tries"]), (&json!(second), &json!(1)));
            assert_eq!((&data[1]["id"], &data[1]["state"]), (&json!(id), &json!("replaced")));
            break;
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(30), "{data}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let metrics = crate::metrics::start().map(|()| crate::metrics::render()).unwrap();
    assert!(!metrics.contains("maria"), "{metrics}");
});
