//! `/t/{tenant}/sign-in` and `/account`: citizens sign in, and look after their own account.
//!
//! The token of a sign-in lies in a cookie. Whoever has none that holds is led to the sign-in page, and whoever typed the
//! password too long ago to the page that asks for it once more, from any page of these.

mod addresses;
mod app;
mod codes;
mod confirm;
mod form;
mod home;
mod leaving;
mod password;
mod picture;
mod sign_in;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Data, ServiceConfig, get, post},
};

use super::reader::Reader;
use crate::{
    accounts::{password::fresh, signing_in},
    app::App,
    http::{
        accounts::door::OwnAccount,
        problem::{self, Problem},
    },
};

/// The name of the cookie that holds a sign-in's token.
const COOKIE: &str = "account";

/// Every page of accounts.
pub fn configure(to: &mut ServiceConfig) {
    let page = |rest: &str| web::resource(format!("/t/{{tenant}}/{rest}"));
    to.service(page("sign-in").route(get().to(sign_in::show)).route(post().to(sign_in::send)));
    to.service(page("sign-in/code").route(get().to(sign_in::again)).route(post().to(sign_in::second)));
    to.service(page("account").route(get().to(home::show)));
    to.service(page("account/sign-out").route(post().to(leaving::sign_out)));
    to.service(page("account/sign-ins/{id}/end").route(post().to(home::end)));
    to.service(page("account/confirm{next:.*}").route(get().to(confirm::show)).route(post().to(confirm::send)));
    to.service(page("account/password").route(get().to(password::show)).route(post().to(password::send)));
    to.service(page("account/addresses/new").route(get().to(addresses::show)).route(post().to(addresses::send)));
    to.service(page("account/addresses/{id}").route(get().to(addresses::code)).route(post().to(addresses::verify)));
    let remove = page("account/addresses/{id}/remove");
    to.service(remove.route(get().to(addresses::doubt)).route(post().to(addresses::remove)));
    to.service(page("account/app").route(get().to(app::show)).route(post().to(app::begin)));
    to.service(page("account/app/code").route(get().to(app::picture)).route(post().to(app::confirm)));
    to.service(page("account/app/remove").route(get().to(app::doubt)).route(post().to(app::remove)));
    to.service(page("account/codes").route(get().to(codes::show)).route(post().to(codes::make)));
    to.service(page("account/export").route(get().to(leaving::export)));
    to.service(page("account/erase").route(get().to(leaving::doubt)).route(post().to(leaving::erase)));
}

/// The door to the account of whoever reads, if the cookie names a sign-in of this agency.
fn door(reader: &Reader) -> Result<OwnAccount, Problem> {
    let ended = || Problem::from(signing_in::ENDED);
    let token = reader.kept(COOKIE).ok_or_else(ended)?;
    let (tenant, _) = signing_in::tenant_of(&token)?;
    if tenant != reader.tenant {
        return Err(ended());
    }
    Ok(OwnAccount::of(&reader.app, &token)?)
}

/// What somebody does to their own account, through that door.
async fn through<T>(reader: &Reader, act: impl AsyncFnOnce(&OwnAccount) -> Result<T, Problem>) -> Result<T, Problem> {
    act(&door(reader)?).await
}

/// A page that only asks, and changes something when it is sent.
async fn asks(app: &Data<App>, req: &HttpRequest, slug: &str, section: &str) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(app, req, slug).await?;
    let home = reader.agency.home.clone();
    let fresh = fresh_door(&reader).await;
    led(&home, req, fresh.and_then(|_| form::Form { section, ..form::Form::default() }.page(reader)))
}

/// The door for a page that changes what opens the account.
async fn fresh_door(reader: &Reader) -> Result<OwnAccount, Problem> {
    let (door, now) = (door(reader)?, reader.app.time());
    door.read(move |_, citizen| fresh(citizen, now)).await?;
    Ok(door)
}

/// Leads on whom a page refused because they are not signed in, or typed the password too long ago.
fn led(home: &str, here: &HttpRequest, answer: Result<HttpResponse, Problem>) -> Result<HttpResponse, Problem> {
    let to = |path: String| Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish());
    match answer {
        Err(problem) if problem.kind == problem::UNAUTHENTICATED => to(format!("{home}/sign-in")),
        Err(problem) if problem.code == "confirm-first" => {
            let next = here.path().strip_prefix(&format!("{home}/account")).unwrap_or_default();
            to(format!("{home}/account/confirm{next}"))
        }
        answer => answer,
    }
}
