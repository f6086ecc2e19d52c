//! Forged, stale and foreign tokens.

use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use civicdesk_contract::SystemClock;
use jsonwebtoken::Header;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_800_000_000;

/// A ring whose first key signs since long ago, and whose second still verifies.
fn tokens() -> Tokens {
    of([7, 8], NOW - LEARNED)
}

fn of(secrets: [u8; 2], made_at: i64) -> Tokens {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Store::open(&store::Url::Sqlite(dir.path().to_owned()), 1, runtime.handle().clone()).unwrap();
    let keys = secrets.map(|byte| key(&[byte; 32]).unwrap()).into();
    let ring = RwLock::new(Arc::new(Ring { keys, stored: String::new(), made_at }));
    Tokens { ring, store, issuer: "https://desk.example".into() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn good() -> String {
    let ids = Ids::new(Arc::new(SystemClock));
    tokens().sign(&ids, Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3), at(NOW)).unwrap()
}

/// A token signed with a key of ours whose header and claims were changed first.
fn changed(key_of: &[u8; 32], change: impl Fn(&mut Value, &mut Value)) -> String {
    let token = good();
    let mut parts = token.split('.').map(|p| serde_json::from_slice::<Value>(&B64.decode(p).unwrap_or_default()));
    let (mut header, mut claims) = (parts.next().unwrap().unwrap(), parts.next().unwrap().unwrap());
    change(&mut header, &mut claims);
    let text = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key(key_of).unwrap().sign, Algorithm::EdDSA).unwrap();
    format!("{text}.{signature}")
}

#[test]
fn a_token_of_ours_is_good_for_a_quarter_of_an_hour_and_no_more() {
    let (tokens, token) = (tokens(), good());
    for (second, holds) in [(NOW - 31, false), (NOW - 30, true), (NOW, true), (NOW + 929, true), (NOW + 930, false)] {
        assert_eq!(tokens.verify(&token, at(second)).is_some(), holds, "{}", second - NOW);
    }
    assert_eq!(tokens.verify(&token, at(NOW)).unwrap().tid, ids::TENANT.show(Uuid::from_u128(1)));
}

#[test]
fn a_token_signed_with_the_key_before_still_holds() {
    let older = of([8, 9], NOW - LEARNED);
    let ids = Ids::new(Arc::new(SystemClock));
    let token = older.sign(&ids, Uuid::nil(), Uuid::nil(), Uuid::nil(), at(NOW)).unwrap();
    assert!(tokens().verify(&token, at(NOW)).is_some());
}

#[test]
fn no_forged_token_is_taken() {
    let tokens = tokens();
    assert!(tokens.verify(&changed(&[7; 32], |_, _| {}), at(NOW)).is_some(), "the forger's tool works");
    let header = |name: &'static str, value: Value| changed(&[7; 32], move |h, _| h[name] = value.clone());
    let claim = |name: &'static str, value: Value| changed(&[7; 32], move |_, c| c[name] = value.clone());
    let missing = |name: &'static str| {
        changed(&[7; 32], move |_, c| {
            c.as_object_mut().unwrap().remove(name);
        })
    };
    let good = good();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let public = serde_json::to_value(&tokens.public(at(NOW)).keys[0]).unwrap();
    let mut hmac = Header::new(Algorithm::HS256);
    hmac.typ = Some(TYPE.into());
    hmac.kid = Some(tokens.ring().keys[0].kid.clone());
    let claims = json!({ "iss": "https://desk.example", "aud": AUDIENCE, "sub": "stf_", "tid": "", "sid": "", "jti": "",
        "iat": NOW, "nbf": NOW, "exp": NOW + 900 });
    let as_secret = EncodingKey::from_secret(public["x"].as_str().unwrap().as_bytes());
    let forged = [
        ("alg none", header("alg", json!("none"))),
        ("alg None", header("alg", json!("None"))),
        ("no signature", format!("{head}.")),
        ("cut signature", format!("{head}.{}", &signature[..signature.len() - 2])),
        ("another's key", changed(&[9; 32], |_, _| {})),
        ("the other key's kid", changed(&[8; 32], |_, _| {})),
        ("the public key as an HMAC secret", encode(&hmac, &claims, &as_secret).unwrap()),
        ("jwk", changed(&[9; 32], move |h, _| h["jwk"] = public.clone())),
        ("jku", header("jku", json!("https://evil.example/jwks"))),
        ("x5u", header("x5u", json!("https://evil.example/cert"))),
        ("x5c", header("x5c", json!(["AAAA"]))),
        ("crit", header("crit", json!(["exp"]))),
        ("zip", header("zip", json!("DEF"))),
        ("b64", header("b64", json!(false))),
        ("typ JWT", header("typ", json!("JWT"))),
        ("unknown kid", header("kid", json!("../../dev/null"))),
        ("no kid", header("kid", json!(null))),
        ("issuer", claim("iss", json!("https://other.example"))),
        ("audience", claim("aud", json!("civicdesk-citizen"))),
        ("no audience", missing("aud")),
        ("no issuer", missing("iss")),
        ("no end", missing("exp")),
        ("no beginning", missing("nbf")),
        ("an end as text", claim("exp", json!("9999999999"))),
        ("a longer life", claim("exp", json!(NOW + 3600))),
        ("over", claim("exp", json!(NOW - 31))),
        ("not yet", claim("nbf", json!(NOW + 31))),
        ("too long", claim("padding", json!("x".repeat(9000)))),
        ("two parts", good.split('.').take(2).collect::<Vec<_>>().join(".")),
        ("four parts", format!("{good}.AA")),
        ("empty", String::new()),
    ];
    for (what, token) in forged {
        assert!(tokens.verify(&token, at(NOW)).is_none(), "{what}");
    }
}

#[test]
fn the_published_keys_hold_no_secret() {
    let text = serde_json::to_string(&tokens().public(at(NOW))).unwrap();
    assert!(text.contains("\"crv\":\"Ed25519\"") && !text.contains("\"d\""), "{text}");
}
