//! Answers and their versions: what a handler gives back, `ETag`, `If-Match` and `If-None-Match`.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use uuid::Uuid;

use super::problem::{self, Problem};
use crate::{auth::Who, fail::Fail, ids::Prefix};

/// Says that the answer was given before and nothing was done this time.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What a handler answers: a status, a JSON body, and the few headers that belong to it.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Option<String>,
    /// The body as an idempotency key stores it, where that differs: without the secrets.
    pub(super) kept: Option<String>,
    pub(super) location: Option<String>,
    pub(super) etag: Option<String>,
    /// The body holds more than the version speaks of, so that it is always sent.
    pub(super) whole: bool,
    pub(super) replayed: bool,
}

/// What a handler returns.
pub type Answer = Result<Reply, Problem>;

impl Reply {
    fn with(status: StatusCode, body: &impl Serialize) -> Result<Self, Fail> {
        let body = text(body)?;
        Ok(Self { status, body: Some(body), kept: None, location: None, etag: None, whole: false, replayed: false })
    }

    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Result<Self, Fail> {
        Self::with(StatusCode::OK, body)
    }

    /// 201 with the new thing and its path, such as `/v1/cases/cas_…`.
    pub fn created(location: impl Into<String>, body: &impl Serialize) -> Result<Self, Fail> {
        Ok(Self { location: Some(location.into()), ..Self::with(StatusCode::CREATED, body)? })
    }

    /// 202: written down, and done soon.
    pub fn accepted(location: impl Into<String>, body: &impl Serialize) -> Result<Self, Fail> {
        Ok(Self { location: Some(location.into()), ..Self::with(StatusCode::ACCEPTED, body)? })
    }

    /// 204.
    pub fn nothing() -> Self {
        let status = StatusCode::NO_CONTENT;
        Self { status, body: None, kept: None, location: None, etag: None, whole: false, replayed: false }
    }

    /// The row's version, as the answer's `ETag`.
    pub fn version(self, version: i64) -> Self {
        Self { etag: Some(etag(version)), ..self }
    }

    /// Sends the body even to a caller who has this version: it holds what changes without one.
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// The body to keep for the repetition of an idempotency key: it must hold no secret.
    pub fn keep(self, body: &impl Serialize) -> Result<Self, Fail> {
        Ok(Self { kept: Some(text(body)?), ..self })
    }
}

fn text(body: &impl Serialize) -> Result<String, Fail> {
    serde_json::to_string(body).map_err(|e| Fail::Broken(format!("an answer cannot be written as JSON: {e}")))
}

impl Responder for Reply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let etag = self.etag.as_deref().filter(|_| !self.whole);
        let known = etag.is_some_and(|etag| req.method() == Method::GET && is_known(req, etag));
        let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { self.status });
        for (name, value) in [(header::ETAG, &self.etag), (header::LOCATION, &self.location)] {
            if let Some(value) = value {
                response.insert_header((name, value.as_str()));
            }
        }
        if self.replayed {
            response.insert_header((REPLAYED, HeaderValue::from_static("true")));
        }
        match self.body {
            Some(body) if !known => response.content_type("application/json").body(body),
            _ => response.finish(),
        }
    }
}

/// A version as an entity tag.
fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// Whether the caller has this version already.
fn is_known(req: &HttpRequest, etag: &str) -> bool {
    let tags = req.headers().get_all(header::IF_NONE_MATCH).filter_map(|v| v.to_str().ok());
    tags.flat_map(|v| v.split(',')).any(|t| t.trim() == "*" || t.trim().trim_start_matches("W/") == etag)
}

/// The versions that the caller is ready to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    Absent,
    Any,
    /// Entity tags as they were sent. A weak one never matches.
    These(Vec<String>),
}

impl IfMatch {
    pub(super) fn read(req: &HttpRequest) -> Result<Self, Problem> {
        let wrong = || Problem::new(problem::MALFORMED, "If-Match must be `*` or entity tags such as \"v3\"");
        let mut tags = Vec::new();
        for value in req.headers().get_all(header::IF_MATCH) {
            let value = value.to_str().map_err(|_| wrong())?;
            if value.trim() == "*" {
                return Ok(Self::Any);
            }
            // Of a list, empty elements count for nothing (RFC 9110, 5.6.1.2).
            for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                let body = tag.trim_start_matches("W/");
                if body.len() < 2 || !body.starts_with('"') || !body.ends_with('"') {
                    return Err(wrong());
                }
                tags.push(tag.to_owned());
            }
        }
        Ok(if tags.is_empty() { Self::Absent } else { Self::These(tags) })
    }

    /// Whether the row may be changed. Call it with the version just read, in the transaction that changes it.
    pub fn check(&self, who: &Who, version: i64) -> Result<(), Fail> {
        match self {
            Self::Any => Ok(()),
            Self::Absent if who.requires_if_match => Err(Fail::PreconditionRequired),
            Self::Absent => Ok(()),
            Self::These(tags) if tags.contains(&etag(version)) => Ok(()),
            Self::These(_) => Err(Fail::Stale),
        }
    }
}

/// An id in a path. One that cannot be an id names nothing, like one that is not there.
pub fn id(prefix: Prefix, text: &str) -> Result<Uuid, Fail> {
    prefix.read(text).ok_or(Fail::NotFound("it"))
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
