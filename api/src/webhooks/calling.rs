//! One signed call to an endpoint, and what its answer means. No answer is believed beyond its status.

use std::{error::Error as _, sync::Arc, time::Duration};

use civicdesk_contract::{Clock, Tools, webhooks::Key};
use jiff::fmt::rfc2822;
use reqwest::{Response, header::RETRY_AFTER};
use tokio::time::timeout;

/// How long an endpoint may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// So much of an answer is read, and thrown away, so that the connection can be used again.
const READ: usize = 16 * 1024;
const READING: Duration = Duration::from_secs(2);
/// No endpoint puts us off for longer.
const LONGEST_WAIT: i64 = 86_400;
/// Characters of a reason that are kept.
const REASON: usize = 300;

/// What is to be said, and to whom.
pub struct Call {
    pub url: String,
    /// The event's id, the same at every attempt.
    pub id: String,
    pub body: String,
    pub keys: Vec<Key>,
}

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub status: Option<u16>,
    /// What went wrong; nothing where it arrived.
    pub error: Option<String>,
    /// Seconds that the endpoint asks us to wait.
    pub wait: Option<i64>,
}

impl Outcome {
    pub fn arrived(&self) -> bool {
        self.error.is_none()
    }

    fn failed(why: &str) -> Self {
        Self { error: Some(why.chars().take(REASON).collect()), ..Self::default() }
    }
}

/// Calls once.
pub async fn call(tools: &Tools, call: &Call) -> Outcome {
    let seconds = tools.clock.now().as_second();
    let signed: Vec<String> = call.keys.iter().map(|key| key.sign(&call.id, seconds, call.body.as_bytes())).collect();
    let request = tools.http.post(&call.url).header("content-type", "application/json");
    let request = request.header("webhook-id", &call.id).header("webhook-timestamp", seconds.to_string());
    let request = request.header("webhook-signature", signed.join(" ")).body(call.body.clone());
    match timeout(PATIENCE, request.send()).await {
        Err(_) => Outcome::failed("it did not answer within 15 seconds"),
        Ok(Err(e)) => Outcome::failed(&reason(&e)),
        Ok(Ok(answer)) => judge(answer, &tools.clock).await,
    }
}

async fn judge(answer: Response, clock: &Arc<dyn Clock>) -> Outcome {
    let status = answer.status();
    let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = wait.and_then(|text| seconds(text.trim(), clock)).map(|wait| wait.clamp(0, LONGEST_WAIT));
    let _ = timeout(READING, drain(answer)).await;
    let error = match status.as_u16() {
        200..=299 => None,
        301 | 302 | 303 | 307 | 308 => Some(format!("it answered {}, and redirects are not followed", status.as_u16())),
        other => Some(format!("it answered {other}")),
    };
    Outcome { status: Some(status.as_u16()), wait: wait.filter(|_| error.is_some()), error }
}

/// `Retry-After` as seconds or as a date.
fn seconds(text: &str, clock: &Arc<dyn Clock>) -> Option<i64> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds));
    }
    let until = rfc2822::parse(text).ok()?;
    Some(until.timestamp().as_second() - clock.now().as_second())
}

async fn drain(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > READ {
            return;
        }
    }
}

/// The innermost reason: the outer ones say only that the request failed, and name the address.
fn reason(error: &reqwest::Error) -> String {
    let mut inner = error.source();
    while let Some(next) = inner.and_then(|e| e.source()) {
        inner = Some(next);
    }
    inner.map_or_else(|| "the call could not be made".to_owned(), ToString::to_string)
}
