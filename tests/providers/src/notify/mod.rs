//! A fake of GOV.UK Notify: templates, texts, and callbacks with a bearer token.
//!
//! From the REST API documentation: authorisation by JWT, sending a text message, its error table, one template by id, and
//! callbacks for delivery receipts and received texts.

pub mod calls;
mod texts;

use std::sync::{Arc, Mutex, PoisonError};

use civicdesk_contract::testkit::{Answered, Asked, FakeHttp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use crate::{ProviderClock, Troubles};
pub use texts::Taken;

pub const SERVICE: &str = "26785a09-ab16-4eb0-8407-a37497a57506";
pub const SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";
/// The whole key as the service's page shows it.
pub const API_KEY: &str = "riverton-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
pub const TEMPLATE: &str = "f33517ff-2a88-4f6e-b855-c550268ce08a";
pub const CALLBACK_TOKEN: &str = "callback-token-4711";
/// One service with one template.
pub struct Notify {
    pub http: FakeHttp,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    troubles: Troubles,
    clock: ProviderClock,
    taken: Mutex<Vec<Taken>>,
    calls: Mutex<u64>,
    before: String,
}

impl Notify {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// What the service puts before every text, its name included, such as `Riverton: `.
    pub async fn start_with(before: &str) -> Self {
        let state = Arc::new(State { before: before.to_owned(), ..State::default() });
        let answers = Arc::clone(&state);
        let http =
            FakeHttp::start(move |asked| answers.troubles.around(&asked, general, |asked| answers.answer(asked)));
        Self { http: http.await.expect("a port on the loopback"), state }
    }

    /// What stands in for `https://api.notifications.service.gov.uk`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    pub fn troubles(&self) -> &Troubles {
        &self.state.troubles
    }

    pub fn clock(&self) -> &ProviderClock {
        &self.state.clock
    }

    /// What was given to it to deliver, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Answered {
        if let Err(message) = signed_in(asked, self.clock.seconds()) {
            return refusal(403, "AuthError", message);
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/v2/notifications/sms") => self.take(asked),
            ("GET", path) if path.strip_prefix("/v2/template/") == Some(TEMPLATE) => Answered::json(
                200,
                &json!({
                    "id": TEMPLATE, "type": "sms", "name": "An answer", "version": 1,
                    "body": "((message))", "personalisation": { "message": { "required": true } },
                }),
            ),
            ("GET", path) if path.starts_with("/v2/template/") => refusal(404, "NoResultFound", "No result found"),
            _ => refusal(404, "NotFound", "The requested URL was not found on the server."),
        }
    }
}

/// The token is signed with the key's secret, names the service, and was made within 30 seconds of now.
fn signed_in(asked: &Asked, now: i64) -> Result<(), &'static str> {
    let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or("Unauthorized: authentication token must be provided")?;
    let mut rules = Validation::new(Algorithm::HS256);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    let claims: Value = decode(token, &DecodingKey::from_secret(SECRET.as_bytes()), &rules)
        .map_err(|_| "Invalid token: signature, api token not found")?
        .claims;
    if claims["iss"] != SERVICE {
        return Err("Invalid token: service not found");
    }
    let iat = claims["iat"].as_i64().ok_or("Invalid token: iat field not provided")?;
    if now.abs_diff(iat) > 30 {
        return Err("Error: Your system clock must be accurate to within 30 seconds");
    }
    Ok(())
}

fn general(status: u16) -> Answered {
    match status {
        401 | 403 => refusal(status, "AuthError", "Invalid token: API key not found"),
        429 => refusal(429, "RateLimitError", "Exceeded rate limit for key type live of 3000 requests per 60 seconds"),
        _ => refusal(status, "Exception", "Internal server error"),
    }
}

fn refusal(status: u16, error: &str, message: &str) -> Answered {
    Answered::json(status, &json!({ "status_code": status, "errors": [{ "error": error, "message": message }] }))
}
