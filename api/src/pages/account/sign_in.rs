//! The sign-in page, and the one that asks for a second factor.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;

use super::{
    COOKIE,
    form::{self, Form},
};
use crate::{
    accounts::{signing_in, ticket},
    app::App,
    fail::Fail,
    http::{client, problem::Problem},
    pages::{
        cookies::Lasts,
        reader::Reader,
        sent::{self, Sent},
    },
};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    first(reader, &Sent::default(), None)
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if let Some(empty) = form::empty(&sent, &["identifier", "password"]) {
        return first(reader, &sent, Some(empty));
    }
    let who = (sent.value("/identifier"), &Secret::new(sent.value("/password")));
    let from = client::address(&req, &app.trusted_proxies);
    let known = match signing_in::recognise(&app, (reader.tenant, &slug), who, from).await {
        Ok(known) => known,
        Err(Fail::Unauthenticated(_)) => return first(reader, &sent, Some(("identifier", "sign_in_refused"))),
        Err(fail) => return Err(fail.into()),
    };
    match signing_in::enter(&app, reader.tenant, &known, None).await {
        Ok((_, token)) => entered(reader, &token),
        Err(Fail::SecondFactor(_)) => {
            let word = ticket::write(&app.seal, reader.tenant, &known, app.time())?;
            factor(reader, &word, None)
        }
        Err(fail) => Err(fail.into()),
    }
}

/// The page of the second factor is reached with a password alone.
pub async fn again(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(Reader::enter(&app, &req, &slug).await?.go_to("/sign-in"))
}

pub async fn second(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let word = sent.value("ticket").to_owned();
    // Too old: the password is asked for again.
    let Some(known) = ticket::read(&app.seal, reader.tenant, &word, app.time()) else {
        return Ok(reader.go_to("/sign-in"));
    };
    if let Some(empty) = form::empty(&sent, &["factor"]) {
        return factor(reader, &word, Some(empty));
    }
    match signing_in::enter(&app, reader.tenant, &known, Some(&Secret::new(sent.value("/factor")))).await {
        Ok((_, token)) => entered(reader, &token),
        Err(Fail::SecondFactor(_)) => factor(reader, &word, Some(("factor", "factor_refused"))),
        Err(Fail::Unauthenticated(_)) => Ok(reader.go_to("/sign-in")),
        Err(fail) => Err(fail.into()),
    }
}

fn entered(mut reader: Reader, token: &Secret) -> Result<HttpResponse, Problem> {
    reader.keep(COOKIE, token.expose(), Lasts::Visit);
    reader.go_with_cookies("/account")
}

fn first(reader: Reader, sent: &Sent, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let blanks = vec![
        form::line(&reader, "identifier", "text", "username", sent),
        form::password(&reader, "password", "current-password"),
    ];
    Form { section: "sign_in", blanks, wrong, ..Form::default() }.page(reader)
}

fn factor(reader: Reader, ticket: &str, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let blanks = vec![form::line(&reader, "factor", "text", "one-time-code", &Sent::default())];
    let action = format!("{}/sign-in/code", reader.agency.home);
    Form { section: "sign_in_code", blanks, wrong, ticket, action: &action, ..Form::default() }.page(reader)
}
