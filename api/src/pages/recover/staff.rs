//! `/t/{tenant}/staff/recover`: somebody who works for the agency asks for a link, follows it and chooses a password.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Data, Path, Payload, ServiceConfig},
};
use civicdesk_contract::Secret;
use serde_json::json;

use super::password;
use crate::{
    app::App,
    fail::Fail,
    http::{problem::Problem, recovery::asking},
    pages::{
        blanks::Blank,
        cookies::Lasts,
        reader::Reader,
        sent::{self, Sent},
    },
    recovery::{asking::STAFF, completing::Refusal, keys, policy::Policy, staff},
};

/// Where these pages begin, and the section of their words.
const WAY: &str = "staff/recover";
/// The cookie that holds a link's secret.
const COOKIE: &str = "staff";

pub fn configure(to: &mut ServiceConfig) {
    let path = |rest: &str| format!("/t/{{tenant}}/{WAY}{rest}");
    to.service(web::resource(path("")).route(web::get().to(show)).route(web::post().to(send)));
    to.service(web::resource(path("/sent")).route(web::get().to(heard)));
    to.service(web::resource(path("/new")).route(web::get().to(choose)).route(web::post().to(set)));
    to.service(web::resource(path("/done")).route(web::get().to(done)));
    to.service(web::resource(path("/{token}")).route(web::get().to(take)));
}

async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    ask(Reader::enter(&app, &req, &slug).await?, &Sent::default(), None)
}

async fn send(app: Data<App>, req: HttpRequest, slug: Path<String>, payload: Payload) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    match asking::heard(&app, &req, reader.tenant, sent.value("/identifier"), STAFF).await {
        Ok(_) => Ok(reader.go_to(&format!("/{WAY}/sent"))),
        Err(Fail::Invalid(_)) => {
            let wrong = if sent.given("/identifier").is_none() { "missing" } else { "not_email" };
            ask(reader, &sent, Some(wrong))
        }
        Err(fail) => Err(fail.into()),
    }
}

fn ask(mut reader: Reader, sent: &Sent, wrong: Option<&str>) -> Result<HttpResponse, Problem> {
    let mut address = Blank::usual(&reader, "code", "identifier", "line", sent);
    address.label = reader.word("code", "identifier_email");
    address = address.hint(reader.word("code", "identifier_email_hint")).typed("email", "email");
    let errors: Vec<_> = wrong.map(|flaw| address.refuse(&reader, flaw)).into_iter().collect();
    let content = json!({ "way": WAY, "blanks": [address], "errors": errors, "form_token": reader.form_token() });
    reader.page(status(wrong), "staff_ask.html", content)
}

async fn heard(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    page(&app, &req, &slug, "sent").await
}

async fn done(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    page(&app, &req, &slug, "done").await
}

async fn page(app: &Data<App>, req: &HttpRequest, slug: &str, what: &str) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(app, req, slug).await?;
    reader.page(StatusCode::OK, "staff_said.html", json!({ "way": WAY, "what": what }))
}

/// Takes the secret out of the address at once.
async fn take(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    match keys::read(&token) {
        Some(token) => reader.keep(COOKIE, token.expose(), Lasts::Visit),
        None => reader.keep(COOKIE, "", Lasts::Over),
    }
    reader.go_with_cookies(&format!("/{WAY}/new"))
}

async fn choose(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let holds = match kept(&reader) {
        Some(token) => staff::holds(&app, reader.tenant, &token).await?,
        None => false,
    };
    if holds { blank(reader, None) } else { refused(reader) }
}

async fn set(app: Data<App>, req: HttpRequest, slug: Path<String>, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if sent.value("/password").trim().is_empty() {
        return blank(reader, Some("missing"));
    }
    let Some(token) = kept(&reader) else { return refused(reader) };
    match staff::complete(&app, &app.recovery, reader.tenant, &token, &Secret::new(sent.value("/password"))).await {
        Ok(()) => {
            reader.keep(COOKIE, "", Lasts::Over);
            reader.go_with_cookies(&format!("/{WAY}/done"))
        }
        Err(Refusal::Code) => refused(reader),
        Err(Refusal::Password(weak)) => blank(reader, Some(password::flaw(weak))),
        // Staff are held here alone: no directory has rules for them.
        Err(Refusal::Rules(_)) => blank(reader, Some("missing")),
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

fn kept(reader: &Reader) -> Option<Secret> {
    reader.kept(COOKIE).and_then(|kept| keys::read(&kept))
}

fn blank(mut reader: Reader, flaw: Option<&str>) -> Result<HttpResponse, Problem> {
    // The length that citizens' accounts have at least holds for staff, too.
    let usual = Policy::default();
    let mut blank = password::blank(&reader, &usual);
    let least = usual.least(false);
    let errors: Vec<_> = flaw.map(|flaw| blank.refuse_below(&reader, flaw, least)).into_iter().collect();
    let content = json!({ "way": WAY, "blanks": [blank], "errors": errors, "form_token": reader.form_token() });
    reader.page(status(flaw), "recover_new.html", content)
}

fn refused(reader: Reader) -> Result<HttpResponse, Problem> {
    reader.page(StatusCode::GONE, "staff_said.html", json!({ "way": WAY, "what": "refused" }))
}

fn status(wrong: Option<&str>) -> StatusCode {
    if wrong.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}
