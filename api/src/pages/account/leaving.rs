//! Signing out, taking along what is kept, and erasing the account.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Payload},
};

use super::{COOKIE, asks, led, through};
use crate::{
    app::App,
    http::{
        accounts::{door::OwnAccount, leaving, sign_ins},
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
    let end = async |door: &OwnAccount| {
        let own = door.read(|_, citizen| Ok(citizen.sign_in.id)).await?;
        sign_ins::ended(door, ids::SIGN_IN.show(own.0)).await
    };
    match through(&reader, end).await {
        Err(problem) if problem.kind != problem::UNAUTHENTICATED => Err(problem),
        _ => gone(reader),
    }
}

/// A file with everything.
pub async fn export(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let gathered = through(&reader, async |door| leaving::gathered(door).await).await;
    let file = |all: leaving::AccountExport| {
        let name = header::ContentDisposition::attachment("account.json");
        HttpResponse::Ok().insert_header(name).json(all)
    };
    led(&home, &req, gathered.map(file))
}

/// Asks whether the account shall go.
pub async fn doubt(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    asks(&app, &req, &slug, "account_erase").await
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
    let erased = through(&reader, async |door| leaving::erased(door).await).await;
    led(&home, &req, erased.and_then(|()| gone(reader)))
}

fn gone(mut reader: Reader) -> Result<HttpResponse, Problem> {
    reader.keep(COOKIE, "", Lasts::Over);
    reader.go_with_cookies("/sign-in")
}
