//! Meta's calls: the challenge that a subscription begins with, and events signed with the application's secret.

use civicdesk_contract::{Answer, Error, HookCall, Received, Result, Secret};
use serde_json::Value;

use crate::{
    hook::{self, forged},
    sign,
};

/// What a call that can be believed is.
pub enum Call {
    /// Meta asks whether the address is ours.
    Challenge(Received),
    Events(Value),
}

/// Verifies over the raw bytes: Meta escapes letters its own way, and writing the JSON anew would give other bytes.
pub fn verified(call: &HookCall, app_secret: &Secret, verify_token: &Secret) -> Result<Call> {
    if call.method == "GET" {
        return challenge(call, verify_token).map(Call::Challenge);
    }
    let given = hook::only_header(call, "x-hub-signature-256")?;
    let right = format!("sha256={}", sign::hex(&sign::hmac_sha256(app_secret.expose().as_bytes(), &call.body)));
    if !sign::same(given.as_bytes(), right.as_bytes()) {
        return Err(forged("the signature does not hold"));
    }
    hook::json(call).map(Call::Events)
}

fn challenge(call: &HookCall, verify_token: &Secret) -> Result<Received> {
    let asked = |name| hook::query(call, name).unwrap_or_default();
    let ours = sign::same(asked("hub.verify_token").as_bytes(), verify_token.expose().as_bytes());
    if asked("hub.mode") != "subscribe" || !ours {
        return Err(forged("the verify token is another"));
    }
    // Plain text: it comes back as it was asked, and must never be read as HTML.
    let answer = Answer { status: 200, body: asked("hub.challenge").into_bytes(), ..Answer::default() };
    Ok(Received { answer, ..Received::default() })
}

/// An empty secret would believe anybody; a token is written into a header.
pub fn check_secrets(token: &Secret, app_secret: &Secret, verify_token: &Secret) -> Result<()> {
    for (name, secret) in [("token", token), ("app_secret", app_secret), ("verify_token", verify_token)] {
        if secret.expose().is_empty() {
            return Err(Error::settings(format!("{name} is empty")));
        }
    }
    if !token.expose().bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::settings("token holds what no token holds"));
    }
    Ok(())
}

/// The entries of this kind of object.
pub fn entries<'a>(told: &'a Value, object: &str) -> impl Iterator<Item = &'a Value> {
    let ours = told["object"] == object;
    told["entry"].as_array().into_iter().flatten().filter(move |_| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(body: &str, signature: &str) -> HookCall {
        let headers = vec![("x-hub-signature-256".to_owned(), signature.to_owned())];
        HookCall { method: "POST".to_owned(), headers, body: body.as_bytes().to_vec(), ..HookCall::default() }
    }

    #[test]
    fn an_event_of_another_kind_is_passed_over() {
        let told = serde_json::json!({ "object": "permissions", "entry": [{ "id": "1" }] });
        assert_eq!(entries(&told, "page").count(), 0);
        assert_eq!(entries(&told, "permissions").count(), 1);
    }

    #[test]
    fn the_signature_is_over_the_bytes_as_they_came() {
        let (secret, none) = (Secret::new("It's a Secret to Everybody"), Secret::new("none"));
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        // Believed, and then no JSON.
        let read = verified(&call("Hello, World!", right), &secret, &none).err().map(|e| e.kind);
        assert_eq!(read, Some(civicdesk_contract::Kind::Malformed));
        let forged = verified(&call("Hello, World!", &right.replace("sha", "SHA")), &secret, &none);
        assert_eq!(forged.err().map(|e| e.kind), Some(civicdesk_contract::Kind::Forged));
    }
}
