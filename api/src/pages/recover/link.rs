//! The link of a letter: its secret goes from the address into a cookie at once, so that no history, log or other site gets it
//! from there. Opening the link uses nothing up, whoever opens it; only a new password does.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;
use serde_json::json;

use super::password;
use crate::{
    app::App,
    http::{problem::Problem, recovery::asking},
    pages::{cookies::Lasts, reader::Reader, sent},
    recovery::{
        completing::{self, Refusal, Shown},
        keys,
    },
};

/// The cookie that holds a link's secret.
const COOKIE: &str = "recover";

/// Takes the secret out of the address.
pub async fn take(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let (slug, way, token) = path.into_inner();
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    match keys::read(&token) {
        Some(token) => reader.keep(COOKIE, token.expose(), Lasts::Visit),
        None => reader.keep(COOKIE, "", Lasts::Over),
    }
    reader.go_with_cookies(&format!("/{way}/new"))
}

pub async fn show(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let holds = match token(&reader) {
        Some(token) => completing::holds(&app, reader.tenant, &token).await?,
        None => false,
    };
    if holds { page(reader, &way, None, "").await } else { refused(reader, &way) }
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let mut reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if sent.value("/password").trim().is_empty() {
        return page(reader, &way, Some("missing"), "").await;
    }
    let Some(token) = token(&reader) else { return refused(reader, &way) };
    let password = Secret::new(sent.value("/password"));
    match completing::complete(&app, &app.recovery, reader.tenant, Shown::Link(token), &password).await {
        Ok(()) => {
            reader.keep(COOKIE, "", Lasts::Over);
            reader.go_with_cookies(&format!("/{way}/done"))
        }
        Err(Refusal::Code) => refused(reader, &way),
        Err(Refusal::Password(weak)) => page(reader, &way, Some(password::flaw(weak)), "").await,
        Err(Refusal::Rules(why)) => page(reader, &way, Some("password_rules"), &why).await,
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

fn token(reader: &Reader) -> Option<Secret> {
    reader.kept(COOKIE).and_then(|kept| keys::read(&kept))
}

async fn page(mut reader: Reader, way: &str, flaw: Option<&str>, why: &str) -> Result<HttpResponse, Problem> {
    let policy = asking::offer(&reader.app, reader.tenant).await?.policy;
    let mut blank = password::blank(&reader, &policy);
    let least = policy.least(false);
    let errors: Vec<_> = flaw
        .map(|flaw| match why {
            "" => blank.refuse_below(&reader, flaw, least),
            why => blank.refuse_because(&reader, flaw, why),
        })
        .into_iter()
        .collect();
    let content = json!({ "way": way, "blanks": [blank], "errors": errors, "form_token": reader.form_token() });
    let status = if flaw.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "recover_new.html", content)
}

/// One page for every link that leads nowhere: used, too old, replaced, cut short or never made.
fn refused(reader: Reader, way: &str) -> Result<HttpResponse, Problem> {
    reader.page(StatusCode::GONE, "recover_refused.html", json!({ "way": way }))
}
