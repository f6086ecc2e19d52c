//! Documented signatures of every provider that calls us, and that no byte of body or signature may be another.

use std::sync::{Arc, OnceLock};

use civicdesk_contract::{Channel, HookCall, Kind};
use civicdesk_social::{meta, telegram, x};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::bench::open;

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn channel(vector: &Value) -> Option<Arc<dyn Channel>> {
    let word = |field: &str| vector[field].as_str().unwrap_or("no-secret-here");
    match vector["scheme"].as_str().unwrap() {
        // The webhooks of an instance's operators; a channel on Mastodon is never called.
        _ if vector["provider"] == "mastodon" => None,
        "x-hub-signature-256" | "meta-verify-challenge" => {
            let settings = json!({
                "account_id": "1001", "token": "t", "app_secret": word("secret"), "verify_token": word("configured_verify_token"),
            });
            Some(open(&meta::messenger(), settings))
        }
        "x-crc" | "x-webhooks-signature" => {
            let settings = json!({
                "user_id": "2244994945", "consumer_key": "k", "consumer_secret": word("secret"), "access_token": "t",
                "access_token_secret": "s",
            });
            Some(open(&x::connector(), settings))
        }
        "telegram-secret-token" => {
            Some(open(&telegram::connector(), json!({ "token": "1:a", "webhook_secret": word("secret") })))
        }
        other => panic!("a vector of an unknown scheme: {other}"),
    }
}

fn call(vector: &Value) -> HookCall {
    let headers = vector["header"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned())).collect();
    let (method, query) = match (vector["request"].as_str(), vector["crc_token"].as_str()) {
        (Some(request), _) => ("GET", request.split_once('?').unwrap().1.to_owned()),
        (_, Some(token)) => ("GET", format!("crc_token={token}")),
        _ => ("POST", String::new()),
    };
    let body = vector["raw_body"].as_str().unwrap_or_default().as_bytes().to_vec();
    HookCall { method: method.to_owned(), query, headers, body, ..HookCall::default() }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}

/// Whether the call was believed; what it holds is another matter.
fn believed(channel: &Arc<dyn Channel>, call: &HookCall) -> bool {
    let received = runtime().block_on(channel.receive(call));
    received.as_ref().err().is_none_or(|error| error.kind != Kind::Forged)
}

#[test]
fn every_documented_signature_is_judged_as_its_provider_does() {
    let mut judged = 0;
    for vector in vectors() {
        let Some(channel) = channel(&vector) else { continue };
        let call = call(&vector);
        assert_eq!(believed(&channel, &call), vector["valid"] == true, "{}", vector["id"]);
        judged += 1;
        let expected = &vector["expect"];
        if expected.is_object() {
            let answer = runtime().block_on(channel.receive(&call)).unwrap().answer;
            assert_eq!(expected["status"].as_u64().unwrap_or(200), u64::from(answer.status), "{}", vector["id"]);
            if let Some(body) = expected["body"].as_str() {
                assert_eq!(answer.body, body.as_bytes(), "{}", vector["id"]);
            }
            if expected["json"].is_object() {
                assert_eq!(
                    serde_json::from_slice::<Value>(&answer.body).unwrap(),
                    expected["json"],
                    "{}",
                    vector["id"]
                );
            }
            if let Some(kind) = expected["content_type"].as_str() {
                assert!(answer.content_type.starts_with(kind), "{}", vector["id"]);
            }
        }
    }
    assert_eq!(judged, 12);
}

/// The signed vectors that hold, each with its channel: opened once, as a channel brings an HTTP client.
fn signed() -> &'static [(Arc<dyn Channel>, HookCall)] {
    static SIGNED: OnceLock<Vec<(Arc<dyn Channel>, HookCall)>> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let signed = |vector: &Value| vector["header"].as_object().is_some_and(|headers| !headers.is_empty());
        let right = vectors().into_iter().filter(|vector| vector["valid"] == true && signed(vector));
        right.filter_map(|vector| Some((channel(&vector)?, call(&vector)))).collect()
    })
}

proptest! {
    #[test]
    fn one_flipped_byte_of_body_or_signature_is_refused(
        which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), bit in 0..8_u8, in_body: bool,
    ) {
        let all = signed();
        let (channel, mut call) = all[which.index(all.len())].clone();
        // Telegram's secret token covers no body.
        let signature = call.headers[0].1.clone().into_bytes();
        if in_body && !call.body.is_empty() {
            let place = place.index(call.body.len());
            call.body[place] ^= 1 << bit;
        } else {
            let mut flipped = signature;
            let place = place.index(flipped.len());
            flipped[place] ^= 1 << bit;
            call.headers[0].1 = String::from_utf8_lossy(&flipped).into_owned();
        }
        prop_assert!(!believed(&channel, &call));
    }

    #[test]
    fn a_signature_of_any_other_key_is_refused(body in ".{0,80}", other in "[a-f0-9]{64}") {
        for (channel, call) in signed() {
            let mut call = call.clone();
            call.body = body.clone().into_bytes();
            let prefix = if call.headers[0].1.starts_with("sha256=") { "sha256=" } else { "" };
            call.headers[0].1 = format!("{prefix}{other}");
            prop_assert!(!believed(channel, &call));
        }
    }
}
