//! `/hooks/{token}`: where the networks' providers call us. Nobody signs in here: the channel verifies each call.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::StatusCode,
    post,
    web::{Data, Path, Payload},
};
use civicdesk_contract::HookCall;

use super::{
    body::collect,
    problem::{self, Problem},
    show::FileBytes,
};
use crate::{
    app::App,
    channels::hooks::{self, Refused},
    fail::Fail,
};

/// What a provider's call may measure: media come by links, and a bridge may send a file.
const LARGEST: usize = 8 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// What a provider reads as text or XML.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, example = "<Response/>")]
pub struct HookText(#[expect(dead_code, reason = "only the document knows it")] String);

/// What a provider reads as JSON, in the provider's own form.
#[derive(utoipa::ToSchema)]
#[schema(value_type = Object, example = json!({ "response_token": "sha256=…" }))]
pub struct HookJson(#[expect(dead_code, reason = "only the document knows it")] serde_json::Value);

/// Answers a provider's challenge.
///
/// Some providers prove with a GET that the address is ours, and some bring messages so. What is answered, its status
/// and its media type are the provider's to choose.
#[utoipa::path(tag = "hooks", operation_id = "answer_hook", security(()), params(("token" = String, Path, description = "The end of a channel's `hook_url`.")),
    responses((status = 200, description = "What the provider wants to read.",
            content((HookText = "text/plain"), (HookText = "text/xml"), (HookJson = "application/json"))),
        (status = 204, description = "Taken, with nothing to say.")))]
#[get("/hooks/{token}")]
pub async fn challenge(req: HttpRequest, app: Data<App>, token: Path<String>, body: Payload) -> Answered {
    called(req, &app, &token, body).await
}

/// Takes a provider's call.
///
/// It is verified over its raw bytes, stored and committed before it is answered; the same call again changes nothing.
/// A paused channel answers 503: the provider keeps the call and comes again.
#[utoipa::path(tag = "hooks", operation_id = "receive_hook", security(()), params(("token" = String, Path, description = "The end of a channel's `hook_url`.")),
    request_body(content = FileBytes, content_type = "application/octet-stream",
        description = "Whatever the provider sends, of whatever media type it says."),
    responses((status = 200, description = "What the provider wants to read.",
            content((HookText = "text/plain"), (HookText = "text/xml"), (HookJson = "application/json"))),
        (status = 204, description = "Taken, with nothing to say.")))]
#[post("/hooks/{token}")]
pub async fn receive(req: HttpRequest, app: Data<App>, token: Path<String>, body: Payload) -> Answered {
    called(req, &app, &token, body).await
}

type Answered = Result<HttpResponse, Problem>;

async fn called(req: HttpRequest, app: &App, token: &str, body: Payload) -> Answered {
    let body = collect(&req, body.into_inner(), LARGEST, PATIENCE).await?.to_vec();
    let header = |(name, value): (&actix_web::http::header::HeaderName, &actix_web::http::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let call = HookCall {
        method: req.method().to_string(),
        public_url: String::new(),
        query: req.query_string().to_owned(),
        headers: req.headers().iter().map(header).collect(),
        body,
    };
    let answer = hooks::receive(&app.intake, &app.opener, &app.public_url, token, call).await.map_err(told)?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    if answer.body.is_empty() {
        return Ok(HttpResponse::build(status).finish());
    }
    Ok(HttpResponse::build(status).content_type(answer.content_type).body(answer.body))
}

fn told(refused: Refused) -> Problem {
    match refused {
        Refused::Unknown => Fail::NotFound("hook").into(),
        Refused::Forged => Problem::new(problem::UNAUTHENTICATED, "the call is not signed as this channel demands"),
        Refused::Empty => Problem::new(problem::MALFORMED, "the call brings nothing that can be understood"),
        Refused::Later(fail) => fail.into(),
    }
}
