//! `/v1/account`: what a citizen's own account is.

use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::{addresses::PendingAddress, door::OwnAccount};
use crate::{
    fail::Fail,
    http::{
        show::moment,
        wire::{Answer, Reply},
    },
    ids,
    store::{
        Time, Tx,
        accounts::{self, Account, Address},
        address_claims, factors,
    },
};

/// A citizen's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    #[schema(example = "acc_0197f2a1c3d47b3e8a1f5c2d9e6b7a92")]
    pub id: String,
    /// The proven addresses: by each of them one signs in, and gets in again.
    pub addresses: Vec<AccountAddress>,
    /// Addresses that are not proven yet: they open nothing.
    pub pending_addresses: Vec<PendingAddress>,
    /// Since then signing in asks for the code of an authenticator app.
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub authenticator_since: Option<String>,
    /// Saved codes that were not used yet.
    #[schema(example = 10)]
    pub saved_codes_left: usize,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub password_changed_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
}

impl AccountView {
    /// What the account's own row says.
    pub fn bare(account: &Account) -> Self {
        Self {
            id: ids::ACCOUNT.show(account.id.0),
            addresses: Vec::new(),
            pending_addresses: Vec::new(),
            authenticator_since: None,
            saved_codes_left: 0,
            password_changed_at: moment(account.password_at),
            created_at: moment(account.created_at),
        }
    }
}

/// A proven address.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountAddress {
    #[schema(example = "adr_0197f2a1c3d47b3e8a1f5c2d9e6b7a94")]
    id: String,
    /// `email` or `phone`.
    #[schema(example = "email")]
    kind: String,
    #[schema(example = "maria@example.org")]
    value: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    verified_at: String,
}

impl AccountAddress {
    pub fn of(row: Address) -> Self {
        let id = ids::ADDRESS.show(row.id.0);
        Self { id, kind: row.kind, value: row.value, verified_at: moment(row.verified_at) }
    }
}

/// Shows the caller's account.
#[utoipa::path(tag = "account", operation_id = "get_account", security(("citizen" = [])),
    responses((status = 200, description = "The account.", body = AccountView)))]
#[get("/account")]
pub async fn read(door: OwnAccount) -> Answer {
    let now = door.app().time();
    let view = door.read(move |tx, citizen| {
        let account = &citizen.account;
        let authenticator = factors::authenticator(tx, account.id)?.and_then(|app| app.confirmed_at);
        Ok(AccountView {
            addresses: accounts::addresses_of(tx, account.id)?.into_iter().map(AccountAddress::of).collect(),
            pending_addresses: pending(tx, account, now)?,
            authenticator_since: authenticator.map(moment),
            saved_codes_left: factors::codes(tx, account.id)?.map_or(0, |(_, left)| left),
            ..AccountView::bare(account)
        })
    });
    Ok(Reply::ok(&view.await?)?)
}

/// The addresses whose codes are still good.
fn pending(tx: &mut Tx, account: &Account, now: Time) -> Result<Vec<PendingAddress>, Fail> {
    let live = address_claims::live(tx, account.id, account.epoch, now)?;
    Ok(live.into_iter().map(PendingAddress::of).collect())
}
