//! `/t/{tenant}/requests/find`: says how one's request is found again. It asks no database and reveals nothing.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::json;

use super::reader::{Reader, parameter};
use crate::{app::App, http::problem::Problem};

/// Characters of a reference that are shown again.
const SHOWN: usize = 60;

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let typed: Option<String> = parameter(&req, "reference").map(|typed| typed.trim().chars().take(SHOWN).collect());
    let empty = typed.as_deref() == Some("");
    reader.page(StatusCode::OK, "find.html", json!({ "typed": typed.unwrap_or_default(), "empty": empty }))
}
