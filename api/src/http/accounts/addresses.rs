//! `/v1/account/addresses`: addresses that the caller wants, has proven, or wants no more.

use actix_web::{delete, post, web::Path};
use civicdesk_contract::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{door::OwnAccount, own::AccountAddress};
use crate::{
    accounts::addresses,
    fail::Fail,
    http::{
        Body,
        problem::{self, Problem},
        show::moment,
        wire::{Answer, Reply, id},
    },
    ids,
    recovery::codes,
    store::{Uid, accounts::Address, address_claims::Claim},
};

pub const CODE_REFUSED: &str = "this code does not work: it is wrong, was used or is too old. Ask for a new one";

/// An address for the caller's account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedAddress {
    /// An email address or a phone number.
    #[schema(example = "+1 555 010 9999", min_length = 3, max_length = 254)]
    value: String,
}

/// An address that is not proven yet: it opens nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingAddress {
    #[schema(example = "adr_0197f2a1c3d47b3e8a1f5c2d9e6b7a94")]
    id: String,
    /// `email` or `phone`.
    #[schema(example = "phone")]
    kind: String,
    #[schema(example = "+15550109999")]
    value: String,
    /// Until then its code is good.
    #[schema(format = DateTime, example = "2026-11-22T09:10:00Z")]
    expires_at: String,
}

impl PendingAddress {
    pub fn of(row: Claim) -> Self {
        let id = ids::ADDRESS.show(row.id.0);
        Self { id, kind: row.kind, value: row.value, expires_at: moment(row.expires_at) }
    }
}

/// Sends a code to an address that the caller wants for the account.
///
/// Until the code comes back the address opens nothing. Where it is another account's, its holder is told in the letter and
/// nobody else. Needs a password that was typed in the last ten minutes: at sign-in, or at `/v1/account/confirmation`.
#[utoipa::path(tag = "account", operation_id = "add_account_address", security(("citizen" = [])),
    request_body = WantedAddress, responses((status = 202, description = "A code is on its way.", body = PendingAddress),
        (status = 429, description = "Enough codes for this hour.", body = problem::Body,
            content_type = "application/problem+json")))]
#[post("/account/addresses")]
pub async fn add(door: OwnAccount, body: Body<WantedAddress>) -> Answer {
    let view = PendingAddress::of(asked(&door, body.into_inner().value).await?);
    Ok(Reply::accepted(format!("/v1/account/addresses/{}/verify", view.id), &view)?)
}

/// Sends the code.
pub async fn asked(door: &OwnAccount, value: String) -> Result<Claim, Problem> {
    let (act, desk, id, code) = (door.acting(), door.desk(), door.new_id(), codes::make(&door.app().ids));
    door.write(move |tx, citizen| addresses::ask(tx, &act(citizen), &desk, citizen, &value, (id, &code))).await
}

/// The code that was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressCode {
    #[schema(value_type = String, example = "4917 0352", max_length = 100)]
    code: Secret,
}

/// Proves an address with the code that was sent there.
///
/// From then on it opens the account as the others do, and all of them are told. Codes to set a new password that were
/// asked for before are worth nothing. A code has five tries; whatever is wrong with one, the answer is `code-refused`.
#[utoipa::path(tag = "account", operation_id = "verify_account_address", security(("citizen" = [])),
    params(("id" = String, Path, description = "The address.")), request_body = AddressCode,
    responses((status = 200, description = "The address is the account's.", body = AccountAddress)))]
#[post("/account/addresses/{id}/verify")]
pub async fn verify(door: OwnAccount, path: Path<String>, body: Body<AddressCode>) -> Answer {
    let address = verified(&door, &path, body.into_inner().code).await?;
    let address = address.ok_or_else(|| Fail::conflict("code-refused", CODE_REFUSED))?;
    Ok(Reply::ok(&AccountAddress::of(address))?)
}

/// Tries the code. An id that is none names no code.
pub async fn verified(door: &OwnAccount, id: &str, code: Secret) -> Result<Option<Address>, Problem> {
    let (act, desk, id) = (door.acting(), door.desk(), Uid(ids::ADDRESS.read(id).unwrap_or_default()));
    door.write(move |tx, citizen| addresses::verify(tx, &act(citizen), &desk, citizen, (id, &code))).await
}

/// Takes an address away; the last one stays.
///
/// It opens the account no more, and every address is told, this one too. Needs a password that was typed in the last ten
/// minutes: at sign-in, or at `/v1/account/confirmation`.
#[utoipa::path(tag = "account", operation_id = "remove_account_address", security(("citizen" = [])),
    params(("id" = String, Path, description = "The address.")),
    responses((status = 204, description = "It is the account's no more.")))]
#[delete("/account/addresses/{id}")]
pub async fn remove(door: OwnAccount, path: Path<String>) -> Answer {
    removed(&door, path.into_inner()).await?;
    Ok(Reply::nothing())
}

/// Takes it away.
pub async fn removed(door: &OwnAccount, address: String) -> Result<(), Problem> {
    let (act, desk) = (door.acting(), door.desk());
    let done = door.write(move |tx, citizen| {
        addresses::remove(tx, &act(citizen), &desk, citizen, Uid(id(ids::ADDRESS, &address)?))
    });
    done.await
}
