//! `/v1/account`: what a citizen's own account is.

use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::door::OwnAccount;
use crate::{
    http::{
        show::moment,
        wire::{Answer, Reply},
    },
    ids,
    store::accounts::{self, Address},
};

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
