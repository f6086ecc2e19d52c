//! The second page: the code from the letter and the new password, and the page that says it is done.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;
use serde_json::json;
use uuid::Uuid;

use crate::{
    app::App,
    auth::passwords::Weak,
    http::problem::Problem,
    ids,
    pages::{
        blanks::Blank,
        reader::Reader,
        sent::{self, Sent},
    },
    recovery::completing::{self, Refusal},
};

type Place = Path<(String, String, String)>;

pub async fn show(app: Data<App>, req: HttpRequest, path: Place) -> Result<HttpResponse, Problem> {
    let (slug, way, _) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    page(reader, &way, &Sent::default(), None)
}

pub async fn send(app: Data<App>, req: HttpRequest, path: Place, payload: Payload) -> Result<HttpResponse, Problem> {
    let (slug, way, id) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let (code, password) = (Secret::new(sent.value("/code")), Secret::new(sent.value("/password")));
    let empty = ["code", "password"].into_iter().find(|name| sent.value(&format!("/{name}")).trim().is_empty());
    if let Some(name) = empty {
        return page(reader, &way, &sent, Some((name, "missing")));
    }
    let recovery = (reader.tenant, ids::RECOVERY.read(&id).unwrap_or(Uuid::nil()));
    match completing::complete(&app, &app.recovery, recovery, &code, &password).await {
        Ok(()) => Ok(reader.go_to(&format!("/{way}/done"))),
        Err(Refusal::Code) => page(reader, &way, &sent, Some(("code", "code_refused"))),
        Err(Refusal::Password(weak)) => page(reader, &way, &sent, Some(("password", word(weak)))),
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

pub async fn done(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    reader.page(StatusCode::OK, "recover_done.html", json!({ "way": way }))
}

fn page(mut reader: Reader, way: &str, sent: &Sent, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let code = Blank::usual(&reader, "code", "code", "line", sent);
    let code = code.hint(reader.word("code", "code_hint")).typed("digits", "one-time-code");
    let password = Blank::usual(&reader, "code", "password", "line", &Sent::default());
    let password = password.hint(reader.word("code", "password_hint")).typed("password", "new-password");
    let mut blanks = [code, password];
    let mut errors = Vec::new();
    for blank in &mut blanks {
        if let Some((_, flaw)) = wrong.filter(|(name, _)| *name == blank.id) {
            errors.push(blank.refuse(&reader, flaw));
        }
    }
    let content = json!({ "way": way, "blanks": blanks, "errors": errors, "form_token": reader.form_token() });
    let status = if wrong.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "recover_code.html", content)
}

/// The word by which the pages find their sentence.
fn word(weak: Weak) -> &'static str {
    match weak {
        Weak::Length => "password_length",
        Weak::Common => "password_common",
        Weak::Pattern => "password_pattern",
        Weak::Names => "password_names",
    }
}
