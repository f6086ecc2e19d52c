//! The first page: to which address the code shall go. Whoever sends it sees the same next page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::json;

use crate::{
    app::App,
    fail::Fail,
    http::{problem::Problem, recovery::asking},
    ids,
    pages::{
        blanks::Blank,
        reader::Reader,
        sent::{self, Sent},
    },
    recovery::{
        asking::{CLOSED, NOT_OFFERED, RECOVER, REGISTER},
        policy::Offer,
    },
};

pub async fn show(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let offer = asking::offer(&app, reader.tenant).await?;
    page(reader, (&way, &offer), &Sent::default(), None)
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let purpose = if way == "register" { REGISTER } else { RECOVER };
    let offer = asking::offer(&app, reader.tenant).await?;
    let wrong = match asking::heard(&app, &req, reader.tenant, sent.value("/identifier"), purpose).await {
        Ok(recovery) => return Ok(reader.go_to(&format!("/{way}/{}", ids::RECOVERY.show(recovery)))),
        Err(Fail::Invalid(_)) if sent.given("/identifier").is_none() => "missing",
        Err(Fail::Invalid(_)) => kind(&offer, "not_address", "not_email", "not_phone"),
        Err(Fail::Conflict { code: NOT_OFFERED | CLOSED, .. }) => {
            kind(&offer, "not_address", "only_email", "only_phone")
        }
        Err(fail) => return Err(fail.into()),
    };
    page(reader, (&way, &offer), &sent, Some(wrong))
}

/// One of three words: for addresses of both kinds, of mail alone, of telephones alone.
fn kind(offer: &Offer, both: &'static str, email: &'static str, phone: &'static str) -> &'static str {
    match (offer.email, offer.phone) {
        (true, false) => email,
        (false, true) => phone,
        _ => both,
    }
}

fn page(
    mut reader: Reader,
    (way, offer): (&str, &Offer),
    sent: &Sent,
    wrong: Option<&str>,
) -> Result<HttpResponse, Problem> {
    if let Some(why) = not_here(offer, way) {
        return reader.page(StatusCode::OK, "recover_none.html", json!({ "way": way, "why": why }));
    }
    let mut address = Blank::usual(&reader, "code", "identifier", "line", sent);
    address.label = reader.word("code", kind(offer, "identifier", "identifier_email", "identifier_phone"));
    let hint = reader.word("code", kind(offer, "identifier_hint", "identifier_email_hint", "identifier_phone_hint"));
    address = address.hint(hint).typed("text", "username");
    let errors: Vec<_> = wrong.map(|flaw| address.refuse(&reader, flaw)).into_iter().collect();
    let content = json!({ "way": way, "blanks": [address], "errors": errors, "form_token": reader.form_token(),
        "directory_down": offer.directory_down });
    let status = if wrong.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "recover_ask.html", content)
}

/// The words that say why nobody can do this here.
fn not_here(offer: &Offer, way: &str) -> Option<&'static str> {
    match () {
        () if way == "register" && !offer.policy.registration => Some("closed"),
        () if !offer.email && !offer.phone => Some("no_way"),
        () => None,
    }
}
