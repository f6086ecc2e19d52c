//! `/v1/account/confirmation`: the caller types the password once more before something that matters.

use actix_web::post;
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::door::OwnAccount;
use crate::{
    accounts::password,
    fail::Fail,
    http::{
        Body,
        problem::{self, Problem},
        wire::{Answer, Reply},
    },
    store::sign_ins,
};

/// The caller's password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrentPassword {
    #[schema(value_type = String, format = Password, example = "a sentence that is long enough")]
    current_password: Secret,
}

/// Types the password once more: for ten minutes this sign-in may change what opens the account.
#[utoipa::path(tag = "account", operation_id = "confirm_sign_in", security(("citizen" = [])),
    request_body = CurrentPassword, responses((status = 204, description = "It was right."),
        (status = 429, description = "Too many wrong passwords: wait.", body = problem::Body,
            content_type = "application/problem+json")))]
#[post("/account/confirmation")]
pub async fn confirm(door: OwnAccount, body: Body<CurrentPassword>) -> Answer {
    confirmed(&door, &body.current_password).await?;
    Ok(Reply::nothing())
}

/// Notes that the password was typed once more, if it is right.
pub async fn confirmed(door: &OwnAccount, current: &Secret) -> Result<(), Problem> {
    let known = door.read(|_, citizen| Ok(citizen.clone())).await?;
    password::confirm(door.app(), &known, current).await?;
    let (now, epoch) = (door.app().time(), known.account.epoch);
    let write = door.write(move |tx, citizen| {
        // The password was checked outside this transaction: it must still be the one.
        match citizen.account.epoch == epoch {
            true => Ok(sign_ins::confirm(tx, citizen.sign_in.id, now)?),
            false => Err(Fail::conflict("password-changed", "the password was changed meanwhile: sign in again")),
        }
    });
    write.await
}
