//! `/v1/account/totp` and `/saved-codes`: what the caller's account asks for beside the password.

use actix_web::{delete, post};
use civicdesk_contract::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::door::OwnAccount;
use crate::{
    accounts::{authenticator, saved_codes, totp},
    http::{
        Body,
        problem::{self, Problem},
        wire::{Answer, Reply},
    },
};

/// What an authenticator app is given. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewAuthenticator {
    /// To be typed into the app, in base 32.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same for a picture that the app reads.
    #[schema(
        example = "otpauth://totp/City%20of%20Riverton:maria%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=City%20of%20Riverton&algorithm=SHA1&digits=6&period=30"
    )]
    uri: String,
}

/// Begins to add an authenticator app.
///
/// Nothing asks for its codes before one of them comes back at `/v1/account/totp/confirm`. An earlier beginning is over.
/// Needs a password that was typed in the last ten minutes: at sign-in, or at `/v1/account/confirmation`.
#[utoipa::path(tag = "account", operation_id = "begin_totp", security(("citizen" = [])),
    responses((status = 201, description = "The secret for the app.", body = NewAuthenticator)))]
#[post("/account/totp")]
pub async fn begin(door: OwnAccount) -> Answer {
    let (secret, uri) = offered(&door).await?;
    Ok(Reply::created("/v1/account", &NewAuthenticator { secret, uri })?)
}

/// Makes the secret, and what an app reads from a picture.
pub async fn offered(door: &OwnAccount) -> Result<(String, String), Problem> {
    let (act, desk, secret) = (door.acting(), door.desk(), door.app().ids.bytes());
    let offer = door.write(move |tx, citizen| authenticator::offer(tx, &act(citizen), &desk, citizen, &secret));
    Ok((totp::shown(&secret), offer.await?))
}

/// What the app shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    #[schema(value_type = String, example = "287082", max_length = 20)]
    code: Secret,
}

/// Adds the app that shows the right code: from now on signing in asks for one.
///
/// Every other sign-in ends, and each address of the account is told.
#[utoipa::path(tag = "account", operation_id = "confirm_totp", security(("citizen" = [])), request_body = TotpCode,
    responses((status = 204, description = "Signing in asks for its codes.")))]
#[post("/account/totp/confirm")]
pub async fn confirm(door: OwnAccount, body: Body<TotpCode>) -> Answer {
    confirmed(&door, body.into_inner().code).await?;
    Ok(Reply::nothing())
}

/// Adds it.
pub async fn confirmed(door: &OwnAccount, code: Secret) -> Result<(), Problem> {
    let (act, desk) = (door.acting(), door.desk());
    door.write(move |tx, citizen| authenticator::confirm(tx, &act(citizen), &desk, citizen, &code)).await
}

/// Takes the app away: the password alone opens the account again.
///
/// Each address of the account is told. Needs a password that was typed in the last ten minutes: at sign-in, or at
/// `/v1/account/confirmation`.
#[utoipa::path(tag = "account", operation_id = "remove_totp", security(("citizen" = [])),
    responses((status = 204, description = "Signing in asks for no code."),
        (status = 404, description = "There was no app.", body = problem::Body,
            content_type = "application/problem+json")))]
#[delete("/account/totp")]
pub async fn remove(door: OwnAccount) -> Answer {
    removed(&door).await?;
    Ok(Reply::nothing())
}

/// Takes it away.
pub async fn removed(door: &OwnAccount) -> Result<(), Problem> {
    let (act, desk) = (door.acting(), door.desk());
    door.write(move |tx, citizen| authenticator::remove(tx, &act(citizen), &desk, citizen)).await
}

/// Codes to keep. They are shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedCodes {
    /// Each is good for one use: at sign-in in the place of the app's code, or to get in again.
    #[schema(example = json!(["K7DM-2QVX-RTAH-HW3E"]))]
    codes: Vec<String>,
}

/// Makes ten codes to keep, in the place of the ones before.
///
/// Needs a password that was typed in the last ten minutes: at sign-in, or at `/v1/account/confirmation`.
#[utoipa::path(tag = "account", operation_id = "make_saved_codes", security(("citizen" = [])),
    responses((status = 201, description = "The codes, shown this once.", body = SavedCodes)))]
#[post("/account/saved-codes")]
pub async fn save(door: OwnAccount) -> Answer {
    Ok(Reply::created("/v1/account", &SavedCodes { codes: saved(&door).await? })?)
}

/// Makes them.
pub async fn saved(door: &OwnAccount) -> Result<Vec<String>, Problem> {
    let (act, desk, codes) = (door.acting(), door.desk(), saved_codes::make(&door.app().ids));
    let shown = codes.iter().map(|code| code.expose().to_owned()).collect();
    door.write(move |tx, citizen| saved_codes::replace(tx, &act(citizen), &desk, citizen, &codes)).await?;
    Ok(shown)
}
