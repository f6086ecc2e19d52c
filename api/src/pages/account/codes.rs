//! The page on which citizens make codes to keep, and see them once.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::json;

use super::{door, form::Form, fresh_door, led};
use crate::{
    app::App,
    http::{accounts::factors, problem::Problem},
    pages::{reader::Reader, sent},
};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let fresh = fresh_door(&reader).await;
    led(&home, &req, fresh.and_then(|_| Form { section: "account_codes", ..Form::default() }.page(reader)))
}

/// Answers with the codes themselves and no redirect, because nothing keeps them that a second request could show.
pub async fn make(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let saved = match door(&reader) {
        Ok(door) => factors::saved(&door).await,
        Err(problem) => Err(problem),
    };
    led(
        &home,
        &req,
        saved.and_then(|codes| reader.page(StatusCode::OK, "account_codes.html", json!({ "codes": codes }))),
    )
}
