//! The page on which citizens make codes to keep, and see them once.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::json;

use super::{asks, led, through};
use crate::{
    app::App,
    http::{accounts::factors, problem::Problem},
    pages::{reader::Reader, sent},
};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    asks(&app, &req, &slug, "account_codes").await
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
    let saved = through(&reader, async |door| factors::saved(door).await).await;
    led(
        &home,
        &req,
        saved.and_then(|codes| reader.page(StatusCode::OK, "account_codes.html", json!({ "codes": codes }))),
    )
}
