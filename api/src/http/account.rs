//! `/v1/account`: citizens sign in, and look after their own account.

use actix_web::{
    HttpRequest, delete, get, post,
    web::{Data, Path},
};
use civicdesk_contract::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body,
    citizen::OwnAccount,
    client,
    public::agency,
    show::moment,
    wire::{Answer, Reply, id},
};
use crate::{
    app::App,
    ids,
    recovery::{
        own,
        signing_in::{self, Citizen},
    },
    store::{
        Tx, Uid,
        accounts::{self, Address},
        contacts,
        sign_ins::{self, SignIn},
        tenant,
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
#[utoipa::path(tag = "account", operation_id = "sign_in_citizen", security(()), request_body = CitizenSignIn,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 201, description = "Signed in.", body = CitizenSignedIn),
        (status = 401, description = "The address or the password is wrong.", body = super::problem::Body,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords: wait.", body = super::problem::Body,
            content_type = "application/problem+json")))]
#[post("/public/{tenant}/sign-ins")]
pub async fn sign_in(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<CitizenSignIn>) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    let from = client::address(&req, &app.trusted_proxies);
    let who = (body.identifier.as_str(), &body.password);
    let (row, token) = signing_in::sign_in(&app, (tenant, &slug), who, from).await?;
    let view = CitizenSignedIn { token: token.expose().to_owned(), expires_at: moment(row.expires_at) };
    Ok(Reply::created("/v1/account".to_owned(), &view)?)
}

/// A citizen's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    #[schema(example = "acc_0197f2a1c3d47b3e8a1f5c2d9e6b7a92")]
    id: String,
    /// The proven addresses: by each of them one signs in, and gets in again.
    addresses: Vec<AccountAddress>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    password_changed_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    created_at: String,
}

/// A proven address.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountAddress {
    /// `email` or `phone`.
    #[schema(example = "email")]
    kind: String,
    #[schema(example = "maria@example.org")]
    value: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    verified_at: String,
}

impl AccountAddress {
    fn of(row: Address) -> Self {
        Self { kind: row.kind, value: row.value, verified_at: moment(row.verified_at) }
    }
}

/// Shows the caller's account.
#[utoipa::path(tag = "account", operation_id = "get_account", security(("citizen" = [])),
    responses((status = 200, description = "The account.", body = AccountView)))]
#[get("/account")]
pub async fn read(door: OwnAccount) -> Answer {
    let view = door.read(|tx, citizen| {
        let account = &citizen.account;
        let addresses = accounts::addresses_of(tx, account.id)?.into_iter().map(AccountAddress::of).collect();
        Ok(AccountView {
            id: ids::ACCOUNT.show(account.id.0),
            addresses,
            password_changed_at: moment(account.password_at),
            created_at: moment(account.created_at),
        })
    });
    Ok(Reply::ok(&view.await?)?)
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
        let view = |row: SignIn| SignInView {
            id: ids::SIGN_IN.show(row.id.0),
            this: row.id == own,
            created_at: moment(row.created_at),
            expires_at: moment(row.expires_at),
        };
        Ok(sign_ins::of_account(tx, citizen.account.id, now)?.into_iter().map(view).collect())
    });
    Ok(Reply::ok(&SignIns { data: rows.await? })?)
}

/// Ends one of the caller's sign-ins; the own one signs out.
#[utoipa::path(tag = "account", operation_id = "end_sign_in", security(("citizen" = [])),
    params(("id" = String, Path, description = "The sign-in.")),
    responses((status = 204, description = "It has ended.")))]
#[delete("/account/sign-ins/{id}")]
pub async fn end(door: OwnAccount, path: Path<String>) -> Answer {
    let (clock, ids_of) = (door.app().clock.clone(), door.app().ids.clone());
    door.write(move |tx, citizen| {
        let act = own::acting((&clock, &ids_of), citizen);
        own::end(tx, &act, citizen, Uid(id(ids::SIGN_IN, &path)?))?;
        Ok(Reply::nothing())
    })
    .await
}

/// A new password, for the one that is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCitizenPassword {
    #[schema(value_type = String, format = Password, example = "a sentence that is long enough")]
    current_password: Secret,
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 256,
        example = "another sentence that is long enough")]
    new_password: Secret,
}

/// What others know of the caller, and so no password may be made of.
fn names(tx: &mut Tx, citizen: &Citizen) -> Result<(Citizen, Vec<String>), crate::fail::Fail> {
    let (agency, contact) = (tenant::get(tx)?, contacts::get(tx, citizen.account.contact_id)?);
    let own = accounts::addresses_of(tx, citizen.account.id)?.into_iter().map(|address| address.value);
    Ok((citizen.clone(), [agency.name, agency.slug].into_iter().chain(contact.name).chain(own).collect()))
}

/// Changes the caller's password.
///
/// Every other sign-in ends, and each address of the account is told.
#[utoipa::path(tag = "account", operation_id = "change_citizen_password", security(("citizen" = [])),
    request_body = NewCitizenPassword, responses((status = 204, description = "The new password holds."),
        (status = 429, description = "Too many wrong passwords: wait.", body = super::problem::Body,
            content_type = "application/problem+json")))]
#[post("/account/password")]
pub async fn password(door: OwnAccount, body: Body<NewCitizenPassword>) -> Answer {
    let (known, names) = door.read(names).await?;
    let hash = own::check(door.app(), &known, (&body.current_password, &body.new_password), &names).await?;
    let (app, desk) = (door.app(), door.app().recovery.clone());
    let (clock, ids_of) = (app.clock.clone(), app.ids.clone());
    door.write(move |tx, citizen| {
        let act = own::acting((&clock, &ids_of), citizen);
        // Checked was the password of then: `change` refuses where it is another by now.
        let checked = Citizen { account: known.account.clone(), ..citizen.clone() };
        own::change(tx, &act, &desk, &checked, &hash).map(|()| Reply::nothing())
    })
    .await
}
