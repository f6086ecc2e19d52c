//! The first page: to which address the code shall go. Whoever sends it sees the same next page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::json;

use crate::{
    app::App,
    fail::Fail,
    http::{asking, problem::Problem},
    ids,
    pages::{
        blanks::Blank,
        reader::Reader,
        sent::{self, Sent},
    },
    recovery::asking::{RECOVER, REGISTER},
};

pub async fn show(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    page(reader, &way, &Sent::default(), None)
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let purpose = if way == "register" { REGISTER } else { RECOVER };
    match asking::heard(&app, &req, reader.tenant, sent.value("/identifier"), purpose).await {
        Ok(recovery) => Ok(reader.go_to(&format!("/{way}/{}", ids::RECOVERY.show(recovery)))),
        Err(Fail::Invalid(_)) if sent.given("/identifier").is_none() => page(reader, &way, &sent, Some("missing")),
        Err(Fail::Invalid(_)) => page(reader, &way, &sent, Some("not_address")),
        Err(fail) => Err(fail.into()),
    }
}

fn page(mut reader: Reader, way: &str, sent: &Sent, wrong: Option<&str>) -> Result<HttpResponse, Problem> {
    let mut address = Blank::usual(&reader, "code", "identifier", "line", sent);
    address = address.hint(reader.word("code", "identifier_hint")).typed("text", "username");
    let errors: Vec<_> = wrong.map(|flaw| address.refuse(&reader, flaw)).into_iter().collect();
    let content = json!({ "way": way, "blanks": [address], "errors": errors, "form_token": reader.form_token() });
    let status = if wrong.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "recover_ask.html", content)
}
