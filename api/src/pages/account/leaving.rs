//! Signing out, taking along what is kept, and erasing the account.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Payload},
};

use super::{COOKIE, door, form::Form, fresh_door, led};
use crate::{
    app::App,
    http::{
        accounts::{leaving, sign_ins},
        problem::{self, Problem},
    },
    ids,
    pages::{cookies::Lasts, reader::Reader, sent},
};

pub async fn sign_out(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let ended = match door(&reader) {
        Ok(door) => match door.read(|_, citizen| Ok(citizen.sign_in.id)).await {
            Ok(own) => sign_ins::ended(&door, ids::SIGN_IN.show(own.0)).await,
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    match ended {
        Err(problem) if problem.kind != problem::UNAUTHENTICATED => Err(problem),
        _ => gone(reader),
    }
}

/// A file with everything.
pub async fn export(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let gathered = match door(&reader) {
        Ok(door) => leaving::gathered(&door).await,
        Err(problem) => Err(problem),
    };
    let file = |all: leaving::AccountExport| {
        let name = header::ContentDisposition::attachment("account.json");
        HttpResponse::Ok().insert_header(name).json(all)
    };
    led(&home, &req, gathered.map(file))
}

/// Asks whether the account shall go.
pub async fn doubt(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let fresh = fresh_door(&reader).await;
    led(&home, &req, fresh.and_then(|_| Form { section: "account_erase", ..Form::default() }.page(reader)))
}

pub async fn erase(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let erased = match door(&reader) {
        Ok(door) => leaving::erased(&door).await,
        Err(problem) => Err(problem),
    };
    led(&home, &req, erased.and_then(|()| gone(reader)))
}

fn gone(mut reader: Reader) -> Result<HttpResponse, Problem> {
    reader.keep(COOKIE, "", Lasts::Over);
    reader.go_with_cookies("/sign-in")
}
