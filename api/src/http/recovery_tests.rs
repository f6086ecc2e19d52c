//! Accounts and recovery, as citizens and those who would be one of them see them.

use std::time::{Duration, Instant};

use civicdesk_contract::{Outbound, memory::Mailbox};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::testing::{Agency, Answered, TestApp, over_both};
use crate::{
    jobs::{self, runner::Runner},
    store::{recoveries, secret_letters},
};

pub const FIRST: &str = "the river ran past my school";
pub const SECOND: &str = "nine herons stood in the rain";

/// An agency with a mailbox, and its jobs at work until this is dropped.
pub struct Town<'a> {
    pub desk: &'a TestApp,
    pub agency: Agency,
    pub mailbox: Arc<Mailbox>,
    stop: CancellationToken,
}

impl Drop for Town<'_> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl<'a> Town<'a> {
    pub async fn start(desk: &'a TestApp, slug: &str) -> Self {
        let agency = desk.agency(slug).await;
        let mailbox = desk.network.mailbox(slug, "open sesame");
        let new = json!({ "connector": "memory", "name": "Help", "address": format!("{slug}@town.example"),
            "settings": { "network": slug, "secret": "open sesame" } });
        assert_eq!(desk.post("/v1/channels", &agency.key, new).await.status, 201);
        let app = &desk.app;
        let deps = jobs::Deps {
            intake: app.intake.clone(),
            opener: app.opener.clone(),
            recovery: app.recovery.clone(),
            paused: crate::outgoing::paused,
            patience: SignedDuration::from_mins(10),
            scanner: None,
        };
        let stop = CancellationToken::new();
        let runner = Runner::new(app.store.clone(), app.clock.clone(), jobs::all(deps));
        tokio::spawn(runner.run(stop.clone()));
        Self { desk, agency, mailbox, stop }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answered {
        self.desk.post(&format!("/v1/public/{}/{path}", self.agency.slug), "", body).await
    }

    /// Asks for a code, and answers by which id it is typed in.
    pub async fn ask(&self, what: &str, identifier: &str) -> String {
        let asked = self.post(what, json!({ "identifier": identifier })).await;
        assert_eq!(asked.status, 202, "{:?}", asked.body);
        asked.body["recovery_id"].as_str().unwrap().to_owned()
    }

    /// The letters, once there are so many.
    pub async fn letters(&self, many: usize) -> Vec<Outbound> {
        let begin = Instant::now();
        while self.mailbox.sent().len() < many {
            assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", self.mailbox.sent());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.mailbox.sent()
    }

    /// The code in the newest of so many letters.
    pub async fn code(&self, letters: usize) -> String {
        let text = self.letters(letters).await.pop().unwrap().text;
        let after = text.split("code is ").nth(1).unwrap_or_else(|| panic!("{text}"));
        after.chars().take(9).collect()
    }

    pub async fn complete(&self, id: &str, code: &str, password: &str) -> Answered {
        self.post(&format!("recoveries/{id}/complete"), json!({ "code": code, "password": password })).await
    }

    pub async fn sign_in(&self, identifier: &str, password: &str) -> Answered {
        self.post("sign-ins", json!({ "identifier": identifier, "password": password })).await
    }

    /// Registers, with `FIRST` as the password; so many letters were sent before.
    pub async fn registered(&self, identifier: &str, letters: usize) {
        let id = self.ask("accounts", identifier).await;
        let code = self.code(letters + 1).await;
        assert_eq!(self.complete(&id, &code, FIRST).await.status, 204);
    }
}

/// All waiting work is done once a letter that was asked for later has come.
pub async fn settled(town: &Town<'_>, letters: usize) -> Vec<Outbound> {
    town.ask("accounts", "zoe@example.org").await;
    let sent = town.letters(letters + 1).await;
    assert_eq!(sent.last().unwrap().to[0].address, "zoe@example.org");
    sent
}

over_both!(a_citizen_makes_an_account_forgets_the_password_and_gets_in_again_alone, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("Maria@Example.org", 0).await;
    let signed = town.sign_in(" maria@example.org ", FIRST).await;
    assert_eq!(signed.status, 201, "{:?}", signed.body);
    let token = signed.body["token"].as_str().unwrap().to_owned();
    let own = desk.get("/v1/account", &token).await;
    assert_eq!((own.status.as_u16(), &own.body["addresses"][0]["value"]), (200, &json!("Maria@Example.org")));

    let id = town.ask("recoveries", "maria@example.org").await;
    let code = town.code(2).await;
    assert_eq!(town.sign_in("maria@example.org", FIRST).await.status, 201, "asking changes nothing");
    let set = town.complete(&id, &code, SECOND).await;
    assert_eq!((set.status.as_u16(), &set.body), (204, &Value::Null));
    assert!(set.headers.get("set-cookie").is_none(), "nobody is signed in by a code");
    assert_eq!(desk.get("/v1/account", &token).await.status, 401, "every sign-in has ended");
    assert_eq!(town.sign_in("maria@example.org", FIRST).await.status, 401);
    assert_eq!(town.sign_in("maria@example.org", SECOND).await.status, 201);
    let notice = town.letters(3).await.pop().unwrap();
    assert!(notice.text.contains("was changed") && notice.to[0].address == "Maria@Example.org", "{notice:?}");
    assert!(notice.message_id.ends_with("@town.example"), "{notice:?}");

    let contact = desk.get("/v1/contacts?email=maria@example.org", &town.agency.key).await.body["data"][0].clone();
    let events =
        desk.get(&format!("/v1/events?contact_id={}", contact["id"].as_str().unwrap()), &town.agency.key).await;
    let kinds: Vec<&str> = events.body["data"].as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
    for kind in ["account.registered", "recovery.issued", "account.password_recovered", "account.signed_in"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
});

over_both!(whoever_asks_for_a_code_is_answered_alike_and_only_the_holder_gets_one, |desk| {
    let (town, other) = (Town::start(&desk, "riverton").await, Town::start(&desk, "hillview").await);
    desk.texts(&town.agency, "sms").await;
    town.registered("maria@example.org", 0).await;
    other.registered("there@example.org", 0).await;
    let mut answers = Vec::new();
    for identifier in ["maria@example.org", "nobody@example.org", "there@example.org", "+1 555 010 9999"] {
        let answer = town.post("recoveries", json!({ "identifier": identifier })).await;
        let text = answer.comparable().replace(answer.body["recovery_id"].as_str().unwrap(), "…");
        answers.push((answer.status.as_u16(), text));
    }
    assert_eq!(answers[0].0, 202);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let sent = settled(&town, 2).await;
    assert!(sent.iter().all(|letter| !["nobody@example.org", "there@example.org"].contains(&&*letter.to[0].address)));
    assert_eq!(other.letters(1).await.len(), 1, "the other agency's citizen was not asked for there");
});

over_both!(what_is_not_one_address_is_refused_and_nothing_is_sent, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    for identifier in [
        json!(["maria@example.org", "eve@example.org"]),
        json!({ "email": "maria@example.org" }),
        json!(7),
        json!(null),
        json!("maria@example.org,eve@example.org"),
        json!("maria@example.org\r\nBcc: eve@example.org"),
        json!("maria@example.org\u{0}"),
    ] {
        let asked = town.post("recoveries", json!({ "identifier": identifier })).await;
        assert!(matches!(asked.status.as_u16(), 400 | 422), "{identifier}: {:?}", asked.body);
    }
    // A look-alike of the stored address is another address: nothing goes to it, and nothing to the stored one.
    town.ask("recoveries", "m\u{430}ria@example.org").await;
    assert_eq!(settled(&town, 1).await.len(), 2);
});

over_both!(a_code_works_once_however_many_come_with_it_at_the_same_moment, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let id = town.ask("recoveries", "maria@example.org").await;
    let code = town.code(2).await;
    let password = |n: usize| format!("{SECOND}, and number {n} of them");
    let all = (0..12).map(|n| {
        let (town, id, code) = (&town, &id, &code);
        async move { town.complete(id, code, &password(n)).await.status.as_u16() }
    });
    let statuses = futures_util::future::join_all(all).await;
    let winners: Vec<usize> = (0..12).filter(|n| statuses[*n] == 204).collect();
    assert_eq!(winners.len(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 204 | 409 | 503)), "{statuses:?}");
    assert_eq!(town.sign_in("maria@example.org", &password(winners[0])).await.status, 201);
    let loser = (winners[0] + 1) % 12;
    assert_eq!(town.sign_in("maria@example.org", &password(loser)).await.status, 401);
});

over_both!(five_wrong_codes_end_the_right_one_and_a_bad_password_costs_none, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let id = town.ask("recoveries", "maria@example.org").await;
    let code = town.code(2).await;
    for _ in 0..6 {
        let refused = town.complete(&id, &code, "maria@example.org").await;
        assert_eq!(refused.status, 422, "{:?}", refused.body);
    }
    let wrong = if code == "0000 0000" { "0000 0001" } else { "0000 0000" };
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(town.complete(&id, wrong, SECOND).await);
    }
    told.push(town.complete(&id, &code, SECOND).await);
    told.push(town.complete("rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91", &code, SECOND).await);
    told.push(town.complete("nonsense", &code, SECOND).await);
    let said = |answer: &Answered| {
        let mut body = answer.body.clone();
        body.as_object_mut().unwrap().remove("request_id");
        body.as_object_mut().unwrap().remove("instance");
        (answer.status.as_u16(), body)
    };
    assert_eq!(told[0].status, 409, "{:?}", told[0].body);
    assert!(told.iter().all(|answer| said(answer) == said(&told[0])), "{told:#?}");
    assert_eq!(town.sign_in("maria@example.org", FIRST).await.status, 201, "the old password still holds");
});

over_both!(of_all_codes_the_newest_alone_works_for_half_an_hour_and_only_at_its_agency, |desk| {
    let (town, other) = (Town::start(&desk, "riverton").await, Town::start(&desk, "hillview").await);
    town.registered("maria@example.org", 0).await;
    let first = town.ask("recoveries", "maria@example.org").await;
    let old = town.code(2).await;
    let second = town.ask("recoveries", "maria@example.org").await;
    let new = town.code(3).await;
    assert_eq!(town.complete(&first, &old, SECOND).await.status, 409);
    assert_eq!(other.complete(&second, &new, SECOND).await.status, 409);
    // The code to register counted, too: three in a quarter of an hour are sent, and no more.
    town.ask("recoveries", "maria@example.org").await;
    assert_eq!(settled(&town, 3).await.len(), 4);
    desk.pass(30 * 60 - 1);
    assert_eq!(town.complete(&second, &new, SECOND).await.status, 204);

    let third = town.ask("recoveries", "maria@example.org").await;
    // The notice and the code.
    let code =
        town.letters(6).await.into_iter().rev().find_map(|letter| {
            letter.text.split("code is ").nth(1).map(|text| text.chars().take(9).collect::<String>())
        });
    desk.pass(30 * 60 + 1);
    assert_eq!(town.complete(&third, &code.unwrap(), FIRST).await.status, 409);
});

over_both!(what_lies_in_the_database_after_a_code_was_sent_opens_nothing, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let id = town.ask("accounts", "maria@example.org").await;
    let code = town.code(1).await;
    let digits = code.replace(' ', "");
    let text = town.letters(1).await.pop().unwrap().text;
    let token = text.split("/t/riverton/register/").nth(1).unwrap()[..43].to_owned();
    let door = desk.app.store.tenant(town.agency.id);
    let begin = Instant::now();
    loop {
        let letters = door.read(secret_letters::all).await.unwrap();
        assert!(letters.iter().all(|l| !format!("{l:?}").contains(&digits) && !format!("{l:?}").contains(&token)));
        assert!(!format!("{:?}", door.read(recoveries::all).await.unwrap()).contains(&token));
        if letters.iter().all(|letter| letter.state == "sent" && letter.sealed.is_none()) && letters.len() == 1 {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{letters:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(town.complete(&id, &code, FIRST).await.status, 204, "the citizen's own copy works");
});

over_both!(citizens_see_and_end_their_sign_ins_and_change_their_password, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let signed = town.sign_in("maria@example.org", FIRST).await;
        tokens.push(signed.body["token"].as_str().unwrap().to_owned());
    }
    let listed = desk.get("/v1/account/sign-ins", &tokens[0]).await;
    let all = listed.body["data"].as_array().unwrap().clone();
    assert_eq!((all.len(), all.iter().filter(|one| one["this"] == true).count()), (3, 1));
    let own = desk.get("/v1/account/sign-ins", &tokens[1]).await.body["data"].as_array().unwrap().clone();
    let second = own.iter().find(|one| one["this"] == true).unwrap()["id"].as_str().unwrap();
    let path = format!("/v1/account/sign-ins/{second}");
    assert_eq!(desk.delete(&path, &tokens[0]).await.status, 204);
    assert_eq!(desk.get("/v1/account", &tokens[1]).await.status, 401);
    assert_eq!(desk.delete(&path, &tokens[0]).await.status, 404);

    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let wrong = desk.post("/v1/account/password", &tokens[0], change(SECOND, SECOND)).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["pointer"]), (422, &json!("/current_password")));
    let own = desk.post("/v1/account/password", &tokens[0], change(FIRST, "maria@example.org")).await;
    assert_eq!((own.status.as_u16(), &own.body["errors"][0]["pointer"]), (422, &json!("/new_password")));
    assert_eq!(desk.post("/v1/account/password", &tokens[0], change(FIRST, SECOND)).await.status, 204);
    assert_eq!(desk.get("/v1/account", &tokens[0]).await.status, 200, "this sign-in goes on");
    assert_eq!(desk.get("/v1/account", &tokens[2]).await.status, 401);
    assert!(town.letters(2).await[1].text.contains("was changed"));
});

over_both!(a_citizens_token_opens_nothing_of_the_agencys_and_no_other_token_opens_an_account, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let token = town.sign_in("maria@example.org", FIRST).await.body["token"].as_str().unwrap().to_owned();
    for path in ["/v1/cases", "/v1/contacts", "/v1/auth/me", "/v1/tenant"] {
        assert_eq!(desk.get(path, &token).await.status, 401, "{path}");
    }
    let staff = desk.sign_in(&town.agency).await["access_token"].as_str().unwrap().to_owned();
    let forged = format!("{}x", &token[..token.len() - 1]);
    let moved = {
        let other = desk.agency("hillview").await;
        token.replace(&town.agency.id.simple().to_string(), &other.id.simple().to_string())
    };
    for credential in ["", &town.agency.key, &staff, &forged, &moved, "cs_x", "cs___"] {
        assert_eq!(desk.get("/v1/account", credential).await.status, 401, "{credential}");
    }
    desk.pass(24 * 60 * 60 + 1);
    assert_eq!(desk.get("/v1/account", &token).await.status, 401, "a day is over");
});
