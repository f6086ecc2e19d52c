//! One call of a provider's API, and what it means to the host when the line breaks.

use std::time::Duration;

use civicdesk_contract::{Error, InboundAttachment, Kind, Media, Result, Retry};
use reqwest::{RequestBuilder, Response, Url, header::HeaderMap};
use serde_json::Value;

/// No answer of an API is larger.
const LARGEST: usize = 8 << 20;

/// An address of an API in the settings, without a slash at its end.
pub fn base(field: &str, address: &str) -> Result<String> {
    let good = Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none());
    if !good {
        return Err(Error::settings(format!("{field} is not an address such as https://api.example.org")));
    }
    Ok(address.trim_end_matches('/').to_owned())
}

/// The host of such an address, and its port where it is not the usual one.
pub fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?.to_owned();
    Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// What the provider answered, whatever the status.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// Null where the body is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// How long the provider asks us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// A call that changes nothing: it may be made again.
pub async fn look(operation: &'static str, request: RequestBuilder) -> Result<Reply> {
    make(operation, request, Retry::Later).await
}

/// A call by which a message goes out: when no answer comes, it may have.
pub async fn act(operation: &'static str, request: RequestBuilder) -> Result<Reply> {
    make(operation, request, Retry::Unsure).await
}

async fn make(operation: &'static str, request: RequestBuilder, in_doubt: Retry) -> Result<Reply> {
    // The error's own words could hold the address, and that a token.
    let lost = |detail: &str| Error::new(Kind::Unreachable, in_doubt, operation, detail);
    let answer = request.send().await.map_err(|e| match e.is_connect() {
        true => Error::unreachable(operation, "no connection"),
        false => lost(if e.is_timeout() { "no answer in time" } else { "the line broke off before the answer" }),
    })?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = body(answer, LARGEST).await.map_err(|why| lost(&why.to_string()))?;
    Ok(Reply { status, headers, body })
}

/// Brings a file, unless it has more than `most` bytes.
pub async fn download(request: RequestBuilder, media: &Media, most: usize) -> Result<InboundAttachment> {
    let operation = "fetch";
    let answer = request.send().await.map_err(|_| Error::unreachable(operation, "the file's server did not answer"))?;
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(no_file(status));
    }
    let named = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bytes = body(answer, most).await.map_err(|why| match why {
        Broken::TooLarge => too_large(most),
        Broken::Line => Error::unreachable(operation, "the line broke off within the file"),
    })?;
    Ok(InboundAttachment {
        name: media.name.clone().unwrap_or_else(|| "file".to_owned()),
        content_type: media.content_type.clone().or(named).unwrap_or_else(|| "application/octet-stream".to_owned()),
        bytes,
        content_id: None,
        inline: false,
    })
}

pub fn too_large(most: usize) -> Error {
    Error::new(Kind::Refused, Retry::Never, "fetch", format!("the file has more than {most} bytes"))
}

fn no_file(status: u16) -> Error {
    let (kind, retry) = match status {
        401 | 403 => (Kind::Credentials, Retry::Later),
        429 => (Kind::Limited, Retry::Later),
        500.. => (Kind::Unreachable, Retry::Later),
        _ => (Kind::Refused, Retry::Never),
    };
    Error::new(kind, retry, "fetch", format!("the file's server answered {status}"))
}

enum Broken {
    TooLarge,
    Line,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the answer is too large",
            Self::Line => "the line broke off within the answer",
        })
    }
}

async fn body(mut answer: Response, most: usize) -> std::result::Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| Broken::Line)? {
        if bytes.len() + chunk.len() > most {
            return Err(Broken::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
