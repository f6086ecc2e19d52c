//! An account is erased by its holder. The person and their cases stay: records are kept by law, not by account.

use serde_json::json;

use super::{
    history::note,
    password,
    signing_in::Citizen,
    telling::{self, What},
};
use crate::{
    acting::Acting,
    fail::Fail,
    recovery::Desk,
    store::{Tx, accounts, address_claims, factors, sign_ins},
};

/// Takes everything away by which anybody could get in: addresses, password, sign-ins, second factors and codes.
pub fn erase(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen) -> Result<(), Fail> {
    password::fresh(citizen, act.now)?;
    let account = &citizen.account;
    telling::tell(tx, act, desk, account, &What::Erased, &[])?;
    sign_ins::end_all(tx, account.id, None, "account erased", act.now)?;
    address_claims::forget_all(tx, account.id)?;
    factors::forget_all(tx, account.id)?;
    accounts::erase(tx, account.id)?;
    note(tx, act, account, "account.erased", json!({}))
}
