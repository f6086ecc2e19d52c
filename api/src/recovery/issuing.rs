//! Who asked, and what they are sent: found by a job, after whoever asked has long been answered.

use civicdesk_contract::Party;
use serde_json::json;

use super::{
    Desk,
    asking::{self, Asked},
    giving::{self, Gift, Given},
    keys::Keys,
    policy::Policy,
    staff,
};
use crate::{
    accounts::{elsewhere, history::note},
    acting::Acting,
    directories::Entry,
    fail::Fail,
    people::{addresses, phones},
    store::{
        Tx, Uid,
        accounts::{self, Account},
        contacts, tenant,
    },
};

/// Where somebody was looked for.
#[derive(Clone, Debug)]
pub enum Found {
    /// In our own tables, which the transaction reads.
    Here,
    /// In the agency's directory, which had this.
    Elsewhere(Option<Entry>),
}

/// Sends a code and a link to the address, where it may have them. What was found is in the log of the tenant and nowhere
/// else; the answer is the word under which it is counted.
pub fn issue(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    (asked, found): (&Asked, &Found),
    keys: &Keys,
) -> Result<&'static str, Fail> {
    if asked.purpose == asking::STAFF {
        staff::issue(tx, act, desk, asked, &keys.token)?;
        return Ok("staff");
    }
    let tenant = tenant::get(tx)?;
    let mut to = phones::fitted(asking::party(&asked.identifier), &phones::country(&tenant));
    let Some(normal) = addresses::normal(to.kind, &to.address) else { return Ok("unknown") };
    let account = find(tx, act, found, (&mut to, &normal))?;
    let policy = Policy::of(&tenant);
    let purpose = match &account {
        _ if !policy.sends_to(to.kind) => return Ok("failed"),
        // Whoever registers anew what is registered forgot that, and needs the same code.
        Some(account) if account.status == accounts::ACTIVE => asking::RECOVER,
        // A directory's accounts are made there.
        None if asked.purpose == asking::REGISTER && policy.registration && matches!(found, Found::Here) => {
            asking::REGISTER
        }
        _ => return Ok("unknown"),
    };
    let (recovery, account) = (asked.recovery, account.as_ref());
    let gift = Gift { tenant: &tenant, recovery, purpose, account, to, normal, by: asked.by };
    if let Some(account) = account {
        let what = json!({ "by": gift.to.kind.as_str(), "started_by": asked.by.word() });
        note(tx, act, account, "recovery.asked", what)?;
        if is_barred(tx, account, &gift)? {
            let what = json!({ "what": "the account's holder objected to a change that came by this address" });
            note(tx, act, account, "recovery.refused", what)?;
            return Ok("limited");
        }
    }
    Ok(match giving::give(tx, act, desk, &gift, keys)? {
        Given::Issued => "issued",
        Given::Limited => "limited",
        Given::Unreachable(_) => "failed",
    })
}

/// The account behind a proven address. The address as it is kept takes the place of what was typed: nothing is sent
/// anywhere else.
fn find(tx: &mut Tx, act: &Acting, found: &Found, (to, normal): (&mut Party, &str)) -> Result<Option<Account>, Fail> {
    let account = match found {
        Found::Here => accounts::by_address(tx, to.kind.as_str(), normal)?,
        Found::Elsewhere(entry) => {
            let meant = |entry: &&Entry| entry.active && entry.address(to.kind, normal).is_some();
            entry.as_ref().filter(meant).map(|entry| elsewhere::stand_in(tx, act, entry)).transpose()?
        }
    };
    let Some(account) = account else { return Ok(None) };
    let kept = accounts::addresses_of(tx, account.id)?.into_iter();
    let mut kept = kept.filter(|own| own.kind == to.kind.as_str() && own.normal == normal);
    Ok(kept.next().map(|own| {
        to.address = own.value;
        account
    }))
}

/// Whether the way is closed until somebody else than its reader has set another password.
fn is_barred(tx: &mut Tx, account: &Account, gift: &Gift) -> Result<bool, Fail> {
    let Some(barred) = account.barred_address_id else { return Ok(false) };
    let own = accounts::addresses_of(tx, account.id)?;
    let asked = own.iter().find(|own| own.kind == gift.to.kind.as_str() && own.normal == gift.normal);
    Ok(asked.is_some_and(|asked| asked.id == barred))
}

/// The citizen's language, or the agency's.
pub fn language(tx: &mut Tx, contact: Option<Uid>, locale: &str) -> Result<String, Fail> {
    let own = contact.map(|id| contacts::get(tx, id)).transpose()?.and_then(|contact| contact.language);
    Ok(own.unwrap_or_else(|| locale.to_owned()))
}
