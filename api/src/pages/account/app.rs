//! The pages on which citizens add an authenticator app, and take it away.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;
use serde_json::json;

use super::{asks, form, fresh_door, led, picture, through};
use crate::{
    accounts::authenticator,
    app::App,
    http::{
        accounts::factors,
        problem::{self, Problem},
    },
    pages::{
        reader::Reader,
        sent::{self, Sent},
    },
};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    asks(&app, &req, &slug, "account_app").await
}

/// Begins: the next page shows the secret.
pub async fn begin(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let offered = through(&reader, async |door| factors::offered(door).await).await;
    match offered {
        Err(problem) if problem.code == "authenticator-there" => Ok(reader.go_to("/account")),
        offered => led(&home, &req, offered.map(|_| reader.go_to("/account/app/code"))),
    }
}

/// The secret that was begun with, and where the app's code is typed.
pub async fn picture(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    shown(reader, &req, None).await
}

pub async fn confirm(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if let Some(empty) = form::empty(&sent, &["app_code"]) {
        return shown(reader, &req, Some(empty)).await;
    }
    let home = reader.agency.home.clone();
    let confirmed =
        through(&reader, async |door| factors::confirmed(door, Secret::new(sent.value("/app_code"))).await).await;
    match confirmed {
        Ok(()) => Ok(reader.go_to("/account?done=app")),
        Err(problem) if problem.kind == problem::INVALID => {
            shown(reader, &req, Some(("app_code", "app_code_wrong"))).await
        }
        Err(problem) if problem.code == "no-authenticator" => Ok(reader.go_to("/account/app")),
        Err(problem) => led(&home, &req, Err(problem)),
    }
}

async fn shown(mut reader: Reader, req: &HttpRequest, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let home = reader.agency.home.clone();
    let begun = match fresh_door(&reader).await {
        Ok(door) => {
            let desk = door.desk();
            door.read(move |tx, citizen| authenticator::begun(tx, &desk, citizen)).await
        }
        Err(problem) => Err(problem),
    };
    let begun = match begun {
        Ok(begun) => begun,
        Err(problem) => return led(&home, req, Err(problem)),
    };
    let Some((secret, uri)) = begun else { return Ok(reader.go_to("/account/app")) };
    let mut blank = form::line(&reader, "app_code", "digits", "one-time-code", &Sent::default());
    let errors: Vec<_> = wrong.map(|(_, flaw)| blank.refuse(&reader, flaw)).into_iter().collect();
    let content = json!({
        "secret": picture::groups(&secret), "picture": picture::of(&uri)?, "blanks": [blank], "errors": errors,
        "form_token": reader.form_token(),
    });
    reader.page(form::status(wrong.is_some()), "account_app.html", content)
}

/// Asks whether the app shall go.
pub async fn doubt(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    asks(&app, &req, &slug, "account_app_remove").await
}

pub async fn remove(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let removed = through(&reader, async |door| factors::removed(door).await).await;
    match removed {
        // The password is too short to stand alone.
        Err(problem) if problem.code == "short-password" => Ok(reader.go_to("/account/password")),
        removed => led(&home, &req, removed.map(|()| reader.go_to("/account?done=app_removed"))),
    }
}
