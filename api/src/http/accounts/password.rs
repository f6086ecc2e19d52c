//! Citizens change the password that they know.

use actix_web::post;
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::door::OwnAccount;
use crate::{
    accounts::{own, signing_in::Citizen},
    fail::Fail,
    http::{
        Body, problem,
        wire::{Answer, Reply},
    },
    store::{Tx, accounts, contacts, tenant},
};

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
fn names(tx: &mut Tx, citizen: &Citizen) -> Result<(Citizen, Vec<String>), Fail> {
    let (agency, contact) = (tenant::get(tx)?, contacts::get(tx, citizen.account.contact_id)?);
    let own = accounts::addresses_of(tx, citizen.account.id)?.into_iter().map(|address| address.value);
    Ok((citizen.clone(), [agency.name, agency.slug].into_iter().chain(contact.name).chain(own).collect()))
}

/// Changes the caller's password.
///
/// Every other sign-in ends, and each address of the account is told.
#[utoipa::path(tag = "account", operation_id = "change_citizen_password", security(("citizen" = [])),
    request_body = NewCitizenPassword, responses((status = 204, description = "The new password holds."),
        (status = 429, description = "Too many wrong passwords: wait.", body = problem::Body,
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
