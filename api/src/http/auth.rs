//! Signing in and out, and who one is.

use actix_web::{HttpRequest, get, post, web::Data};
use civicdesk_contract::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body, client,
    door::Door,
    staff::StaffView,
    wire::{Answer, Reply},
};
use crate::{
    acting::Actor,
    app::App,
    auth::{
        needs, own_password,
        sessions::{self, SignedIn},
        tokens,
    },
    ids, store,
};

/// Who signs in, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The agency's slug.
    #[schema(example = "riverton")]
    tenant: String,
    #[schema(example = "ana@riverton.example")]
    email: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// A refresh token, to be traded for the next one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(value_type = String, format = Password)]
    refresh_token: Secret,
}

/// What a sign-in or a refresh gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// Send it as `Authorization: Bearer`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one refresh. If it comes back a second time, the session ends.
    refresh_token: String,
    staff: StaffView,
}

impl Tokens {
    fn of(signed: SignedIn) -> Self {
        Self {
            access_token: signed.access_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: tokens::LIFE,
            refresh_token: signed.refresh_token.expose().to_owned(),
            staff: StaffView::of(signed.staff),
        }
    }
}

/// Signs a member of staff in.
#[utoipa::path(tag = "auth", operation_id = "sign_in", security(()), request_body = SignIn, responses(
    (status = 200, description = "Signed in.", body = Tokens),
    (status = 401, description = "The agency, the address or the password is wrong.", body = super::problem::Body,
        content_type = "application/problem+json"),
    (status = 403, description = "The agency is suspended.", body = super::problem::Body,
        content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong passwords: wait.", body = super::problem::Body,
        content_type = "application/problem+json")))]
#[post("/auth/login")]
pub async fn login(app: Data<App>, req: HttpRequest, body: Body<SignIn>) -> Answer {
    let from = client::address(&req, &app.trusted_proxies);
    let signed = sessions::sign_in(&app, &body.tenant, &body.email, &body.password, from).await?;
    Ok(Reply::ok(&Tokens::of(signed))?)
}

/// Trades a refresh token for new tokens.
#[utoipa::path(tag = "auth", operation_id = "refresh_session", security(()), request_body = Refresh, responses(
    (status = 200, description = "Signed in for longer.", body = Tokens),
    (status = 401, description = "The refresh token is not valid any more.", body = super::problem::Body,
        content_type = "application/problem+json"),
    (status = 403, description = "The agency is suspended.", body = super::problem::Body,
        content_type = "application/problem+json")))]
#[post("/auth/refresh")]
pub async fn refresh(app: Data<App>, body: Body<Refresh>) -> Answer {
    let signed = sessions::refresh(&app, &body.refresh_token).await?;
    Ok(Reply::ok(&Tokens::of(signed))?)
}

/// Signs the caller out.
#[utoipa::path(tag = "auth", operation_id = "sign_out", responses((status = 204, description = "Signed out.")))]
#[post("/auth/logout")]
pub async fn logout(door: Door<needs::Anyone>) -> Answer {
    door.write(|tx, who| sessions::sign_out(tx, who).map(|()| Reply::nothing())).await
}

/// A new password, for the one that is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[schema(value_type = String, format = Password, example = "a sentence that is long enough")]
    current_password: Secret,
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 256,
        example = "another sentence that is long enough")]
    new_password: Secret,
}

/// Changes the caller's own password.
///
/// Every other session of theirs ends; this one goes on.
#[utoipa::path(tag = "auth", operation_id = "change_password", request_body = NewPassword, responses(
    (status = 204, description = "The new password holds."),
    (status = 429, description = "Too many wrong passwords: wait.", body = super::problem::Body,
        content_type = "application/problem+json")))]
#[post("/auth/password")]
pub async fn password(door: Door<needs::Anyone>, req: HttpRequest, body: Body<NewPassword>) -> Answer {
    let member = door.read(own_password::member).await?;
    let from = client::address(&req, &door.app().trusted_proxies);
    let both = (&body.current_password, &body.new_password);
    let hash = own_password::check(door.app(), &member, both, from).await?;
    door.write(move |tx, who| own_password::change(tx, who, &member, &hash).map(|()| Reply::nothing())).await
}

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    tenant: MyTenant,
    /// Set where a member of staff is signed in.
    staff: Option<StaffView>,
    /// Set where an API key is used.
    #[schema(example = "key_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    api_key_id: Option<String>,
    /// What the caller may do.
    #[schema(example = json!(["cases:read", "cases:write"]))]
    rights: Vec<&'static str>,
    /// Whether nothing that the caller asks is delivered.
    test: bool,
}

/// The caller's agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyTenant {
    #[schema(example = "ten_0197a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    #[schema(example = "riverton")]
    slug: String,
    #[schema(example = "City of Riverton")]
    name: String,
}

/// Says who the caller is and may do.
#[utoipa::path(tag = "auth", operation_id = "get_me", responses((status = 200, description = "The caller.", body = Me)))]
#[get("/auth/me")]
pub async fn me(door: Door<needs::Anyone>) -> Answer {
    let me = door.read(|tx, who| {
        let tenant = store::tenant::get(tx)?;
        let (staff, key) = match who.acting.actor {
            Actor::Staff(id) => (Some(StaffView::of(store::staff::get(tx, id)?)), None),
            _ => (None, Some(who.id())),
        };
        let tenant = MyTenant { id: ids::TENANT.show(who.tenant), slug: tenant.slug, name: tenant.name };
        Reply::ok(&Me { tenant, staff, api_key_id: key, rights: who.rights.names(), test: who.test })
    });
    me.await
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
