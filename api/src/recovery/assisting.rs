//! Staff start a recovery for somebody whom they speak with, after the agency's own checks of who that is. They choose one of
//! the proven addresses and nothing else: neither code, link nor password passes through their hands.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use super::{
    Desk,
    asking::{self, By},
    giving::{self, Gift, Given},
    keys::Keys,
    policy::Policy,
};
use crate::{
    accounts::history::note,
    acting::Acting,
    fail::Fail,
    ids,
    people::{addresses, joining},
    store::{
        Tx, Uid,
        accounts::{self, Account, Address},
        contacts::Contact,
        tenant,
    },
};

/// What staff say when they start one.
#[derive(Clone, Debug)]
pub struct Wish {
    /// One of the proven addresses of the contact's accounts.
    pub address: Uid,
    /// What they did to see who it is: every sentence of the agency's checklist.
    pub checked: Vec<String>,
    /// Recorded, never sent: the credential is for testing.
    pub test: bool,
}

/// Starts it. Whoever reads at the address gets the letter that anybody gets, which says who started it.
pub fn start(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    contact: &Contact,
    (wish, keys): (&Wish, &Keys),
) -> Result<Uuid, Fail> {
    joining::goes_on(contact)?;
    let tenant = tenant::get(tx)?;
    let policy = Policy::of(&tenant);
    if !policy.assisted {
        return Err(Fail::conflict("way-not-offered", "your agency lets nobody start a recovery for a citizen"));
    }
    followed(&policy, &wish.checked)?;
    let (account, address) = found(tx, contact, wish.address)?;
    if account.status != accounts::ACTIVE {
        return Err(Fail::conflict("account-disabled", "the account is disabled: nobody gets in by a new password"));
    }
    let to = asking::party(&address.value);
    let normal = addresses::normal(to.kind, &to.address).unwrap_or_default();
    let recovery = act.id().0;
    let mut event = json!({
        "recovery_id": ids::RECOVERY.show(recovery), "address_id": ids::ADDRESS.show(address.id.0), "by": address.kind,
        "checked": wish.checked,
    });
    if wish.test {
        event["test"] = true.into();
        note(tx, act, &account, "recovery.started_by_staff", event)?;
        return Ok(recovery);
    }
    let gift = Gift {
        tenant: &tenant,
        recovery,
        purpose: asking::RECOVER,
        account: Some(&account),
        to,
        normal,
        by: By::Staff,
    };
    match giving::give(tx, act, desk, &gift, keys)? {
        Given::Issued => {}
        Given::Limited => return Err(Fail::TooMany(giving::PAUSE)),
        Given::Unreachable(why) => return Err(Fail::conflict("unreachable", why)),
    }
    note(tx, act, &account, "recovery.started_by_staff", event)?;
    Ok(recovery)
}

/// Every sentence of the checklist is named, and no other.
fn followed(policy: &Policy, checked: &[String]) -> Result<(), Fail> {
    let asked: BTreeSet<&str> = policy.checklist.iter().map(|step| step.trim()).collect();
    let named: BTreeSet<&str> = checked.iter().map(|step| step.trim()).collect();
    let list = |steps: Vec<&&str>| steps.into_iter().map(|step| format!("`{step}`")).collect::<Vec<_>>().join(", ");
    let (missing, strange) =
        (asked.difference(&named).collect::<Vec<_>>(), named.difference(&asked).collect::<Vec<_>>());
    match () {
        () if !missing.is_empty() => {
            Err(Fail::field("/checked", format!("do these first, and name them: {}", list(missing))))
        }
        () if !strange.is_empty() => {
            Err(Fail::field("/checked", format!("these are not on the agency's checklist: {}", list(strange))))
        }
        () => Ok(()),
    }
}

/// The account and the proven address of this id, where they are the contact's.
fn found(tx: &mut Tx, contact: &Contact, address: Uid) -> Result<(Account, Address), Fail> {
    for account in accounts::of_contact(tx, contact.id)? {
        let own = accounts::addresses_of(tx, account.id)?;
        if let Some(address) = own.into_iter().find(|own| own.id == address) {
            return Ok((account, address));
        }
    }
    Err(Fail::field("/address_id", "is no proven address of an account of this contact"))
}
