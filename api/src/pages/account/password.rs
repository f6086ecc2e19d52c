//! The page on which citizens change the password that they know.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;

use super::{
    door,
    form::{self, Form},
    led,
};
use crate::{
    accounts::own::Wanted,
    app::App,
    http::{
        accounts::password,
        problem::{self, Problem},
    },
    pages::{reader::Reader, recover::password::flaw, sent},
};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let wanted = wanted(&reader).await;
    led(&home, &req, wanted.and_then(|wanted| page(reader, &wanted, None)))
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let wanted = match wanted(&reader).await {
        Ok(wanted) => wanted,
        Err(problem) => return led(&home, &req, Err(problem)),
    };
    if let Some(empty) = form::empty(&sent, &["current_password", "new_password"]) {
        return page(reader, &wanted, Some(empty));
    }
    let (current, new) = (Secret::new(sent.value("/current_password")), Secret::new(sent.value("/new_password")));
    if let Some(weak) = wanted.refusal(&new) {
        return page(reader, &wanted, Some(("new_password", flaw(weak))));
    }
    match password::changed(&door(&reader)?, (&current, &new)).await {
        Ok(()) => Ok(reader.go_to("/account?done=password")),
        Err(problem) if problem.kind == problem::INVALID => {
            page(reader, &wanted, Some(("current_password", "password_wrong")))
        }
        Err(problem) => led(&home, &req, Err(problem)),
    }
}

/// What the new password has to be.
async fn wanted(reader: &Reader) -> Result<Wanted, Problem> {
    door(reader)?.read(Wanted::of).await
}

fn page(reader: Reader, wanted: &Wanted, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let hint = reader.word("own", "new_password_hint").replace("{least}", &wanted.least.to_string());
    let blanks = vec![
        form::password(&reader, "current_password", "current-password"),
        form::password(&reader, "new_password", "new-password").hint(hint),
    ];
    Form { section: "account_password", blanks, wrong, least: Some(wanted.least), ..Form::default() }.page(reader)
}
