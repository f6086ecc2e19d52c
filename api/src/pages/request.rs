//! `/t/{tenant}/requests/{token}`: where a request stands, for whoever holds its link, and a way to write again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::json;

use super::{
    ask,
    blanks::{self, Blank},
    reader::{Reader, parameter},
    sent::{self, Sent},
};
use crate::{
    app::App,
    cases::{
        flaws::{Refusal, Wrong},
        requests::Standing,
    },
    http::{problem::Problem, public},
    store::cases::Case,
};

pub async fn show(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let standing = public::standing(&app, reader.tenant, &token).await?;
    page(reader, &standing, &Sent::default(), &[]).await
}

pub async fn add(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let standing = public::standing(&app, reader.tenant, &token).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let (text, files) = (sent.value("/text").to_owned(), sent.all(sent::FILES));
    match public::added(&app, reader.tenant, &token, text, files).await {
        Ok(_) => Ok(reader.go_to(&format!("/requests/{token}?added=yes"))),
        Err(Refusal::Wrong(wrong)) => page(reader, &standing, &sent, &wrong).await,
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

/// The page after a request was taken.
pub async fn received(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let Standing { case, .. } = public::standing(&app, reader.tenant, &token).await?;
    let path = format!("{}/requests/{token}", reader.agency.home);
    let content = json!({ "reference": case.reference, "path": path, "link": format!("{}{path}", app.public_url) });
    reader.page(StatusCode::OK, "received.html", content)
}

async fn page(mut reader: Reader, standing: &Standing, sent: &Sent, wrong: &[Wrong]) -> Result<HttpResponse, Problem> {
    let Standing { case, topic } = standing;
    let text = Blank::usual(&reader, "status", "text", "lines", sent);
    let mut all = vec![text, ask::files_blank(&reader)];
    let errors = blanks::mark(&reader, &mut all, wrong);
    let files = all.pop();
    let kept = sent::kept(&reader, sent).await?;
    let content = json!({
        "reference": case.reference,
        "subject": case.subject,
        "topic": topic.as_ref().map(|topic| &topic.name),
        "stands": stands(case),
        "is_over": case.closed_at.is_some(),
        "opened": reader.moment(case.created_at),
        "updated": reader.moment(case.updated_at),
        "closed": case.closed_at.map(|at| reader.moment(at)),
        "added": wrong.is_empty() && parameter(&reader.req, "added").is_some(),
        "blanks": all, "files": files, "kept": kept, "errors": errors,
        "form_token": reader.form_token(),
    });
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "status.html", content)
}

/// The sentence that says where a request stands.
pub fn stands(case: &Case) -> &str {
    match (case.status.as_str(), case.outcome.as_deref()) {
        ("resolved" | "closed", Some(outcome)) => outcome,
        ("resolved" | "closed", None) => "over",
        (status, _) => status,
    }
}
