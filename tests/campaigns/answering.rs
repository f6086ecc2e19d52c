//! Staff who answer one case after the other while the program is killed, and repeat each answer under its key until it is
//! taken or refused.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::{campaigns::chance::Chance, harness::Client};

const AGAIN_AFTER: Duration = Duration::from_millis(30);

/// An answer that was accepted.
#[derive(Clone, Debug)]
pub struct Answered {
    pub message_id: String,
    pub network_id: String,
    pub tries: usize,
}

/// Answers about once in `every` until told to stop, and tells of each what became of it: an `Err` is a refusal of what
/// should have been taken.
pub fn answer(
    client: &Client,
    mut chance: Chance,
    every: Duration,
    goes_on: impl Fn() -> bool,
    tell: impl Fn(Result<Answered, String>),
) {
    for number in 0.. {
        if !goes_on() {
            return;
        }
        thread::sleep(chance.up_to(every * 2));
        if let Some(case) = some_case(client, &mut chance) {
            tell(one(client, &case, number));
        }
    }
}

fn one(client: &Client, case: &str, number: u64) -> Result<Answered, String> {
    let words = format!("This is answer {number}. We are looking into it.");
    let post = client.request("POST", &format!("/v1/cases/{case}/messages")).json(json!({ "text": words }));
    let post = post.header("idempotency-key", &format!("answer-{number}"));
    for tries in 1.. {
        match post.clone().send_unjudged() {
            Ok(answer) if answer.status == 202 => {
                let said = answer.json();
                let member = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
                return Ok(Answered { message_id: member("id"), network_id: member("network_id"), tries });
            }
            // A 409 says that the first try is still at work.
            Ok(answer) if answer.status < 500 && answer.status != 409 => return Err(answer.to_string()),
            _ => thread::sleep(AGAIN_AFTER),
        }
    }
    Err("was asked for too often".to_owned())
}

fn some_case(client: &Client, chance: &mut Chance) -> Option<String> {
    let answer = client.request("GET", "/v1/cases?limit=100").send_unjudged().ok()?;
    let page: Value = (answer.status == 200).then(|| answer.json())?;
    let cases = page["data"].as_array().filter(|cases| !cases.is_empty())?;
    Some(chance.one_of(cases)["id"].as_str()?.to_owned())
}
