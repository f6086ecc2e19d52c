//! Errors as RFC 9457 problems: a closed list of types, each with a page that says what to do.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;

use crate::{
    fail::{Fail, Field},
    store,
};

/// One type of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub code: &'static str,
    pub status: u16,
    pub title: &'static str,
    /// What it means and what to do, for the page that its URL opens.
    pub about: &'static str,
}

/// Writes the closed list once: a name for the program, and a line for the page.
macro_rules! kinds {
    ($( $name:ident $code:literal $status:literal $title:literal $about:literal )+) => {
        $( pub const $name: &Kind = &Kind { code: $code, status: $status, title: $title, about: $about }; )+
        /// Every type of problem there is.
        pub const KINDS: &[&Kind] = &[$( $name ),+];
    };
}

kinds! {
    MALFORMED "malformed" 400 "The request cannot be read"
        "The body is not JSON as RFC 8259 and RFC 7493 want it, or a header or the path is not well formed. \
         Nothing was done. Correct the request."
    UNAUTHENTICATED "unauthenticated" 401 "Who are you?"
        "No valid credential came with the request. Sign in again, or use another API key."
    SECOND_FACTOR "second-factor-required" 401 "One code more"
        "The password was right. The account asks for the code of its authenticator app, or for a saved code: send the same \
         again with it as `factor`."
    FORBIDDEN "forbidden" 403 "This credential may not do that"
        "The credential is valid, but lacks the right that the detail names. Ask whoever manages staff or keys."
    INFECTED "infected-file" 403 "A scanner found something in the file"
        "The file is kept and handed to nobody; the detail names what was found. Ask its sender for another copy. \
         The message as it came can be downloaded with the right `files:unsafe` only."
    UNSCANNABLE "unscannable-file" 403 "The file could not be scanned"
        "The scanner refused it, for the reason in the detail, and the operator holds back what is not scanned \
         (`scan.when_down`). The operator can raise the scanner's limits; the message as it came can be downloaded with \
         the right `files:unsafe`."
    SUSPENDED "tenant-suspended" 403 "The agency is suspended"
        "The operator of this installation has suspended the agency. Only the operator can resume it."
    NOT_FOUND "not-found" 404 "Not found"
        "There is nothing here, or nothing of yours. Which of the two is not said."
    METHOD "method-not-allowed" 405 "This cannot be done here"
        "The path exists, but not with this method. The Allow header names the methods that it has."
    TIMEOUT "request-timeout" 408 "The request took too long to arrive"
        "The body stopped or was too slow. Send it again."
    CONFLICT "conflict" 409 "The state of things forbids it"
        "The request is well formed, but something that exists stands against it. The code names the reason and the \
         detail says what to do."
    STALE "changed-meanwhile" 412 "It changed meanwhile"
        "If-Match named a version that is not the current one. Read it again, look at what changed, and repeat."
    TOO_LARGE "too-large" 413 "Too large"
        "The body is larger than this operation takes. Nothing of it was kept."
    MEDIA_TYPE "unsupported-media-type" 415 "Unknown kind of body"
        "Send the media type that the detail names, in the Content-Type header."
    INVALID "invalid" 422 "Some fields cannot be taken"
        "The errors list names every wrong field and what would be right. Nothing was done."
    KEY_REUSED "idempotency-key-reused" 422 "The idempotency key was used for another request"
        "An Idempotency-Key stands for one request. Repeat that request unchanged, or make a new key for a new one."
    PRECONDITION "precondition-required" 428 "If-Match is required"
        "This agency wants every change to name the version that it changes. Read it first and send its ETag as If-Match."
    TOO_MANY "too-many-requests" 429 "Too many requests"
        "Wait as many seconds as Retry-After says, then try again."
    BROKEN "internal" 500 "Something of ours is broken"
        "It is not the request's fault. Tell the operator the request_id; the log has the reason under it."
    BUSY "busy" 503 "Too busy"
        "There is more work than can be done at once. Nothing was done. Try again after Retry-After seconds."
    NOT_SCANNED "file-not-scanned" 503 "The file is not scanned yet"
        "It waits for the scanner and is handed out once that found nothing in it. Try again after Retry-After seconds."
    DIRECTORY_DOWN "directory-down" 503 "The agency's directory does not answer"
        "The accounts of this agency are held in a directory of its own, which does not answer at the moment. Nothing was \
         changed, and a code that was sent goes on to work in its time. Try again after Retry-After seconds."
    UNAVAILABLE "unavailable" 503 "The database cannot be reached"
        "Nothing was acknowledged. Try again after Retry-After seconds; with an Idempotency-Key nothing is done twice."
}

/// An answer that says no. `frame` writes its body, where the request's id is known.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: &'static Kind,
    /// The kind's code, or the narrower reason of a conflict.
    pub code: &'static str,
    pub detail: String,
    pub errors: Vec<Field>,
    pub retry_after: Option<u32>,
    pub allow: Option<Box<str>>,
    /// For the log only.
    pub cause: Option<Box<str>>,
}

/// A problem as it is sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "https://desk.example/problems/invalid", "title": "Some fields cannot be taken", "status": 422,
    "code": "invalid", "detail": "1 field cannot be taken", "request_id": "0197a1b2c3d47e5f8a9b0c1d2e3f4a5b",
    "errors": [{ "pointer": "/subject", "detail": "must not be empty" }]
}))]
pub struct Body<'a> {
    /// A page that says what this type of problem means and what to do.
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    /// A stable word for programs: the last part of `type`, or for conflicts the reason.
    code: &'a str,
    /// What is wrong this time, and what to do.
    detail: &'a str,
    /// Name it when you ask for help.
    request_id: &'a str,
    /// Each field that cannot be taken.
    #[serde(skip_serializing_if = "<[Field]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [Field],
}

impl Problem {
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        let (detail, errors) = (detail.into(), Vec::new());
        Self { kind, code: kind.code, detail, errors, retry_after: None, allow: None, cause: None }
    }

    fn broken(kind: &'static Kind, cause: impl Into<Box<str>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(kind, kind.about) }
    }

    fn wait(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// Something panicked.
    pub fn panicked() -> Self {
        Self::broken(BROKEN, "a handler panicked; the lines before say where")
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body, now that the request's id is known.
    pub fn body(&self, public_url: &str, request_id: &str) -> String {
        let body = Body {
            kind: format!("{public_url}/problems/{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            code: self.code,
            detail: &self.detail,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl From<Fail> for Problem {
    fn from(fail: Fail) -> Self {
        match fail {
            Fail::Unauthenticated(what) => Self::new(UNAUTHENTICATED, what),
            Fail::SecondFactor(what) => Self::new(SECOND_FACTOR, what),
            Fail::Suspended => Self::new(SUSPENDED, SUSPENDED.about),
            // One text for all, so that nothing can be told from it.
            Fail::NotFound(_) => Self::new(NOT_FOUND, NOT_FOUND.about),
            Fail::Forbidden(right) => Self::new(FORBIDDEN, format!("the right `{right}` is missing")),
            Fail::Invalid(errors) => {
                let detail = match errors.len() {
                    1 => "1 field cannot be taken".to_owned(),
                    n => format!("{n} fields cannot be taken"),
                };
                Self { errors, ..Self::new(INVALID, detail) }
            }
            Fail::Conflict { code, detail } => Self { code, ..Self::new(CONFLICT, detail) },
            Fail::Stale => Self::new(STALE, STALE.about),
            Fail::PreconditionRequired => Self::new(PRECONDITION, PRECONDITION.about),
            Fail::KeyReused => Self::new(KEY_REUSED, KEY_REUSED.about),
            Fail::Infected(found) => Self::new(INFECTED, format!("the scanner found {found} in it")),
            Fail::NotScanned(seconds) => Self::new(NOT_SCANNED, NOT_SCANNED.about).wait(seconds),
            Fail::Unscannable(why) => Self::new(UNSCANNABLE, why),
            Fail::TooMany(seconds) => Self::new(TOO_MANY, format!("try again in {seconds} seconds")).wait(seconds),
            Fail::DirectoryDown(seconds) => Self::new(DIRECTORY_DOWN, DIRECTORY_DOWN.about).wait(seconds),
            Fail::Busy(seconds) => Self::new(BUSY, BUSY.about).wait(seconds),
            Fail::Broken(cause) => Self::broken(BROKEN, cause),
            Fail::Store(e) => e.into(),
        }
    }
}

impl From<store::Error> for Problem {
    /// Names of constraints and the database's own words go to the log only.
    fn from(e: store::Error) -> Self {
        let cause: Box<str> = e.to_string().into();
        match e {
            store::Error::NotFound => Self::new(NOT_FOUND, NOT_FOUND.about),
            store::Error::Stale => Self::new(STALE, STALE.about),
            store::Error::Busy => Self::new(BUSY, BUSY.about).wait(1),
            store::Error::Taken(_) => Self {
                code: "taken",
                cause: Some(cause),
                ..Self::new(CONFLICT, "something with the same name or address is there already")
            },
            store::Error::Constraint(_) => Self {
                code: "refers-to-nothing",
                cause: Some(cause),
                ..Self::new(CONFLICT, "something that the request refers to is not there any more, or is still in use")
            },
            store::Error::Refused(_) => Self::broken(BROKEN, cause),
            store::Error::Unavailable(_) => Self::broken(UNAVAILABLE, cause).wait(5),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status());
        response.extensions_mut().insert(self.clone());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_the_database_reaches_the_caller() {
        for e in [
            store::Error::Taken("staff_tenant_id_email_key".into()),
            store::Error::Constraint("cases_topic_id_fkey".into()),
            store::Error::Refused("secret word"),
            store::Error::Unavailable("could not connect to 10.0.0.5 as civicdesk".into()),
        ] {
            let body = Problem::from(Fail::from(e)).body("https://desk.example", "r");
            for word in ["_key", "_fkey", "secret word", "10.0.0.5"] {
                assert!(!body.contains(word), "{body}");
            }
        }
    }

    #[test]
    fn every_type_of_problem_is_a_url_with_a_reason() {
        for (n, kind) in KINDS.iter().enumerate() {
            assert!(kind.about.len() > 40 && (400..600).contains(&kind.status), "{}", kind.code);
            assert!(!KINDS[..n].iter().any(|other| other.code == kind.code), "{} twice", kind.code);
        }
        let body: serde_json::Value =
            serde_json::from_str(&Problem::from(Fail::field("/a", "b")).body("https://desk.example", "r1")).unwrap();
        assert_eq!(body["type"], "https://desk.example/problems/invalid");
        assert_eq!((&body["request_id"], &body["errors"][0]["pointer"]), (&"r1".into(), &"/a".into()));
    }
}
