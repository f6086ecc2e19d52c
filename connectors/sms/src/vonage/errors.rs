//! Vonage's errors, of both APIs: what each means to the host, in our words.

use civicdesk_contract::{Error, Kind, Result, Retry};

use crate::exchange::{self, Answer};

/// The answer of the Messages API if it is a success.
pub fn checked(operation: &'static str, answer: Answer) -> Result<Answer> {
    if answer.is_success() { Ok(answer) } else { Err(refusal(operation, &answer)) }
}

/// A problem document names its error behind the `#` of its type.
fn refusal(operation: &'static str, answer: &Answer) -> Error {
    let problem = answer.json();
    let code = problem["type"].as_str().and_then(|kind| kind.rsplit_once('#')?.1.parse::<u32>().ok());
    let detail = match (code, answer.status) {
        (Some(code), _) => format!("Vonage {code}: {}", words(code).unwrap_or("it was refused")),
        (None, 401) => "Vonage: the application or its key was refused".to_owned(),
        (None, status) => format!("Vonage answered {status}"),
    };
    let of = |kind, retry| Error::new(kind, retry, operation, detail.clone());
    match (code, answer.status) {
        (Some(1000), _) => exchange::limited(operation, answer, detail),
        (Some(1060 | 1080), _) => of(Kind::Credentials, Retry::Never),
        (Some(1070), _) | (_, 402) => of(Kind::Limited, Retry::Later),
        (Some(1120), _) => of(Kind::Settings, Retry::Never),
        _ => exchange::refusal(operation, answer, detail),
    }
}

/// What a status of the SMS API means; it comes with 200.
pub fn status(answer: &Answer, status: &str) -> Error {
    let of = |kind, retry, words: &str| Error::new(kind, retry, "send", format!("Vonage {status}: {words}"));
    match status {
        "1" => exchange::limited("send", answer, "Vonage 1: too many texts at once"),
        "4" | "8" | "14" | "32" => {
            of(Kind::Credentials, Retry::Never, "the key, the secret or the account was refused")
        }
        "5" => of(Kind::Unreachable, Retry::Later, "trouble at Vonage"),
        "6" => of(Kind::Refused, Retry::Never, "this number cannot be reached"),
        "7" => of(Kind::Refused, Retry::Never, "this number is barred, or its owner wants no texts"),
        "9" => of(Kind::Limited, Retry::Later, "the account has no credit"),
        "10" => of(Kind::Limited, Retry::Later, "too many connections of the account"),
        "12" => of(Kind::Refused, Retry::Never, "the text is too long"),
        "15" => of(Kind::Settings, Retry::Never, "the sender is not allowed in this country"),
        "23" => of(Kind::Settings, Retry::Never, "the address for reports is not valid"),
        "29" => of(Kind::Refused, Retry::Never, "an account on trial may write to its own numbers only"),
        "33" => of(Kind::Refused, Retry::Never, "there is no such phone any more"),
        _ => of(Kind::Refused, Retry::Never, "it was refused"),
    }
}

fn words(code: u32) -> Option<&'static str> {
    Some(match code {
        1000 => "too many texts at once",
        1010 | 1020 | 1021 | 1022 => "something in the request is not valid",
        1030 => "trouble at Vonage",
        1040 => "this number cannot be reached",
        1050 => "this number is barred, or its owner wants no texts",
        1060 | 1080 => "the account may not send",
        1070 => "the account has no credit or has used its quota up",
        1090 => "the text is too long",
        1120 => "the sender is not allowed in this country",
        _ => return None,
    })
}

/// Why a text did not arrive, by the code of a report of either API.
pub fn undelivered(code: Option<&str>) -> String {
    let Some(code) = code.map(|code| code.rsplit('#').next().unwrap_or(code)) else {
        return "Vonage gave no reason".to_owned();
    };
    let words = match code {
        "1" | "1250" => "the carrier gave no reason",
        "2" | "1260" => "the phone cannot be reached for now",
        "3" | "1270" => "the phone cannot be reached",
        "4" | "1280" => "the phone's owner wants no texts from this sender",
        "5" | "1290" => "the number moved to another carrier and was not found",
        "6" | "1300" => "the carrier took it for spam",
        "7" | "1310" => "the phone was busy",
        "8" | "1320" => "trouble in the carrier's network",
        "9" | "1330" => "this number is not valid",
        "99" | "1240" => "trouble in the carrier's network",
        _ => "it was not delivered",
    };
    // A stranger's words stay out of what staff read; Vonage's codes are digits.
    let digits = code.len() <= 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if digits { format!("Vonage {code}: {words}") } else { format!("Vonage: {words}") }
}
