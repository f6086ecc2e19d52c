//! Twilio's error codes: what each means to the host, in our words.

use civicdesk_contract::{Error, Kind, Result, Retry};

use crate::exchange::{self, Answer};

/// The code of a text to somebody who wrote STOP, as Twilio's reports name it.
pub const STOPPED: &str = "21610";

/// What a refused request means.
pub fn refusal(operation: &'static str, answer: &Answer) -> Error {
    let code = answer.json()["code"].as_u64().unwrap_or_default();
    let detail = match words(code) {
        Some(words) => format!("Twilio {code}: {words}"),
        None if code > 0 => format!("Twilio refused it with error {code}"),
        None => format!("Twilio answered {}", answer.status),
    };
    let of = |kind, retry| Error::new(kind, retry, operation, detail.clone());
    match code {
        20003 | 20005 | 20006 => of(Kind::Credentials, Retry::Never),
        14107 | 20429 | 63038 => exchange::limited(operation, answer, detail),
        21610 => of(Kind::OptedOut, Retry::Never),
        // The sender or the callback is wrong: no text would go out, whoever it is for.
        21212 | 21603 | 21606 | 21609 | 21659 | 21660 | 21701 | 21703 => of(Kind::Settings, Retry::Never),
        _ => exchange::refusal(operation, answer, detail),
    }
}

/// What the code says to staff.
pub fn words(code: u64) -> Option<&'static str> {
    Some(match code {
        14107 => "too many texts at once",
        20003 => "the account SID or the auth token is wrong",
        20005 | 20006 => "the account is not active, or may not do this",
        20429 => "too many requests at once",
        20500 | 20503 => "trouble at Twilio",
        21211 => "this is not a phone number",
        21212 | 21606 | 21659 => "the number to write from is not one of the account's that can text",
        21408 => "the account may not text this country",
        21602 => "the text is empty",
        21603 => "there is no number to write from",
        21609 => "the address for reports is not valid",
        21610 => "this person wrote STOP and gets nothing more until they write START",
        21612 => "this number cannot be reached from the sender",
        21614 => "this number cannot take texts",
        21617 => "the text is longer than 1600 characters",
        21660 => "the number to write from belongs to another account",
        21701 => "there is no such messaging service",
        21703 => "the messaging service has no number to write from",
        30001 => "the queue at Twilio ran over",
        30002 => "the account was suspended",
        30003 => "the phone is switched off or cannot be reached",
        30004 => "the phone blocks texts",
        30005 => "there is no such phone any more",
        30006 => "a landline, or a carrier that cannot be reached",
        30007 => "the carrier took it for spam",
        30008 => "the carrier gave no reason",
        30009 => "a part of the text was lost on the way",
        30010 => "the text costs more than the limit that was set",
        30034 => "the sender is not registered with the carriers of this country",
        63038 => "the account's limit for the day is used up",
        _ => return None,
    })
}

/// What the code of a failed delivery says to staff.
pub fn reason(code: Option<&str>) -> String {
    let Some(code) = code else { return "Twilio gave no reason".to_owned() };
    match code.parse().ok().and_then(words) {
        Some(words) => format!("Twilio {code}: {words}"),
        // A stranger's words stay out of what staff read; Twilio's codes are digits.
        None if code.len() <= 6 && code.bytes().all(|byte| byte.is_ascii_digit()) => format!("Twilio error {code}"),
        None => "Twilio gave a reason in another form".to_owned(),
    }
}

/// The answer if it is a success.
pub fn checked(operation: &'static str, answer: Answer) -> Result<Answer> {
    if answer.is_success() { Ok(answer) } else { Err(refusal(operation, &answer)) }
}
