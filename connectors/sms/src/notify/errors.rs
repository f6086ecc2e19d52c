//! Notify's errors: what each means to the host, in our words.

use civicdesk_contract::{Error, Kind, Result, Retry};

use crate::exchange::{self, Answer};

pub fn checked(operation: &'static str, answer: Answer) -> Result<Answer> {
    if answer.is_success() { Ok(answer) } else { Err(refusal(operation, &answer)) }
}

fn refusal(operation: &'static str, answer: &Answer) -> Error {
    let body = answer.json();
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let says = |words: &str| errors.iter().any(|e| e["message"].as_str().is_some_and(|m| m.contains(words)));
    let of = |kind, retry, detail: &str| Error::new(kind, retry, operation, format!("Notify: {detail}"));
    match answer.status {
        401 | 403 if says("clock") => of(Kind::Credentials, Retry::Later, "this machine's clock is wrong"),
        401 | 403 => of(Kind::Credentials, Retry::Never, "the API key was refused"),
        // Nothing but the template is ever asked for by name.
        404 => of(Kind::Settings, Retry::Never, "there is no such template in this service"),
        400 if says("emplate") || says("personalisation") || says("sms_sender_id") => {
            of(Kind::Settings, Retry::Never, "the template, its placeholder or the sender is not one of this service's")
        }
        400 if says("team-only") => of(Kind::Refused, Retry::Never, "the API key may write to the team only"),
        400 if says("trial mode") => of(Kind::Refused, Retry::Never, "the service is in trial mode"),
        400 if says("phone_number") || says("recipient") => {
            of(Kind::Refused, Retry::Never, "this number cannot be written to")
        }
        400 if says("limit") || says("characters") => of(Kind::Refused, Retry::Never, "the text is too long"),
        429 if says("for today") => of(Kind::Limited, Retry::Later, "the limit of the day is used up"),
        429 => exchange::limited(operation, answer, "Notify: too many requests at once"),
        // Its documentation says of this one that nothing was done and that it is to be sent again.
        500 | 503 => of(Kind::Unreachable, Retry::Later, "trouble at Notify"),
        501.. => exchange::unsure(operation, "Notify: trouble on the way to it"),
        status => of(Kind::Refused, Retry::Never, &format!("answered {status}")),
    }
}
