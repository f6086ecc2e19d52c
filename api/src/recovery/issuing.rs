//! Who asked, and what they are sent: found by a job, after whoever asked has long been answered.

use civicdesk_contract::Party;

use super::{
    Desk,
    asking::{self, Asked},
    giving::{self, Gift},
    keys::Keys,
    policy::Policy,
    staff,
};
use crate::{
    acting::Acting,
    fail::Fail,
    people::{addresses, phones},
    store::{
        Tx, Uid,
        accounts::{self, Account},
        contacts, tenant,
    },
};

/// Sends a code and a link to the address, where it may have them. What was found is in the log of the tenant and nowhere
/// else.
pub fn issue(tx: &mut Tx, act: &Acting, desk: &Desk, asked: &Asked, keys: &Keys) -> Result<(), Fail> {
    if asked.purpose == asking::STAFF {
        return staff::issue(tx, act, desk, asked, &keys.token);
    }
    let tenant = tenant::get(tx)?;
    let to = phones::fitted(asking::party(&asked.identifier), &phones::country(&tenant));
    let Some(normal) = addresses::normal(to.kind, &to.address) else { return Ok(()) };
    let account = find(tx, &to, &normal)?;
    let policy = Policy::of(&tenant);
    let purpose = match &account {
        _ if !policy.sends_to(to.kind) => return Ok(()),
        // Whoever registers anew what is registered forgot that, and needs the same code.
        Some(account) if account.status == accounts::ACTIVE => asking::RECOVER,
        None if asked.purpose == asking::REGISTER && policy.registration => asking::REGISTER,
        _ => return Ok(()),
    };
    let gift = Gift { tenant: &tenant, recovery: asked.recovery, purpose, account: account.as_ref(), to, normal };
    giving::give(tx, act, desk, &gift, keys)
}

/// The account behind a proven address.
fn find(tx: &mut Tx, to: &Party, normal: &str) -> Result<Option<Account>, Fail> {
    Ok(accounts::by_address(tx, to.kind.as_str(), normal)?)
}

/// The citizen's language, or the agency's.
pub fn language(tx: &mut Tx, contact: Option<Uid>, locale: &str) -> Result<String, Fail> {
    let own = contact.map(|id| contacts::get(tx, id)).transpose()?.and_then(|contact| contact.language);
    Ok(own.unwrap_or_else(|| locale.to_owned()))
}
