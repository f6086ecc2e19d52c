//! The page of one's own account: what opens it, where it is open, and how one's requests stand.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{door, led, through};
use crate::{
    accounts::exporting,
    app::App,
    http::{accounts::sign_ins as operations, problem::Problem},
    ids,
    pages::{
        reader::{Reader, parameter},
        request::stands,
        sent,
    },
    store::{
        Time, Uid,
        accounts::{self, Address},
        address_claims::{self, Claim},
        cases::Case,
        factors,
        sign_ins::{self, SignIn},
    },
};

/// Requests that the page lists: the last that changed.
const MOST_CASES: i64 = 50;
/// What the page may say was done.
const DONE: [&str; 5] = ["password", "added", "removed", "app", "app_removed"];

struct Own {
    addresses: Vec<Address>,
    pending: Vec<Claim>,
    app: Option<Time>,
    codes: Option<(Time, usize)>,
    sign_ins: Vec<SignIn>,
    this: Uid,
    cases: Vec<Case>,
}

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let home = reader.agency.home.clone();
    let own = read(&reader).await;
    led(&home, &req, own.and_then(|own| page(reader, own)))
}

async fn read(reader: &Reader) -> Result<Own, Problem> {
    let now = reader.app.time();
    let read = door(reader)?;
    let own = read.read(move |tx, citizen| {
        let account = &citizen.account;
        Ok(Own {
            addresses: accounts::addresses_of(tx, account.id)?,
            pending: address_claims::live(tx, account.id, account.epoch, now)?,
            app: factors::authenticator(tx, account.id)?.and_then(|app| app.confirmed_at),
            codes: factors::codes(tx, account.id)?,
            sign_ins: sign_ins::of_account(tx, account.id, now)?,
            this: citizen.sign_in.id,
            cases: exporting::cases_of(tx, account.contact_id, MOST_CASES)?,
        })
    });
    own.await
}

fn page(mut reader: Reader, own: Own) -> Result<HttpResponse, Problem> {
    let address = |id: Uuid, value: &str| json!({ "id": ids::ADDRESS.show(id), "value": value });
    let sign_in = |row: &SignIn| {
        let id = ids::SIGN_IN.show(row.id.0);
        json!({ "id": id, "this": row.id == own.this, "since": reader.moment(row.created_at) })
    };
    let case = |case: &Case| json!({ "reference": case.reference, "subject": case.subject, "stands": stands(case) });
    let done = parameter(&reader.req, "done").filter(|done| DONE.contains(&done.as_str()));
    let mut content = json!({
        "done": done,
        "addresses": own.addresses.iter().map(|row| address(row.id.0, &row.value)).collect::<Vec<Value>>(),
        "pending": own.pending.iter().map(|row| address(row.id.0, &row.value)).collect::<Vec<Value>>(),
        "app": own.app.map(|at| reader.moment(at)),
        "codes": own.codes.map(|(at, left)| json!({ "made": reader.moment(at), "left": left })),
        "sign_ins": own.sign_ins.iter().map(sign_in).collect::<Vec<Value>>(),
        "cases": own.cases.iter().map(case).collect::<Vec<Value>>(),
    });
    content["form_token"] = reader.form_token().into();
    reader.page(StatusCode::OK, "account.html", content)
}

/// Ends a sign-in elsewhere.
pub async fn end(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    sent::read(&reader, payload.into_inner()).await?;
    let home = reader.agency.home.clone();
    let ended = through(&reader, async |door| operations::ended(door, id).await).await;
    led(&home, &req, ended.map(|()| reader.go_to("/account")))
}
