//! "This was not me": the link of a notice, a page that says what will happen, and one button that does it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;
use serde_json::json;

use crate::{
    app::App,
    http::problem::Problem,
    pages::{cookies::Lasts, reader::Reader, sent},
    recovery::{completing::Refusal, keys, objecting},
};

/// The cookie that holds the link's secret.
const COOKIE: &str = "object";

/// Takes the secret out of the address. Whoever opens a link does nothing by that.
pub async fn take(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    match keys::read(&token) {
        Some(token) => reader.keep(COOKIE, token.expose(), Lasts::Visit),
        None => reader.keep(COOKIE, "", Lasts::Over),
    }
    reader.go_with_cookies("/object")
}

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    let holds = match token(&reader) {
        Some(token) => objecting::holds(&app, reader.tenant, &token).await?,
        None => false,
    };
    if !holds {
        return refused(reader);
    }
    let content = json!({ "form_token": reader.form_token() });
    reader.page(StatusCode::OK, "object.html", content)
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let Some(token) = token(&reader) else { return refused(reader) };
    match objecting::object(&app, reader.tenant, &token).await {
        Ok(()) => {
            reader.keep(COOKIE, "", Lasts::Over);
            reader.go_with_cookies("/object/done")
        }
        Err(Refusal::Fail(fail)) => Err(fail.into()),
        Err(_) => refused(reader),
    }
}

pub async fn done(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    reader.page(StatusCode::OK, "object_done.html", json!({}))
}

fn token(reader: &Reader) -> Option<Secret> {
    reader.kept(COOKIE).and_then(|kept| keys::read(&kept))
}

fn refused(reader: Reader) -> Result<HttpResponse, Problem> {
    reader.page(StatusCode::GONE, "object_refused.html", json!({}))
}
