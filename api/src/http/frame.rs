//! What stands round every request: its id, its line in the log, the security headers, and problems in one form.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;

use super::{
    door::Knock,
    problem::{self, Problem},
};
use crate::{app::App, auth::quota::Standing, metrics, pages::apology::Apology};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The documentation's page brings its own scripts and styles from the binary.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Stands outside of everything else.
pub async fn frame(mut req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse, Error> {
    let begin = Instant::now();
    let Some(app) = req.app_data::<Data<App>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("the program is not attached"));
    };
    let id = request_id(&app, &req);
    let method = req.method().clone();
    let apology = Apology::to(&app, req.request());
    // A HEAD is a GET whose body the server leaves out.
    if method == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    match AssertUnwindSafe(next.call(req)).catch_unwind().await {
        Ok(Ok(response)) => {
            let mut response = response.map_into_boxed_body();
            let standing = response.request().extensions().get::<Standing>().copied();
            let knock = response.request().extensions().get::<Knock>().cloned();
            if let Some(knock) = knock.filter(|_| response.status().is_client_error())
                && let Some(problem) = knock.refusal().await
            {
                response.response_mut().extensions_mut().insert(problem);
            }
            if response.request().path().starts_with("/docs/") {
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
            }
            if let Some(problem) = troubled(&id, response.response_mut()) {
                let page = apology.and_then(|apology| apology.page(Some(response.request()), &id, &problem));
                *response.response_mut() = page.unwrap_or_else(|| written(&app, &id, &problem));
            }
            finish(&id, response.headers_mut());
            if let Some(standing) = standing {
                tell(standing, response.response_mut().headers_mut());
            }
            let route = response.request().match_pattern().unwrap_or_else(|| "-".to_owned());
            log(&id, &method, &route, response.status(), begin);
            Ok(response)
        }
        Ok(Err(e)) => {
            tracing::error!(runbook = "RB-REQUEST", request_id = id, error = %e, "A layer of the server failed.");
            let problem = Problem::new(problem::BROKEN, problem::BROKEN.about);
            Err(outside(&app, (&id, &method, begin), apology, problem))
        }
        Err(_) => Err(outside(&app, (&id, &method, begin), apology, Problem::panicked())),
    }
}

/// An id that the caller chose, if it is one; otherwise a new one.
fn request_id(app: &App, req: &ServiceRequest) -> String {
    let chosen = req.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let fit = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    chosen.filter(fit).map_or_else(|| app.ids.next().simple().to_string(), str::to_owned)
}

/// The problem that an answer carries, noted in the log where it is ours.
fn troubled(id: &str, response: &mut HttpResponse) -> Option<Problem> {
    let carried = response.extensions_mut().remove::<Problem>();
    let problem = carried.or_else(|| bare(response))?;
    if let Some(cause) = &problem.cause {
        if problem.kind.status >= 500 {
            tracing::error!(runbook = "RB-REQUEST", request_id = id, code = problem.code, cause, "A request failed.");
        } else {
            tracing::info!(request_id = id, code = problem.code, cause, "A request was refused by the database.");
        }
    }
    Some(problem)
}

/// An error that did not come from us as a problem, such as the server's own 400.
fn bare(response: &HttpResponse) -> Option<Problem> {
    let status = response.status();
    let known = |kind: &&&problem::Kind| kind.status == status.as_u16();
    let kind = if status.is_server_error() { problem::BROKEN } else { problem::MALFORMED };
    let kind = problem::KINDS.iter().find(known).map_or(kind, |kind| *kind);
    let written = |v: &HeaderValue| v == PROBLEM_JSON || v.as_bytes().starts_with(b"text/html");
    let is_written = response.headers().get(header::CONTENT_TYPE).is_some_and(written);
    (status.as_u16() >= 400 && !is_written).then(|| Problem::new(kind, kind.about))
}

const PROBLEM_JSON: &str = "application/problem+json";

fn written(app: &App, id: &str, problem: &Problem) -> HttpResponse {
    let mut answer = HttpResponse::build(problem.status());
    answer.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
    if problem.kind == problem::UNAUTHENTICATED {
        answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"civicdesk\""));
    }
    if let Some(seconds) = problem.retry_after {
        answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if let Some(allow) = &problem.allow {
        answer.insert_header((header::ALLOW, &**allow));
    }
    answer.body(problem.body(&app.public_url, id))
}

/// How much of its minute the credential has left, as the tenth draft of the RateLimit headers writes it.
fn tell(standing: Standing, headers: &mut HeaderMap) {
    let Standing { most, left, reset } = standing;
    let told = [
        ("ratelimit-policy", format!("\"minute\";q={most};w=60")),
        ("ratelimit", format!("\"minute\";r={left};t={reset}")),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The headers that every answer has. A handler's own, such as a page's policy, stands.
fn finish(id: &str, headers: &mut HeaderMap) {
    const EVERYWHERE: [(&str, &str); 9] = [
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in EVERYWHERE {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

fn log(id: &str, method: &Method, route: &str, status: StatusCode, begin: Instant) {
    let took = begin.elapsed();
    metrics::request(method.as_str(), route, status.as_u16(), took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = id, method = method.as_str(), route, status = status.as_u16(), ms, "Answered.");
}

/// An answer made when the request is already lost: whole, headers included.
#[derive(Debug)]
struct Whole {
    problem: Problem,
    id: String,
    body: String,
    apology: Option<Apology>,
}

fn outside(
    app: &App,
    (id, method, begin): (&str, &Method, Instant),
    apology: Option<Apology>,
    problem: Problem,
) -> Error {
    let (code, cause) = (problem.code, &problem.cause);
    tracing::error!(runbook = "RB-REQUEST", request_id = id, code, cause, "A request failed.");
    log(id, method, "-", problem.status(), begin);
    Whole { id: id.to_owned(), body: problem.body(&app.public_url, id), problem, apology }.into()
}

impl std::fmt::Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Whole {
    fn status_code(&self) -> StatusCode {
        self.problem.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let page = self.apology.and_then(|apology| apology.page(None, &self.id, &self.problem));
        let mut response = page.unwrap_or_else(|| {
            HttpResponse::build(self.problem.status()).content_type(PROBLEM_JSON).body(self.body.clone())
        });
        finish(&self.id, response.headers_mut());
        response
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
