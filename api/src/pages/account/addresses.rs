//! The pages on which citizens add an address, prove it with the code that went there, and take one away.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;

use super::{
    door,
    form::{self, Form},
    fresh_door, led, through,
};
use crate::{
    app::App,
    fail::Fail,
    http::{
        accounts::addresses,
        problem::{self, Problem},
    },
    ids,
    pages::{
        reader::Reader,
        sent::{self, Sent},
    },
    store::accounts,
};

type One = Path<(String, String)>;

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let fresh = fresh_door(&reader).await;
    led(&home, &req, fresh.and_then(|_| wanted(reader, &Sent::default(), None)))
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if let Some(empty) = form::empty(&sent, &["value"]) {
        return wanted(reader, &sent, Some(empty));
    }
    let home = reader.agency.home.clone();
    let asked = through(&reader, async |door| addresses::asked(door, sent.value("/value").to_owned()).await).await;
    let flaw = match asked {
        Ok(claim) => return Ok(reader.go_to(&format!("/account/addresses/{}", ids::ADDRESS.show(claim.id.0)))),
        Err(problem) if problem.kind == problem::INVALID => "not_address",
        Err(problem) => match problem.code {
            "address-there" => "address_there",
            "too-many-addresses" => "too_many_addresses",
            "unreachable" => "unreachable",
            _ => return led(&home, &req, Err(problem)),
        },
    };
    wanted(reader, &sent, Some(("value", flaw)))
}

fn wanted(reader: Reader, sent: &Sent, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let blanks = vec![form::line(&reader, "value", "text", "email", sent)];
    Form { section: "account_add", blanks, wrong, ..Form::default() }.page(reader)
}

/// Where the code is typed.
pub async fn code(app: Data<App>, req: HttpRequest, path: One) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &path.0).await?;
    let home = reader.agency.home.clone();
    led(&home, &req, door(&reader).and_then(|_| typed(reader, &Sent::default(), None)))
}

pub async fn verify(app: Data<App>, req: HttpRequest, path: One, payload: Payload) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if let Some(empty) = form::empty(&sent, &["code"]) {
        return typed(reader, &sent, Some(empty));
    }
    let home = reader.agency.home.clone();
    let verified =
        through(&reader, async |door| addresses::verified(door, &id, Secret::new(sent.value("/code"))).await).await;
    match verified {
        Ok(Some(_)) => Ok(reader.go_to("/account?done=added")),
        Ok(None) => typed(reader, &sent, Some(("code", "code_refused"))),
        Err(problem) => led(&home, &req, Err(problem)),
    }
}

fn typed(reader: Reader, sent: &Sent, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let blanks = vec![form::line(&reader, "code", "digits", "one-time-code", sent)];
    Form { section: "account_code", blanks, wrong, ..Form::default() }.page(reader)
}

/// Asks whether an address shall go.
pub async fn doubt(app: Data<App>, req: HttpRequest, path: One) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let value = match fresh_door(&reader).await {
        Ok(door) => {
            door.read(move |tx, citizen| {
                let own = accounts::addresses_of(tx, citizen.account.id)?;
                let found = own.into_iter().find(|own| ids::ADDRESS.show(own.id.0) == id);
                found.map(|own| own.value).ok_or(Fail::NotFound("address"))
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    let page = |address: String| Form { section: "account_remove", address: &address, ..Form::default() }.page(reader);
    led(&home, &req, value.and_then(page))
}

pub async fn remove(app: Data<App>, req: HttpRequest, path: One, payload: Payload) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let removed = through(&reader, async |door| addresses::removed(door, id).await).await;
    led(&home, &req, removed.map(|()| reader.go_to("/account?done=removed")))
}
