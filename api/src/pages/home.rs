//! `/t/{tenant}`: what can be done here.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::json;

use super::reader::Reader;
use crate::{app::App, cases::desk, channels::builtin::desk::WEB, http::problem::Problem};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let form = app.store.tenant(reader.tenant).read(|tx| desk::channel(tx, WEB)).await?;
    reader.page(StatusCode::OK, "home.html", json!({ "takes_requests": form.is_some() }))
}
