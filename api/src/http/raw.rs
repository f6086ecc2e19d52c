//! What arrived, given as it came, byte for byte.

use actix_web::{HttpResponse, http::header};

use super::problem::Problem;
use crate::{app::App, fail::Fail, store::inbound::Item};

/// Gives an item to be saved under this name. It is never shown in a browser: a stranger wrote it.
pub async fn download(app: &App, item: &Item, name: &str) -> Result<HttpResponse, Problem> {
    let bytes = app.blobs.raw(item).await.map_err(|e| Fail::Broken(e.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .content_type("application/octet-stream")
        .body(bytes))
}
