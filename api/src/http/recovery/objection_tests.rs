//! "This was not me": what the reader of a notice can do, and what nobody can do with it.

use serde_json::{Value, json};

use crate::{
    http::{
        recovery_tests::{FIRST, SECOND, Town},
        testing::{TestApp, over_both},
    },
    pages::tests::browser::Browser,
};

const THIRD: &str = "a kettle sings before the rain";

/// Somebody with Maria's mailbox has set a password of theirs. The answers: their sign-in, and the link of the notice.
async fn taken_over(town: &Town<'_>) -> (String, String) {
    town.registered("maria@example.org", 0).await;
    let id = town.ask("recoveries", "maria@example.org").await;
    let code = town.code(2).await;
    assert_eq!(town.complete(&id, &code, SECOND).await.status, 204);
    let notice = town.letters(3).await.pop().unwrap();
    let path = notice.text.split("https://desk.example").nth(1).unwrap_or_else(|| panic!("{}", notice.text));
    let path = path.split_whitespace().next().unwrap().to_owned();
    assert!(path.starts_with("/t/riverton/object/"), "{path}");
    let signed = town.sign_in("maria@example.org", SECOND).await;
    (signed.body["token"].as_str().unwrap().to_owned(), path)
}

async fn events(town: &Town<'_>) -> Vec<Value> {
    let events = town.desk.get("/v1/events?limit=100", &town.agency.key).await;
    events.body["data"].as_array().unwrap().clone()
}

async fn until(town: &Town<'_>, kind: &str) {
    let begin = std::time::Instant::now();
    while !events(town).await.iter().any(|event| event["type"] == kind) {
        assert!(begin.elapsed() < std::time::Duration::from_secs(30), "no {kind}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

over_both!(whoever_reads_the_notice_locks_the_account_and_gets_in_again_with_the_help_of_staff, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let (token, path) = taken_over(&town).await;
    let mut maria = Browser::new(&desk);
    for _ in 0..3 {
        let page = maria.get(&path).await.to();
        assert_eq!(page, "/t/riverton/object");
        assert!(maria.get(&page).await.text.contains("lock my account"));
    }
    assert_eq!(desk.get("/v1/account", &token).await.status, 200, "looking does nothing");
    let done = maria.fill("/t/riverton/object", &[], &[]).await.to();
    assert!(maria.get(&done).await.text.contains("Your account is locked"));
    assert_eq!(desk.get("/v1/account", &token).await.status, 401, "every sign-in has ended");
    for password in [FIRST, SECOND] {
        assert_eq!(town.sign_in("maria@example.org", password).await.status, 401);
    }
    let cases = desk.get("/v1/cases", &town.agency.key).await.body["data"].clone();
    assert_eq!((cases.as_array().unwrap().len(), &cases[0]["priority"]), (1, &json!("high")), "{cases}");
    assert!(events(&town).await.iter().any(|event| event["type"] == "account.objected"));
    // The way by which the change came opens nothing, until staff have seen who it is.
    town.ask("recoveries", "maria@example.org").await;
    until(&town, "recovery.refused").await;
    assert_eq!(town.letters(3).await.len(), 3);
    let contacts = desk.get("/v1/contacts?email=maria@example.org", &town.agency.key).await;
    let path = format!("/v1/contacts/{}/recoveries", contacts.body["data"][0]["id"].as_str().unwrap());
    let listed = desk.get(&path, &town.agency.key).await.body;
    let started = desk.post(&path, &town.agency.key, json!({ "address_id": listed["addresses"][0]["id"] })).await;
    assert_eq!(started.status, 202, "{:?}", started.body);
    let code = town.code(4).await;
    assert_eq!(town.complete(started.body["id"].as_str().unwrap(), &code, THIRD).await.status, 204);
    assert_eq!(town.sign_in("maria@example.org", THIRD).await.status, 201);
});

// PR-10, PR-37.
over_both!(a_notice_objects_once_for_five_days_and_no_secret_does_the_work_of_another, |desk| {
    let (town, other) = (Town::start(&desk, "riverton").await, Town::start(&desk, "hillview").await);
    let (token, path) = taken_over(&town).await;
    let objection = path.rsplit('/').next().unwrap().to_owned();
    let id = town.ask("recoveries", "maria@example.org").await;
    let letter = town.letters(4).await.pop().unwrap();
    let reset = letter.text.split("/t/riverton/recover/").nth(1).unwrap()[..43].to_owned();
    let object = |token: &str| json!({ "token": token });
    let mut told = vec![
        town.post("objections", object(&reset)).await,
        town.post("objections", object("nonsense")).await,
        other.post("objections", object(&objection)).await,
        town.post(&format!("recoveries/{id}/complete"), json!({ "token": objection, "password": THIRD })).await,
    ];
    assert_eq!(desk.get("/v1/account", &token).await.status, 200, "nothing has happened");
    desk.pass(60);
    assert_eq!(town.post("objections", object(&objection)).await.status, 204);
    assert_eq!(desk.get("/v1/account", &token).await.status, 401);
    told.push(town.post("objections", object(&objection)).await);
    // PR-15: what was on its way opens nothing either.
    told.push(town.post(&format!("recoveries/{id}/complete"), json!({ "token": reset, "password": THIRD })).await);
    let said = |body: &Value| (body["code"].clone(), body["detail"].clone(), body["status"].clone());
    assert_eq!(told[0].status, 409, "{:?}", told[0].body);
    assert!(told.iter().all(|answer| said(&answer.body) == said(&told[0].body)), "{told:#?}");
});

over_both!(a_notice_that_is_older_than_five_days_objects_to_nothing, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let (_, path) = taken_over(&town).await;
    desk.pass(5 * 24 * 60 * 60 + 1);
    let token = path.rsplit('/').next().unwrap();
    assert_eq!(town.post("objections", json!({ "token": token })).await.status, 409);
    assert_eq!(town.sign_in("maria@example.org", SECOND).await.status, 201);
    let mut maria = Browser::new(&desk);
    let page = maria.get(&path).await.to();
    assert!(maria.get(&page).await.text.contains("This link does not work"));
});

// PR-15.
over_both!(a_code_dies_when_the_password_is_changed_in_another_way, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let signed = town.sign_in("maria@example.org", FIRST).await;
    let id = town.ask("recoveries", "maria@example.org").await;
    let code = town.code(2).await;
    let change = json!({ "current_password": FIRST, "new_password": SECOND });
    assert_eq!(desk.post("/v1/account/password", signed.body["token"].as_str().unwrap(), change).await.status, 204);
    assert_eq!(town.complete(&id, &code, THIRD).await.status, 409);
    assert_eq!(town.sign_in("maria@example.org", SECOND).await.status, 201);
});

over_both!(whoever_is_stuck_opens_a_case_with_what_they_tried, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let mut maria = Browser::new(&desk);
    assert!(maria.get("/t/riverton/recover/help").await.text.contains("cannot write to our staff"));
    let web = desk.post("/v1/channels", &town.agency.key, json!({ "connector": "web" })).await;
    assert_eq!(web.status, 201, "{:?}", web.body);
    let ask = maria.get("/t/riverton/recover").await.html();
    assert!(ask.all("a").iter().any(|a| a.get("href") == Some("/t/riverton/recover/help")));
    let wrong = maria.fill("/t/riverton/recover/help", &[("/identifier", "maria@")], &[]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let sent = maria.fill("/t/riverton/recover/help", &[("/identifier", "maria@example.org")], &[]).await.to();
    assert!(sent.starts_with("/t/riverton/requests/") && sent.ends_with("/received"), "{sent}");
    let case = desk.get("/v1/cases", &town.agency.key).await.body["data"][0].clone();
    assert_eq!(case["subject"], "A citizen cannot set a new password");
});
