//! The second page: the code from the letter and the new password, and the page that says it is done.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use civicdesk_contract::{IdentityKind, Secret};
use serde_json::json;
use uuid::Uuid;

use crate::{
    app::App,
    http::{problem::Problem, recovery::asking},
    ids,
    pages::{
        blanks::Blank,
        reader::Reader,
        sent::{self, Sent},
    },
    recovery::completing::{self, Refusal, Shown},
};

use super::password;

type Place = Path<(String, String, String)>;

pub async fn show(app: Data<App>, req: HttpRequest, path: Place) -> Result<HttpResponse, Problem> {
    let (slug, way, _) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    page(reader, &way, &Sent::default(), None, "").await
}

pub async fn send(app: Data<App>, req: HttpRequest, path: Place, payload: Payload) -> Result<HttpResponse, Problem> {
    let (slug, way, id) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let (code, password) = (Secret::new(sent.value("/code")), Secret::new(sent.value("/password")));
    let empty = ["code", "password"].into_iter().find(|name| sent.value(&format!("/{name}")).trim().is_empty());
    if let Some(name) = empty {
        return page(reader, &way, &sent, Some((name, "missing")), "").await;
    }
    let shown = Shown::Code(ids::RECOVERY.read(&id).unwrap_or(Uuid::nil()), code);
    match completing::complete(&app, &app.recovery, reader.tenant, shown, &password).await {
        Ok(()) => Ok(reader.go_to(&format!("/{way}/done"))),
        Err(Refusal::Code) => page(reader, &way, &sent, Some(("code", "code_refused")), "").await,
        Err(Refusal::Password(weak)) => page(reader, &way, &sent, Some(("password", password::flaw(weak))), "").await,
        Err(Refusal::Rules(why)) => page(reader, &way, &sent, Some(("password", "password_rules")), &why).await,
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

pub async fn done(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, way) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    reader.page(StatusCode::OK, "recover_done.html", json!({ "way": way }))
}

async fn page(
    mut reader: Reader,
    way: &str,
    sent: &Sent,
    wrong: Option<(&str, &str)>,
    why: &str,
) -> Result<HttpResponse, Problem> {
    let offer = asking::offer(&reader.app, reader.tenant).await?;
    let policy = &offer.policy;
    let code = Blank::usual(&reader, "code", "code", "line", sent);
    let code = code.hint(reader.word("code", "code_hint")).typed("digits", "one-time-code");
    let mut blanks = [code, password::blank(&reader, policy)];
    let mut errors = Vec::new();
    for blank in &mut blanks {
        if let Some((_, flaw)) = wrong.filter(|(name, _)| *name == blank.id) {
            errors.push(match why {
                "" => blank.refuse_below(&reader, flaw, policy.least(false)),
                why => blank.refuse_because(&reader, flaw, why),
            });
        }
    }
    let content = json!({
        "way": way, "blanks": blanks, "errors": errors, "form_token": reader.form_token(),
        "by_email": offer.email.then(|| policy.minutes(IdentityKind::Email)),
        "by_text": offer.phone.then(|| policy.minutes(IdentityKind::Phone)),
        "linked": offer.email && policy.email_link, "directory_down": offer.directory_down,
    });
    let status = if wrong.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "recover_code.html", content)
}
