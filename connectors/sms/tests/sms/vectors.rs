//! Every published signature of Twilio and Vonage holds, and every published forgery does not (IN-06).

use civicdesk_contract::{HookCall, Secret};
use civicdesk_providers::form;
use civicdesk_sms::{
    twilio,
    vonage::{signature, token},
};
use jiff::Timestamp;
use serde_json::Value;

/// The application that the published tokens are for.
const APPLICATION: &str = "00000000-0000-4000-8000-000000000000";

fn vectors(scheme: &str, number: usize) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/signatures.json")).unwrap();
    let chosen: Vec<Value> = all.into_iter().filter(|vector| vector["scheme"] == scheme).collect();
    assert_eq!(chosen.len(), number, "vectors of {scheme}");
    chosen
}

fn word<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} of {vector}"))
}

/// The parameters, one pair for each value of a list.
fn parameters(vector: &Value) -> Vec<(String, String)> {
    let each = |(name, value): (&String, &Value)| -> Vec<(String, String)> {
        let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        list.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())).collect()
    };
    vector["params"].as_object().unwrap().iter().flat_map(each).collect()
}

fn headers(vector: &Value) -> Vec<(String, String)> {
    let each = |(name, value): (&String, &Value)| (name.to_lowercase(), value.as_str().unwrap().to_owned());
    vector["header"].as_object().unwrap().iter().map(each).collect()
}

#[test]
fn every_published_twilio_signature_is_judged_rightly() {
    for vector in vectors("twilio-x-twilio-signature", 10) {
        let (address, query) = word(&vector, "request_url").split_once('?').unwrap();
        let mut call = HookCall {
            method: "POST".to_owned(),
            public_url: address.to_owned(),
            query: query.to_owned(),
            headers: headers(&vector),
            body: form::write(parameters(&vector).iter().map(|(n, v)| (n.as_str(), v.as_str()))).into_bytes(),
        };
        if let Some(body) = vector["raw_body"].as_str() {
            call.headers.push(("content-type".to_owned(), "application/json".to_owned()));
            call.body = body.as_bytes().to_vec();
        }
        let holds = twilio::verify(&Secret::new(word(&vector, "secret")), &call).is_ok();
        assert_eq!(holds, vector["valid"].as_bool().unwrap(), "{vector:#}");
    }
}

#[test]
fn every_published_vonage_sms_signature_is_judged_rightly() {
    for vector in vectors("vonage-sms-sig", 6) {
        let method: signature::Method = serde_json::from_value(vector["method"].clone()).unwrap();
        let mut all = parameters(&vector);
        all.push(("sig".to_owned(), word(&vector, "sig").to_owned()));
        let all = all.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
        let holds = signature::holds(method, &Secret::new(word(&vector, "secret")), &all);
        assert_eq!(holds, vector["valid"].as_bool().unwrap(), "{vector:#}");
    }
}

#[test]
fn every_published_vonage_token_is_judged_rightly() {
    for vector in vectors("vonage-jwt", 4) {
        let secret = Secret::new(word(&vector, "secret"));
        let call = vonage_call(&vector);
        let now = Timestamp::from_second(vector["now"].as_i64().unwrap_or_default()).unwrap();
        let holds = if vector["check"] == "signature only" {
            token::signed(&secret, call.headers[0].1.strip_prefix("Bearer ").unwrap()).is_some()
        } else {
            token::verify(&secret, APPLICATION, now, &call).is_ok()
        };
        assert_eq!(holds, vector["valid"].as_bool().unwrap(), "{vector:#}");
    }
}

/// The published stale call, five minutes and a second apart: the tolerance is what refuses it, not something else.
#[test]
fn a_vonage_token_holds_for_five_minutes_before_and_after() {
    let stale = vectors("vonage-jwt", 4).into_iter().find(|vector| word(vector, "id") == "vj07-neg-stale-iat").unwrap();
    let (secret, call, made) = (Secret::new(word(&stale, "secret")), vonage_call(&stale), 1_700_000_000);
    for (seconds, right) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let now = Timestamp::from_second(made + seconds).unwrap();
        assert_eq!(token::verify(&secret, APPLICATION, now, &call).is_ok(), right, "{seconds} seconds");
    }
}

fn vonage_call(vector: &Value) -> HookCall {
    let body = vector["raw_body"].as_str().unwrap_or_default().as_bytes().to_vec();
    HookCall { method: "POST".to_owned(), headers: headers(vector), body, ..HookCall::default() }
}
