//! `/t/{tenant}/proofs/{token}`: whoever holds a letter's link says that the address is theirs. Looking confirms nothing.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::json;

use super::{reader::Reader, sent};
use crate::{
    app::App,
    fail::Fail,
    http::{problem::Problem, proofs},
};

pub async fn show(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    let proof = proofs::seen(&app, reader.tenant, &token).await?;
    let content = json!({
        "address": proof.address, "joins": proof.joins, "state": proof.state, "form_token": reader.form_token(),
    });
    reader.page(StatusCode::OK, "proof.html", content)
}

pub async fn confirm(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    match proofs::confirmed(&app, reader.tenant, &token).await {
        // A link that holds no more says so on its own page.
        Ok(_) | Err(Fail::Conflict { .. }) => Ok(reader.go_to(&format!("/proofs/{token}"))),
        Err(fail) => Err(fail.into()),
    }
}
