//! Citizens' accounts as their holders use them, and as others try to.

mod addresses;
mod factors;
mod leaving;
mod registering;

use std::time::{Duration, Instant};

use civicdesk_contract::Outbound;
use serde_json::{Value, json};

use crate::{
    accounts::totp,
    http::{
        recovery_tests::{FIRST, Town},
        testing::{Answered, TestApp},
    },
};

pub const MARIA: &str = "maria@example.org";
pub const OTHER: &str = "maria.silva@work.example";

/// Maria, who has an account at Riverton and is signed in.
pub struct Maria<'a> {
    pub desk: &'a TestApp,
    pub town: Town<'a>,
    pub token: String,
}

impl<'a> Maria<'a> {
    pub async fn signed_in(desk: &'a TestApp) -> Self {
        let town = Town::start(desk, "riverton").await;
        town.registered(MARIA, 0).await;
        let token = token(&town.sign_in(MARIA, FIRST).await);
        Self { desk, town, token }
    }

    pub async fn get(&self, path: &str) -> Answered {
        self.desk.get(&format!("/v1/account{path}"), &self.token).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answered {
        self.desk.post(&format!("/v1/account{path}"), &self.token, body).await
    }

    pub async fn delete(&self, path: &str) -> Answered {
        self.desk.delete(&format!("/v1/account{path}"), &self.token).await
    }

    /// Signs in with a second factor.
    pub async fn with_factor(&self, password: &str, factor: &str) -> Answered {
        let body = json!({ "identifier": MARIA, "password": password, "factor": factor });
        self.town.post("sign-ins", body).await
    }

    /// Asks for a code to an address, and answers the address's id.
    pub async fn wants(&self, address: &str) -> String {
        let asked = self.post("/addresses", json!({ "value": address })).await;
        assert_eq!(asked.status, 202, "{:?}", asked.body);
        asked.body["id"].as_str().unwrap().to_owned()
    }

    pub async fn proves(&self, id: &str, code: &str) -> Answered {
        self.post(&format!("/addresses/{id}/verify"), json!({ "code": code })).await
    }

    /// Adds an address and proves it.
    pub async fn adds(&self, address: &str) -> String {
        let id = self.wants(address).await;
        let code = self.code_to(address, 1).await;
        let proven = self.proves(&id, &code).await;
        assert_eq!(proven.status, 200, "{:?}", proven.body);
        id
    }

    /// Adds an authenticator app, and answers its secret.
    pub async fn adds_app(&self) -> String {
        let begun = self.post("/totp", json!({})).await;
        assert_eq!(begun.status, 201, "{:?}", begun.body);
        let secret = begun.body["secret"].as_str().unwrap().to_owned();
        let confirmed = self.post("/totp/confirm", json!({ "code": self.app_shows(&secret) })).await;
        assert_eq!(confirmed.status, 204, "{:?}", confirmed.body);
        secret
    }

    /// What an app with this secret shows now.
    pub fn app_shows(&self, secret: &str) -> String {
        totp::tests::app(secret, self.desk.app.now())
    }

    /// A set of saved codes.
    pub async fn saves_codes(&self) -> Vec<String> {
        let made = self.post("/saved-codes", json!({})).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        made.body["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    /// The letters to an address that say this, once there are so many.
    pub async fn letters_to(&self, address: &str, saying: &str, many: usize) -> Vec<Outbound> {
        let begin = Instant::now();
        loop {
            let mut sent = self.town.mailbox.sent();
            sent.retain(|letter| letter.to[0].address == address && letter.text.contains(saying));
            if sent.len() >= many {
                return sent;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{address}, {saying}: {:?}", self.town.mailbox.sent());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The newest code at an address, once so many were sent there.
    pub async fn code_to(&self, address: &str, many: usize) -> String {
        let newest = self.letters_to(address, "code is ", many).await.pop().unwrap();
        newest.text.split("code is ").nth(1).unwrap().chars().take(9).collect()
    }

    /// The kinds of lines in the log that are about a person.
    pub async fn log(&self) -> Vec<String> {
        let mut kinds = Vec::new();
        let mut path = "/v1/events?limit=100".to_owned();
        loop {
            let page = self.desk.get(&path, &self.town.agency.key).await.body;
            kinds.extend(page["data"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => path = format!("/v1/events?limit=100&cursor={next}"),
                None => return kinds,
            }
        }
    }
}

/// The token of a sign-in.
#[track_caller]
pub fn token(signed: &Answered) -> String {
    assert_eq!(signed.status, 201, "{:?}", signed.body);
    signed.body["token"].as_str().unwrap().to_owned()
}

/// A code that is another one.
pub fn wrong(code: &str) -> &'static str {
    if code == "0000 0000" { "0000 0001" } else { "0000 0000" }
}
