//! The same trip over every directory: sign in, forget, ask, get a code, set a new password, sign in with it.

use std::time::{Duration, Instant};

use civicdesk_providers::directory::{Person, Wrong};
use serde_json::{Value, json};

use super::{
    super::{
        recovery_tests::{FIRST, SECOND, Town},
        testing::{Answered, TestApp, over_both},
    },
    tests::{fake_of, signed},
};
use crate::directories::ldap::tests::Branch;

const MARIA: &str = "Maria.Iglesias@Example.org";
const TYPED: &str = "maria.iglesias@example.org";
/// Long enough for us, and too short for the directories of the tests.
const SHORT: &str = "sixteen letters!";

fn person(subject: &str, email: &str, active: bool) -> Person {
    let (phone, password) = (String::new(), FIRST.to_owned());
    Person { subject: subject.to_owned(), email: email.to_owned(), phone, password, active }
}

async fn held_in(desk: &TestApp, town: &Town<'_>, settings: Value) {
    let set = desk.put("/v1/tenant/directory", &town.agency.key, json!({ "settings": settings })).await;
    assert_eq!(set.status, 200, "{:?}", set.body);
}

/// So many letters were sent before. Answers how many there are now.
async fn the_trip(desk: &TestApp, town: &Town<'_>, letters: usize) -> usize {
    let signed = town.sign_in(TYPED, FIRST).await;
    assert_eq!(signed.status, 201, "{:?}", signed.body);
    let token = signed.body["token"].as_str().unwrap().to_owned();
    let own = desk.get("/v1/account", &token).await;
    assert_eq!((own.status.as_u16(), &own.body["addresses"][0]["value"]), (200, &json!(MARIA)), "{:?}", own.body);

    let id = town.ask("recoveries", TYPED).await;
    let code = town.code(letters + 1).await;
    assert_eq!(town.letters(letters + 1).await.pop().unwrap().to[0].address, MARIA, "never to what was typed");
    let set = town.complete(&id, &code, SECOND).await;
    assert_eq!(set.status, 204, "{:?}", set.body);
    assert_eq!(desk.get("/v1/account", &token).await.status, 401, "every sign-in has ended");
    assert_eq!(town.sign_in(TYPED, FIRST).await.status, 401, "the old password is none any more");
    assert_eq!(town.sign_in(TYPED, SECOND).await.status, 201);
    assert_eq!(town.complete(&id, &code, FIRST).await.status, 409, "a code works once");
    let notice = town.letters(letters + 2).await.pop().unwrap();
    assert!(notice.text.contains("was changed") && notice.to[0].address == MARIA, "{notice:?}");
    letters + 2
}

/// What directories with rules of their own have to keep beside it.
async fn against_the_rules(town: &Town<'_>, letters: usize) {
    let id = town.ask("recoveries", TYPED).await;
    let code = town.code(letters + 1).await;
    let refused = town.complete(&id, &code, SHORT).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/password")));
    let why = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(why.len() > 60 && !why.contains(SHORT), "{why}");
    assert_eq!(town.sign_in(TYPED, SECOND).await.status, 201, "the password is as before");
    let set = town.complete(&id, &code, "a kettle hums on the long pier").await;
    assert_eq!(set.status, 204, "the code is as good as before: {:?}", set.body);
    for closed in ["carl@example.org", "desk@example.org", "nobody@example.org"] {
        assert_eq!(town.sign_in(closed, FIRST).await.status, 401, "{closed}");
    }
}

over_both!(the_trip_passes_over_our_own_tables, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered(MARIA, 0).await;
    the_trip(&desk, &town, 1).await;
});

over_both!(the_trip_passes_over_an_agencys_own_system, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let people = vec![
        person("1001", MARIA, true),
        person("1002", "desk@example.org", true),
        person("1003", "desk@example.org", true),
        person("1004", "carl@example.org", false),
    ];
    let fake = fake_of(&desk, people).await;
    held_in(&desk, &town, signed(&fake)).await;
    let letters = the_trip(&desk, &town, 0).await;
    against_the_rules(&town, letters).await;
    let door = desk.app.store.tenant(town.agency.id);
    let kept = door.read(|tx: &mut crate::store::Tx| crate::store::accounts::by_subject(tx, "1001")).await;
    let kept: crate::store::accounts::Account = kept.unwrap().unwrap();
    assert_eq!(kept.password_hash, crate::auth::passwords::NOBODY, "no password is kept here");
});

async fn the_trip_over_openldap(desk: TestApp) {
    let mut branch = Branch::grow("trip").await;
    branch.person("maria", FIRST, &[("mail", MARIA)]).await;
    branch.person("ana", FIRST, &[("mail", "desk@example.org")]).await;
    branch.person("bea", FIRST, &[("mail", "desk@example.org")]).await;
    branch.person("carl", FIRST, &[("mail", "carl@example.org"), ("userAccountControl", "514")]).await;
    let town = Town::start(&desk, "riverton").await;
    held_in(&desk, &town, branch.settings(&json!({}))).await;
    let letters = the_trip(&desk, &town, 0).await;
    against_the_rules(&town, letters).await;
}

#[actix_web::test]
#[ignore = "needs slapd: run by tests/run"]
async fn the_trip_passes_over_a_real_openldap_and_sqlite() {
    the_trip_over_openldap(TestApp::start().await).await;
}

#[cfg(feature = "postgres")]
#[actix_web::test]
#[ignore = "needs slapd and PostgreSQL: run by tests/run"]
async fn the_trip_passes_over_a_real_openldap_and_postgres() {
    the_trip_over_openldap(TestApp::on_postgres().await).await;
}

over_both!(a_directory_that_is_down_says_so_and_tells_nobody_who_exists, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let fake = fake_of(&desk, vec![person("1001", MARIA, true)]).await;
    held_in(&desk, &town, signed(&fake)).await;
    let id = town.ask("recoveries", TYPED).await;
    let code = town.code(1).await;

    fake.http.go_down().await.unwrap();
    let said = |answer: &Answered| (answer.status.as_u16(), answer.body["code"].clone(), answer.body["detail"].clone());
    let (known, unknown) = (town.sign_in(TYPED, FIRST).await, town.sign_in("nobody@example.org", FIRST).await);
    assert_eq!((known.status.as_u16(), &known.body["code"]), (503, &json!("directory-down")), "{:?}", known.body);
    assert_eq!(said(&known), said(&unknown));
    assert_eq!(known.header("retry-after"), "30");
    let set = town.complete(&id, &code, SECOND).await;
    assert_eq!((set.status.as_u16(), &set.body["code"]), (503, &json!("directory-down")), "{:?}", set.body);
    assert_eq!(set.header("retry-after"), "30");
    fake.http.come_up().await.unwrap();
    assert_eq!(town.sign_in(TYPED, FIRST).await.status, 201, "the old password is as before");
    let set = town.complete(&id, &code, SECOND).await;
    assert_eq!(set.status, 204, "the code was given back: {:?}", set.body);
    assert_eq!(town.sign_in(TYPED, SECOND).await.status, 201);
});

over_both!(whoever_asks_while_the_directory_is_down_is_answered_alike_and_gets_the_code_once_it_is_up, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let fake = fake_of(&desk, vec![person("1001", MARIA, true)]).await;
    held_in(&desk, &town, signed(&fake)).await;
    fake.http.go_down().await.unwrap();
    let mut answers = Vec::new();
    for who in [TYPED, "nobody@example.org"] {
        let answer = town.post("recoveries", json!({ "identifier": who })).await;
        answers.push(answer.comparable().replace(answer.body["recovery_id"].as_str().unwrap(), "…"));
        let begin = Instant::now();
        while desk.get("/v1/tenant/directory", &town.agency.key).await.body["health"] != "failing" {
            assert!(begin.elapsed() < Duration::from_secs(30), "the job has looked");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    assert_eq!(answers[0], answers[1]);
    fake.http.come_up().await.unwrap();
    desk.pass(11);
    let letters = town.letters(1).await;
    assert_eq!(letters[0].to[0].address, MARIA);
    // Who waited too long is not written to any more.
    fake.http.go_down().await.unwrap();
    town.ask("recoveries", TYPED).await;
    let events = async || desk.get("/v1/events", &town.agency.key).await.body.to_string();
    let begin = Instant::now();
    while !events().await.contains("did not answer in time") {
        assert!(begin.elapsed() < Duration::from_secs(30), "the job gives up");
        desk.pass(60);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(town.letters(1).await.len(), 1);
});

over_both!(a_directory_that_does_not_say_what_it_did_is_asked_and_nobody_is_told_a_guess, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let fake = fake_of(&desk, vec![person("1001", MARIA, true)]).await;
    held_in(&desk, &town, signed(&fake)).await;
    let token = town.sign_in(TYPED, FIRST).await.body["token"].as_str().unwrap().to_owned();
    let id = town.ask("recoveries", TYPED).await;
    let code = town.code(1).await;
    fake.goes(Wrong::Unsigned);
    let unsure = town.complete(&id, &code, SECOND).await;
    assert_eq!((unsure.status.as_u16(), &unsure.body["code"]), (409, &json!("password-unsure")), "{:?}", unsure.body);
    fake.goes(Wrong::Nothing);
    assert_eq!(desk.get("/v1/account", &token).await.status, 401, "in doubt nobody stays signed in");
    assert_eq!(town.complete(&id, &code, SECOND).await.status, 409, "in doubt the code is used up");
    assert_eq!(town.sign_in(TYPED, SECOND).await.status, 201, "this directory had taken it");
});

over_both!(whoever_is_signed_in_changes_the_password_that_the_directory_has, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let fake = fake_of(&desk, vec![person("1001", MARIA, true)]).await;
    held_in(&desk, &town, signed(&fake)).await;
    let token = town.sign_in(TYPED, FIRST).await.body["token"].as_str().unwrap().to_owned();
    let change = async |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        desk.post("/v1/account/password", &token, body).await
    };
    assert_eq!(change(SECOND, SECOND).await.status, 422);
    let refused = change(FIRST, SHORT).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/new_password")));
    assert_eq!(change(FIRST, SECOND).await.status, 204);
    assert_eq!(fake.people()[0].password, SECOND);
    assert_eq!(town.sign_in(TYPED, SECOND).await.status, 201);
    assert_eq!(town.sign_in(TYPED, FIRST).await.status, 401);
});

over_both!(an_account_follows_its_person_and_an_address_its_holder, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered(TYPED, 0).await;
    let before = town.sign_in(TYPED, FIRST).await.body["token"].as_str().unwrap().to_owned();
    let before = desk.get("/v1/account", &before).await.body["id"].clone();
    let fake = fake_of(&desk, vec![person("1001", MARIA, true)]).await;
    held_in(&desk, &town, signed(&fake)).await;
    let own = async |identifier: &str| {
        let signed = town.sign_in(identifier, FIRST).await;
        assert_eq!(signed.status, 201, "{:?}", signed.body);
        let token = signed.body["token"].as_str().unwrap().to_owned();
        desk.get("/v1/account", &token).await.body["id"].clone()
    };
    assert_eq!(own(TYPED).await, before, "whoever had an account here goes on with it");
    // The mailbox goes to somebody else, and she gets another one.
    let other = fake_of(&desk, vec![person("1001", "maria@example.org", true), person("2002", MARIA, true)]).await;
    held_in(&desk, &town, signed(&other)).await;
    assert_ne!(own(TYPED).await, before, "the address is another account's now");
    assert_eq!(own("maria@example.org").await, before, "and she is who she was");
});
