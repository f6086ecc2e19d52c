//! Taking a text by the Messages API: its token, its required fields and its limits.

use std::sync::PoisonError;

use civicdesk_contract::testkit::{Answered, Asked};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::{APPLICATION, NUMBER, PUBLIC_KEY, State, Taken, general, is_number, problem};

/// The longest text in UTF-16 units.
const LONGEST: usize = 1000;

impl State {
    pub(super) fn take_message(&self, asked: &Asked) -> Answered {
        if !self.signed_in(asked) {
            return general(401);
        }
        match check(asked) {
            Ok(text) => Answered::json(202, &json!({ "message_uuid": self.keep(text) })),
            Err((1120, title)) => problem(403, "https://developer.vonage.com/api-errors/messages#1120", title),
            Err((code, title)) => {
                problem(422, &format!("https://developer.vonage.com/api-errors/messages#{code}"), title)
            }
        }
    }

    /// Signed with the application's key, of now, and never seen before.
    fn signed_in(&self, asked: &Asked) -> bool {
        let Some(token) = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
            return false;
        };
        let mut rules = Validation::new(Algorithm::RS256);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).expect("the application's public key");
        let Ok(token) = decode::<Value>(token, &key, &rules) else { return false };
        let (claims, now) = (token.claims, self.clock.seconds());
        let (Some(iat), Some(jti)) = (claims["iat"].as_i64(), claims["jti"].as_str()) else { return false };
        let exp = claims["exp"].as_i64().unwrap_or(iat + 900);
        let mut used = self.used_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = !used.iter().any(|known| known == jti);
        used.push(jti.to_owned());
        fresh && claims["application_id"] == APPLICATION && iat <= now + 30 && now < exp && exp <= iat + 86_400
    }
}

fn check(asked: &Asked) -> Result<Taken, (u32, &'static str)> {
    if asked.header("content-type") != Some("application/json") {
        return Err((1010, "Missing params"));
    }
    let body: Value = serde_json::from_slice(&asked.body).map_err(|_| (1020, "Invalid params"))?;
    let text = |field: &str| body[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let needed = |field: &str| text(field).ok_or((1010, "Missing params"));
    if needed("message_type")? != "text" || needed("channel")? != "sms" {
        return Err((1020, "Invalid params"));
    }
    let (to, from, words) = (needed("to")?, needed("from")?, needed("text")?);
    if !is_number(&to) || words.encode_utf16().count() > LONGEST {
        return Err((1020, "Invalid params"));
    }
    let named = from.len() <= 11 && from.bytes().any(|byte| byte.is_ascii_alphabetic());
    if from != NUMBER && !named {
        return Err((1120, "Illegal Sender Address - rejected"));
    }
    if !matches!(body["sms"]["encoding_type"].as_str(), None | Some("auto" | "text" | "unicode")) {
        return Err((1020, "Invalid params"));
    }
    let client_ref = text("client_ref");
    if client_ref.as_ref().is_some_and(|reference| reference.len() > 100) {
        return Err((1020, "Invalid params"));
    }
    Ok(Taken { id: String::new(), to, from, text: words, client_ref })
}
