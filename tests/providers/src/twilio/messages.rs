//! Taking a message: the required fields and limits of the Messages API, and the codes of what breaks them.

use std::sync::PoisonError;

use civicdesk_contract::testkit::{Answered, Asked};
use serde_json::json;

use super::{ACCOUNT, NUMBER, Refusal, State, refusal};
use crate::form;

/// The longest body in characters.
const LONGEST: usize = 1600;

/// A message that was given to Twilio.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub sid: String,
    pub to: String,
    pub from: Option<String>,
    pub service: Option<String>,
    pub body: String,
    pub status_callback: Option<String>,
}

impl State {
    pub(super) fn take(&self, asked: &Asked) -> Answered {
        let message = match self.check(asked) {
            Ok(message) => message,
            Err(refused) => return refusal(400, &refused),
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let sid = format!("SM{:032x}", taken.len() + 1);
        let told = json!({
            "sid": sid, "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": message.body, "to": message.to,
            "from": message.from, "messaging_service_sid": message.service, "direction": "outbound-api",
            "status": if message.service.is_some() { "accepted" } else { "queued" }, "num_media": "0",
            "num_segments": "1", "error_code": null, "error_message": null, "price": null, "price_unit": "USD",
            "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"),
        });
        taken.push(Taken { sid, ..message });
        Answered::json(201, &told)
    }

    fn check(&self, asked: &Asked) -> Result<Taken, Refusal> {
        if asked.header("content-type") != Some("application/x-www-form-urlencoded") {
            return Err(Refusal(21604, "A 'To' phone number is required."));
        }
        let fields = form::read(&asked.body);
        let field =
            |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).filter(|v| !v.is_empty());
        let to = field("To").ok_or(Refusal(21604, "A 'To' phone number is required."))?;
        if !is_e164(&to) {
            return Err(Refusal(21211, "Invalid 'To' Phone Number"));
        }
        let (from, service) = (field("From"), field("MessagingServiceSid"));
        match (&from, &service) {
            (None, None) => return Err(Refusal(21603, "A 'From' phone number is required.")),
            (Some(from), _) if from.starts_with('+') && from != NUMBER => {
                return Err(Refusal(
                    21606,
                    "The 'From' phone number is not a valid, SMS-capable number of the account",
                ));
            }
            (Some(from), _) if !from.starts_with('+') && !is_short_code(from) && !is_sender_name(from) => {
                return Err(Refusal(21212, "The 'From' number is not a valid phone number, shortcode or sender ID."));
            }
            (_, Some(service)) if !service.starts_with("MG") => {
                return Err(Refusal(21701, "The Messaging Service does not exist."));
            }
            _ => {}
        }
        let body = field("Body").ok_or(Refusal(21602, "Message body is required."))?;
        if body.chars().count() > LONGEST {
            return Err(Refusal(21617, "The concatenated message body exceeds the 1600 character limit."));
        }
        if self.stopped.lock().unwrap_or_else(PoisonError::into_inner).contains(&to) {
            return Err(Refusal(21610, "Attempt to send to unsubscribed recipient"));
        }
        let status_callback = field("StatusCallback");
        if status_callback.as_ref().is_some_and(|address| !address.starts_with("http")) {
            return Err(Refusal(21609, "Invalid 'StatusCallback' URL."));
        }
        Ok(Taken { sid: String::new(), to, from, service, body, status_callback })
    }
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_short_code(from: &str) -> bool {
    (3..=8).contains(&from.len()) && from.bytes().all(|b| b.is_ascii_digit())
}

/// Letters, digits and spaces, at most eleven, and not digits alone.
fn is_sender_name(from: &str) -> bool {
    from.len() <= 11
        && from.bytes().all(|b| b.is_ascii_alphanumeric() || b" +-_&".contains(&b))
        && from.bytes().any(|b| b.is_ascii_alphabetic())
}
