//! One request to a provider, and what its failure means to the host.

use std::time::Duration;

use reqwest::{
    RequestBuilder,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use serde_json::Value;

use crate::{Error, InboundAttachment, Kind, Media, Result, Retry};

/// No answer of a provider that we read is longer.
const LONGEST: usize = 256 * 1024;
/// How long to wait when the provider asks us to slow down and names no time.
const BREATH: Duration = Duration::from_secs(30);

/// What is said of a file that the provider does not have, or not yet.
pub const GONE: &str = "the provider does not have the file";

/// What the provider said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    retry_after: Option<Duration>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; `Null` where it is none, so that every look into it finds nothing.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Asks once. Where the answer breaks off, a message may have gone out.
pub async fn ask(operation: &'static str, request: RequestBuilder) -> Result<Answer> {
    let mut answer = request.send().await.map_err(|e| match () {
        () if e.is_connect() || e.is_builder() => Error::unreachable(operation, "no connection to the provider"),
        () => unsure(operation, "the provider broke off before it answered"),
    })?;
    let status = answer.status().as_u16();
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    // The status alone says enough of a refusal, so only a success must have come whole.
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST => body.extend_from_slice(&chunk),
            Ok(None) => break,
            _ if status >= 300 => break,
            _ => return Err(unsure(operation, "the provider's answer broke off")),
        }
    }
    Ok(Answer { status, body, retry_after: seconds.map(Duration::from_secs) })
}

/// What a refusal means by its status alone. `detail` names the provider and what is to be done, never its own words: they
/// may repeat what a citizen wrote.
pub fn refusal(operation: &'static str, answer: &Answer, detail: impl Into<String>) -> Error {
    let detail = detail.into();
    match answer.status {
        401 | 403 => Error::new(Kind::Credentials, Retry::Never, operation, detail),
        429 => limited(operation, answer, detail),
        // Said before anything is taken.
        503 => Error::new(Kind::Unreachable, answer.retry_after.map_or(Retry::Later, Retry::After), operation, detail),
        500.. => unsure(operation, detail),
        _ => Error::new(Kind::Refused, Retry::Never, operation, detail),
    }
}

pub fn limited(operation: &'static str, answer: &Answer, detail: impl Into<String>) -> Error {
    Error::new(Kind::Limited, Retry::After(answer.retry_after.unwrap_or(BREATH)), operation, detail)
}

/// A message may have gone out; anything else may simply be asked again.
pub fn unsure(operation: &'static str, detail: impl Into<String>) -> Error {
    let retry = if operation == "send" { Retry::Unsure } else { Retry::Later };
    Error::new(Kind::Unreachable, retry, operation, detail)
}

/// An address in settings: whole, and without a slash at its end.
pub fn address(field: &str, text: &str) -> Result<String> {
    let right = reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if right {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(Error::settings(format!("{field} is not an address")))
    }
}

/// Brings a file that lies at the provider, and stops at `most` bytes. Providers keep files elsewhere: one redirect is
/// followed, without our token.
pub async fn file(
    http: &reqwest::Client,
    request: RequestBuilder,
    media: &Media,
    most: usize,
) -> Result<InboundAttachment> {
    let broken = |_| Error::unreachable("fetch", "the file's place cannot be reached");
    let mut answer = request.send().await.map_err(broken)?;
    if answer.status().is_redirection() {
        let place = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let place = place.and_then(|place| answer.url().join(place).ok());
        let place = place.ok_or_else(|| Error::malformed("fetch", "a redirect to nowhere"))?;
        answer = http.get(place).send().await.map_err(broken)?;
    }
    match answer.status().as_u16() {
        200 => {}
        401 | 403 => return Err(Error::new(Kind::Credentials, Retry::Never, "fetch", "the file was not shown to us")),
        404 | 410 => {
            return Err(Error::new(Kind::Refused, Retry::Never, "fetch", GONE));
        }
        status => return Err(Error::unreachable("fetch", format!("the file's place answered {status}"))),
    }
    let told = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let content_type = media.content_type.clone().or(told).unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > most {
            return Err(Error::new(
                Kind::Refused,
                Retry::Never,
                "fetch",
                format!("the file is larger than {most} bytes"),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    let name = media.name.clone().unwrap_or_else(|| name_of(&content_type));
    Ok(InboundAttachment { name, content_type, bytes, content_id: None, inline: false })
}

/// Files in texts have no names.
fn name_of(content_type: &str) -> String {
    let (kind, form) = content_type.split_once('/').unwrap_or(("file", "bin"));
    let word = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).take(8).collect::<String>();
    format!(
        "{}.{}",
        if kind == "application" { "file".to_owned() } else { word(kind) },
        word(form).replace("jpeg", "jpg")
    )
}
