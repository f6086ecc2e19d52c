//! A call that was changed by a single byte anywhere is refused (IN-06).
//!
//! Two spellings of one form are the same call to Twilio and to the SMS API, which sign what the form says: `%2B` and
//! `%2b`. Notify signs nothing but its token.

use civicdesk_contract::{HookCall, Secret};
use civicdesk_providers::{form, twilio, vonage};
use civicdesk_sms::{
    twilio::verify,
    vonage::{signature, token},
};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::house::{ADDRESS, CITIZEN};

const WORDS: &str = "The lamp at 12 Mill Lane is out – again & again = 3 times 💡 שלום";

fn flipped(bytes: &[u8], place: usize, by: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let place = place % bytes.len();
    bytes[place] ^= by;
    bytes
}

fn twilio_call() -> HookCall {
    let more = [("OptOutType", "HELP")];
    let call =
        Runtime::new().unwrap().block_on(async { twilio::Twilio::start().await.text(ADDRESS, CITIZEN, WORDS, &more) });
    let fields = form::read(&call.body);
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    twilio::calls::signed(ADDRESS, "tenant=riverton&channel=4711", &fields)
}

fn holds(call: &HookCall) -> bool {
    verify(&Secret::new(twilio::TOKEN), call).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn twilio_with_a_changed_signature_is_refused(place: usize, by in 1u8..128) {
        let call = CALL.with(HookCall::clone);
        let change = |(name, value): &(String, String)| {
            let changed = name == "x-twilio-signature";
            let value = if changed { flipped(value.as_bytes(), place, by) } else { value.as_bytes().to_vec() };
            (name.clone(), String::from_utf8(value).unwrap())
        };
        let headers = call.headers.iter().map(change).collect();
        let forged = HookCall { headers, ..call };
        prop_assert!(!holds(&forged));
    }

    #[test]
    fn twilio_with_a_changed_address_is_refused(place: usize, by in 1u8..128, in_query: bool) {
        let mut forged = CALL.with(HookCall::clone);
        let part = if in_query { &mut forged.query } else { &mut forged.public_url };
        *part = String::from_utf8(flipped(part.as_bytes(), place, by)).unwrap();
        prop_assert!(!holds(&forged));
    }

    #[test]
    fn vonage_with_a_changed_body_or_token_is_refused(place: usize, by in 1u8..128, in_body: bool) {
        let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let body = serde_json::json!({ "message_uuid": "a", "message_type": "text", "text": WORDS });
        let call = vonage::calls::signed(ADDRESS, &body, now.as_second(), vonage::APPLICATION);
        let secret = Secret::new(vonage::SIGNATURE_SECRET);
        prop_assert!(token::verify(&secret, vonage::APPLICATION, now, &call).is_ok());
        let mut forged = call.clone();
        if in_body {
            forged.body = flipped(&call.body, place, by);
        } else {
            let value = &mut forged.headers[1].1;
            *value = String::from_utf8(flipped(value.as_bytes(), place, by)).unwrap();
        }
        prop_assert!(token::verify(&secret, vonage::APPLICATION, now, &forged).is_err());
    }

    #[test]
    fn vonage_sms_with_a_changed_parameter_is_refused(place: usize, by in 1u8..) {
        let call = SMS.with(HookCall::clone);
        let forged = flipped(&call.body, place, by);
        let covered = |body: &[u8]| -> Vec<(String, String)> {
            let plain = |value: String, name: &str| if name == "sig" { value.to_lowercase() } else { value };
            form::read(body).into_iter().map(|(name, value)| (plain(name.clone(), ""), plain(value, &name))).collect()
        };
        prop_assume!(covered(&forged) != covered(&call.body));
        let pairs = form::read(&forged).into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
        prop_assert!(!signature::holds(signature::Method::Sha256, &Secret::new(vonage::SIGNATURE_SECRET), &pairs));
    }
}

thread_local! {
    static CALL: HookCall = twilio_call();
    static SMS: HookCall = Runtime::new().unwrap().block_on(async {
        vonage::Vonage::start().await.sms(ADDRESS, CITIZEN, "The lamp is out, again", &[])
    });
}

#[test]
fn the_calls_that_are_changed_here_hold_as_they_are() {
    assert!(CALL.with(holds));
    let pairs = SMS.with(|call| form::read(&call.body));
    let pairs = pairs.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
    assert!(signature::holds(signature::Method::Sha256, &Secret::new(vonage::SIGNATURE_SECRET), &pairs));
}

/// Every byte, in every way: a scheme without marks between names and values has few weak places, and chance may miss them.
#[test]
fn twilio_with_any_byte_of_its_body_changed_is_refused() {
    let call = CALL.with(HookCall::clone);
    let fields = form::read(&call.body);
    for place in 0..call.body.len() {
        for by in 1..=255 {
            let body = flipped(&call.body, place, by);
            let forged = HookCall { body, ..call.clone() };
            if holds(&forged) {
                let shown = String::from_utf8_lossy(&forged.body).into_owned();
                assert_eq!(form::read(&forged.body), fields, "byte {place} by {by}: {shown}");
            }
        }
    }
}

#[test]
fn twilio_with_a_border_between_name_and_value_moved_is_refused() {
    let call = CALL.with(HookCall::clone);
    let body = String::from_utf8(call.body.clone()).unwrap();
    assert!(body.ends_with("&ToCountry=US"), "{body}");
    let moved = body.replace("&ToCountry=US", "&ToCountry&US");
    assert!(!holds(&HookCall { body: moved.into_bytes(), ..call }));
}

#[test]
fn a_json_body_of_twilio_is_held_to_the_hash_in_its_address() {
    let body = b"{\"property\": \"value\", \"boolean\": true}";
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let query = format!("bodySHA256={hash}");
    let signed = |query: &str| {
        let call = twilio::calls::signed(ADDRESS, query, &[].into());
        HookCall { headers: as_json(call.headers), body: body.to_vec(), ..call }
    };
    let call = signed(&query);
    assert!(holds(&call));
    for place in 0..body.len() {
        assert!(!holds(&HookCall { body: flipped(body, place, 1), ..call.clone() }), "byte {place}");
    }
    assert!(!holds(&signed("tenant=riverton")), "the address is signed, and the body is not");
}

fn as_json(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let json = ("content-type".to_owned(), "application/json".to_owned());
    headers.into_iter().filter(|(name, _)| name != "content-type").chain([json]).collect()
}

#[test]
fn parameters_of_the_sms_api_that_hide_in_a_name_are_refused() {
    let pairs = SMS.with(|call| form::read(&call.body));
    let pair = |name: String, value: &str| (name.into_bytes(), value.as_bytes().to_vec());
    let merged = |(name, value): &(String, String)| match name.as_str() {
        "text" => None,
        "timestamp" => {
            let text = &pairs.iter().find(|(name, _)| name == "text").unwrap().1;
            Some(pair(format!("text={text}&timestamp"), value))
        }
        _ => Some(pair(name.clone(), value)),
    };
    let hidden = pairs.iter().filter_map(merged).collect();
    assert!(!signature::holds(signature::Method::Sha256, &Secret::new(vonage::SIGNATURE_SECRET), &hidden));
}
