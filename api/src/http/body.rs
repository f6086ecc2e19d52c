//! Bodies of requests: bounded before they are read, in time, and JSON read strictly.

use std::{ops::Deref, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
    web::{Bytes, BytesMut, Data},
};
use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{
    json::{self, Refused},
    problem::{self, Problem},
};
use crate::{
    app::App,
    fail::{Fail, Field},
};

/// What a JSON body may measure where its operation does not say otherwise.
pub const USUAL: usize = 256 * 1024;
/// A JSON body has arrived by then, or the client is not sending.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file has arrived by then.
pub const UPLOAD_PATIENCE: Duration = Duration::from_secs(600);

/// How fast a body must come at least: so many bytes in each such while, the first of which is free.
#[derive(Clone, Copy)]
struct Pace {
    every: Duration,
    bytes: usize,
}

const PACE: Pace = Pace { every: Duration::from_secs(5), bytes: 5 * 1024 };

/// The SHA-256 of the body, for the idempotency key's fingerprint.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(pub [u8; 32]);

/// A JSON body as `T`, which denies unknown fields. At most `LIMIT` bytes.
#[derive(Debug)]
pub struct Body<T, const LIMIT: usize = USUAL>(pub T);

impl<T, const LIMIT: usize> Deref for Body<T, LIMIT> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T, const LIMIT: usize> Body<T, LIMIT> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned + 'static, const LIMIT: usize> FromRequest for Body<T, LIMIT> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        async move {
            expect_json(&req)?;
            let set = req.app_data::<Data<App>>().map_or(LIMIT, |app| app.bounds.body_bytes);
            let bytes = collect(&req, payload, LIMIT.min(set), PATIENCE).await?;
            parse(&bytes).map(Self)
        }
        .boxed_local()
    }
}

/// A file as the body. At most `LIMIT` bytes, and more time for them.
#[derive(Debug)]
pub struct Upload<const LIMIT: usize>(pub Bytes);

impl<const LIMIT: usize> FromRequest for Upload<LIMIT> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        async move {
            if !req.content_type().eq_ignore_ascii_case("application/octet-stream") {
                let how = "send the file as `Content-Type: application/octet-stream`";
                return Err(Problem::new(problem::MEDIA_TYPE, how));
            }
            let set = req.app_data::<Data<App>>().map_or(LIMIT, |app| app.bounds.attachment_bytes);
            collect(&req, payload, LIMIT.min(set), UPLOAD_PATIENCE).await.map(Self)
        }
        .boxed_local()
    }
}

fn expect_json(req: &HttpRequest) -> Result<(), Problem> {
    let sent = req.content_type().to_ascii_lowercase();
    let patch = req.method() == Method::PATCH && sent == "application/merge-patch+json";
    if sent == "application/json" || patch {
        return Ok(());
    }
    Err(Problem::new(problem::MEDIA_TYPE, "send `Content-Type: application/json`"))
}

/// Reads a whole body of at most `limit` bytes that arrives within `patience`, and not drop by drop.
pub async fn collect(req: &HttpRequest, from: Payload, limit: usize, patience: Duration) -> Result<Bytes, Problem> {
    let length = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|n| n > limit) {
        return Err(too_large(limit));
    }
    let read = read(from, BytesMut::with_capacity(length.unwrap_or(0)), limit, PACE);
    let bytes = tokio::time::timeout(patience, read).await.map_err(|_| late())??;
    req.extensions_mut().insert(Fingerprint(Sha256::digest(&bytes).into()));
    Ok(bytes)
}

async fn read(mut from: Payload, mut bytes: BytesMut, limit: usize, pace: Pace) -> Result<Bytes, Problem> {
    let mut ticks = tokio::time::interval(pace.every);
    ticks.tick().await;
    let mut due = 0;
    loop {
        tokio::select! {
            chunk = from.next() => {
                let Some(chunk) = chunk else { return Ok(bytes.freeze()) };
                let broke = |e| Problem::new(problem::MALFORMED, format!("the body broke off: {e}"));
                let chunk = chunk.map_err(broke)?;
                if bytes.len() + chunk.len() > limit {
                    return Err(too_large(limit));
                }
                bytes.extend_from_slice(&chunk);
            }
            _ = ticks.tick() => {
                if bytes.len() < due {
                    return Err(late());
                }
                due += pace.bytes;
            }
        }
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(problem::TOO_LARGE, format!("at most {limit} bytes are taken here"))
}

fn late() -> Problem {
    Problem::new(problem::TIMEOUT, problem::TIMEOUT.about)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = json::read(bytes).map_err(|refused| match refused {
        Refused::Malformed(why) => {
            Problem::new(problem::MALFORMED, format!("the body is not JSON as taken here: {why}"))
        }
        Refused::Fields(fields) => Fail::Invalid(fields).into(),
    })?;
    serde_path_to_error::deserialize(value).map_err(|e| {
        let pointer = pointer(e.path());
        Fail::Invalid(vec![Field { pointer, detail: e.into_inner().to_string() }]).into()
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |s: &Segment| match s {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", json::escape(key))),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Contact {
        #[expect(dead_code, reason = "only its form is tested")]
        email: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        #[expect(dead_code, reason = "only its form is tested")]
        contacts: Vec<Contact>,
    }

    /// A body of so many chunks of ten bytes, each a while after the other.
    fn drops(chunks: usize, pause: Duration) -> Payload {
        let all = futures_util::stream::iter(0..chunks).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok(Bytes::from_static(b"0123456789"))
        });
        Payload::Stream { payload: Box::pin(all) }
    }

    #[tokio::test]
    async fn a_body_that_comes_drop_by_drop_is_given_up_and_one_that_flows_is_taken() {
        let pace = Pace { every: Duration::from_millis(50), bytes: 100 };
        let slow = read(drops(1000, Duration::from_millis(20)), BytesMut::new(), 1 << 20, pace).await.unwrap_err();
        assert_eq!(slow.kind.status, problem::TIMEOUT.status);
        let flows = read(drops(30, Duration::ZERO), BytesMut::new(), 1 << 20, pace).await.unwrap();
        assert_eq!(flows.len(), 300);
        let late = read(drops(1, Duration::from_millis(70)), BytesMut::new(), 1 << 20, pace).await.unwrap();
        assert_eq!(late.len(), 10, "the first while is free");
    }

    #[test]
    fn a_wrong_field_is_named_by_its_json_pointer() {
        for (text, at) in [
            (r#"{"contacts":[{"email":"a"},{"email":5}]}"#, "/contacts/1/email"),
            (r#"{"contacts":[],"tenant_id":"x"}"#, "/tenant_id"),
            (r#"{"contacts":7}"#, "/contacts"),
            (r#"{}"#, ""),
        ] {
            let problem = parse::<New>(text.as_bytes()).unwrap_err();
            assert_eq!((problem.kind.status, problem.errors[0].pointer.as_str()), (422, at), "{problem:?}");
        }
        assert_eq!(parse::<New>(b"{").unwrap_err().kind.status, 400);
    }
}
