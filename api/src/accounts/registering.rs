//! Somebody who has proven an address gets an account.

use civicdesk_contract::Party;
use serde_json::json;

use super::history::note;
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    people::{
        contacts,
        proven::{self, Proven},
    },
    store::{
        Tx,
        accounts::{self, Account, Address},
    },
};

/// Makes the account of whoever has proven this address. Nothing where the address is an account's already.
pub fn register(
    tx: &mut Tx,
    act: &Acting,
    (to, normal): (&Party, &str),
    password_hash: &str,
) -> Result<Option<Account>, Fail> {
    if accounts::by_address(tx, to.kind.as_str(), normal)?.is_some() {
        return Ok(None);
    }
    let contact = contacts::find_or_make(tx, act, to)?;
    let (tenant_id, id) = (tx.tenant(), act.id());
    let account = Account {
        tenant_id,
        id,
        contact_id: contact.id,
        password_hash: password_hash.to_owned(),
        status: accounts::ACTIVE.to_owned(),
        epoch: 1,
        password_at: act.now,
        created_at: act.now,
        locked_at: None,
        barred_address_id: None,
    };
    accounts::insert(tx, &account)?;
    let address = Address {
        tenant_id,
        id: act.id(),
        account_id: id,
        kind: to.kind.as_str().to_owned(),
        value: to.address.clone(),
        normal: normal.to_owned(),
        verified_at: act.now,
    };
    accounts::insert_address(tx, &address)?;
    let act = Acting { actor: Actor::Contact(contact.id.0), ..act.clone() };
    let proven = Proven { kind: &address.kind, value: &address.value, normal };
    proven::noted(tx, &act, contact.id, proven, "account")?;
    note(tx, &act, &account, "account.registered", json!({ "by": address.kind }))?;
    Ok(Some(account))
}
