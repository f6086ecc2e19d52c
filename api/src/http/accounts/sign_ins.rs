//! Citizens sign in, and see and end where they are signed in.

use actix_web::{
    HttpRequest, delete, get, post,
    web::{Data, Path},
};
use civicdesk_contract::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::door::OwnAccount;
use crate::{
    accounts::{own, signing_in},
    app::App,
    http::{
        Body, client,
        problem::{self, Problem},
        public::agency,
        show::moment,
        wire::{Answer, Reply, id},
    },
    ids,
    store::{
        Uid,
        sign_ins::{self, SignIn},
    },
};

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CitizenSignIn {
    /// An address of the account.
    #[schema(example = "maria@example.org", max_length = 254)]
    identifier: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// Where the account asks for a second factor: what the authenticator app shows, or a saved code.
    #[schema(value_type = Option<String>, example = "287082", max_length = 100)]
    factor: Option<Secret>,
}

/// What a citizen's sign-in gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct CitizenSignedIn {
    /// Send it as `Authorization: Bearer` to `/v1/account`.
    token: String,
    #[schema(format = DateTime, example = "2026-11-23T09:00:00Z")]
    expires_at: String,
}

/// Signs a citizen in, for a day.
///
/// Where the password is right and the account asks for a second factor, the answer is `second-factor-required` and
/// nothing else: send the same again with the `factor`. After five wrong ones in a row the next one has to wait.
#[utoipa::path(tag = "account", operation_id = "sign_in_citizen", security(()), request_body = CitizenSignIn,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 201, description = "Signed in.", body = CitizenSignedIn),
        (status = 401, description = "The address or the password is wrong, or a second factor is asked for.", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords: wait.", body = problem::Body,
            content_type = "application/problem+json")))]
#[post("/public/{tenant}/sign-ins")]
pub async fn sign_in(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<CitizenSignIn>) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    let from = client::address(&req, &app.trusted_proxies);
    let who = (body.identifier.as_str(), &body.password);
    let (row, token) = signing_in::sign_in(&app, (tenant, &slug), who, body.factor.as_ref(), from).await?;
    let view = CitizenSignedIn { token: token.expose().to_owned(), expires_at: moment(row.expires_at) };
    Ok(Reply::created("/v1/account".to_owned(), &view)?)
}

/// Where a citizen is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInView {
    #[schema(example = "sin_0197f2a1c3d47b3e8a1f5c2d9e6b7a93")]
    id: String,
    /// The one that asks.
    #[schema(example = true)]
    this: bool,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    created_at: String,
    #[schema(format = DateTime, example = "2026-11-23T09:00:00Z")]
    expires_at: String,
}

impl SignInView {
    pub fn of(row: SignIn, own: Uid) -> Self {
        Self {
            id: ids::SIGN_IN.show(row.id.0),
            this: row.id == own,
            created_at: moment(row.created_at),
            expires_at: moment(row.expires_at),
        }
    }
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignIns {
    data: Vec<SignInView>,
}

/// Lists where the caller is signed in.
#[utoipa::path(tag = "account", operation_id = "list_sign_ins", security(("citizen" = [])),
    responses((status = 200, description = "The sign-ins that hold, the oldest first.", body = SignIns)))]
#[get("/account/sign-ins")]
pub async fn list(door: OwnAccount) -> Answer {
    let now = door.app().time();
    let rows = door.read(move |tx, citizen| {
        let own = citizen.sign_in.id;
        Ok(sign_ins::of_account(tx, citizen.account.id, now)?.into_iter().map(|row| SignInView::of(row, own)).collect())
    });
    Ok(Reply::ok(&SignIns { data: rows.await? })?)
}

/// Ends one of the caller's sign-ins; the own one signs out.
#[utoipa::path(tag = "account", operation_id = "end_sign_in", security(("citizen" = [])),
    params(("id" = String, Path, description = "The sign-in.")),
    responses((status = 204, description = "It has ended.")))]
#[delete("/account/sign-ins/{id}")]
pub async fn end(door: OwnAccount, path: Path<String>) -> Answer {
    ended(&door, path.into_inner()).await?;
    Ok(Reply::nothing())
}

/// Ends it.
pub async fn ended(door: &OwnAccount, named: String) -> Result<(), Problem> {
    let act = door.acting();
    door.write(move |tx, citizen| own::end(tx, &act(citizen), citizen, Uid(id(ids::SIGN_IN, &named)?))).await
}
