//! Citizens change the password that they know.

use actix_web::post;
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::door::OwnAccount;
use crate::{
    accounts::{
        own::{self, Wanted},
        signing_in::Citizen,
    },
    http::{
        Body,
        problem::{self, Problem},
        wire::{Answer, Reply},
    },
};

/// A new password, for the one that is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCitizenPassword {
    #[schema(value_type = String, format = Password, example = "a sentence that is long enough")]
    current_password: Secret,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256,
        example = "another sentence that is long enough")]
    new_password: Secret,
}

/// Changes the caller's password.
///
/// Every other sign-in ends, and each address of the account is told. The agency says how long a password has to be, and
/// whether a shorter one will do beside an authenticator app.
#[utoipa::path(tag = "account", operation_id = "change_citizen_password", security(("citizen" = [])),
    request_body = NewCitizenPassword, responses((status = 204, description = "The new password holds."),
        (status = 429, description = "Too many wrong passwords: wait.", body = problem::Body,
            content_type = "application/problem+json")))]
#[post("/account/password")]
pub async fn password(door: OwnAccount, body: Body<NewCitizenPassword>) -> Answer {
    changed(&door, (&body.current_password, &body.new_password)).await?;
    Ok(Reply::nothing())
}

/// Changes it.
pub async fn changed(door: &OwnAccount, (current, new): (&Secret, &Secret)) -> Result<(), Problem> {
    let (known, wanted) = door.read(|tx, citizen| Ok((citizen.clone(), Wanted::of(tx, citizen)?))).await?;
    let checked = own::check(door.app(), &known, (current, new), &wanted).await?;
    let (act, desk) = (door.acting(), door.desk());
    let change = door.write(move |tx, citizen| {
        // Checked was the password of then: `change` refuses where it is another by now.
        let then = Citizen { account: known.account.clone(), ..citizen.clone() };
        own::change(tx, &act(citizen), &desk, &then, &checked)
    });
    change.await
}
