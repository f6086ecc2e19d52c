//! Who asked, and the code that they are sent: done by a job, after whoever asked has long been answered.

use civicdesk_contract::{IdentityKind, Secret};
use jiff::SignedDuration;
use minijinja::context;
use serde_json::json;

use super::{
    Desk,
    asking::{self, Asked},
    codes, letters,
    secrets::{self, About},
};
use crate::{
    acting::Acting,
    cases::reach,
    fail::Fail,
    people::{addresses, phones},
    store::{
        Json, Time, Tx, Uid,
        accounts::{self, Account},
        contacts, events,
        recoveries::{self, Recovery},
        tenant,
    },
};

/// Codes that one address is sent in a quarter of an hour, and in a day.
const IN_A_QUARTER: i64 = 3;
const IN_A_DAY: i64 = 10;

/// Sends a code to the address, where it may have one. What was found is in the log of the tenant and nowhere else.
pub fn issue(tx: &mut Tx, act: &Acting, desk: &Desk, asked: &Asked, code: &Secret) -> Result<(), Fail> {
    let tenant = tenant::get(tx)?;
    let to = phones::fitted(asking::party(&asked.identifier), &phones::country(&tenant));
    let Some(normal) = addresses::normal(to.kind, &to.address) else { return Ok(()) };
    let kind = to.kind.as_str();
    let account = accounts::by_address(tx, kind, &normal)?;
    let purpose = match &account {
        // Whoever registers anew what is registered forgot that, and needs the same code.
        Some(account) if account.status == accounts::ACTIVE => asking::RECOVER,
        None if asked.purpose == asking::REGISTER => asking::REGISTER,
        _ => return Ok(()),
    };
    let since = |ago: SignedDuration| Time(act.now.0 - ago);
    if recoveries::lately(tx, kind, &normal, since(SignedDuration::from_mins(15)))? >= IN_A_QUARTER
        || recoveries::lately(tx, kind, &normal, since(SignedDuration::from_hours(24)))? >= IN_A_DAY
    {
        return note(tx, act, account.as_ref(), "recovery.refused", "the address was sent enough codes for now");
    }
    let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, to.kind)? else {
        return note(tx, act, account.as_ref(), "recovery.failed", "the agency has no channel to such addresses");
    };
    let minutes = if to.kind == IdentityKind::Email { codes::MINUTES_BY_MAIL } else { codes::MINUTES_BY_PHONE };
    let expires_at = Time(act.now.0 + SignedDuration::from_mins(minutes));
    recoveries::end_live(tx, kind, &normal, act.now)?;
    let row = Recovery {
        tenant_id: tx.tenant(),
        id: Uid(asked.recovery),
        purpose: purpose.to_owned(),
        account_id: account.as_ref().map(|account| account.id),
        epoch: account.as_ref().map_or(0, |account| account.epoch),
        kind: kind.to_owned(),
        value: to.address.clone(),
        normal,
        code_hash: desk.codes.hash(tx.tenant().0, asked.recovery, code),
        tries: 0,
        created_at: act.now,
        expires_at,
        used_at: None,
        ended_at: None,
    };
    recoveries::insert(tx, &row)?;
    let contact = account.as_ref().map(|account| account.contact_id);
    let language = language(tx, contact, &tenant.locale)?;
    let about = context! {
        agency => tenant.name, code => code.expose(), registers => purpose == asking::REGISTER, minutes,
    };
    let text = letters::write("code", to.kind, &language, &about)?;
    secrets::queue(tx, act, desk, &channel, About { purpose, contact, to, useless_at: expires_at }, text)?;
    note(tx, act, account.as_ref(), "recovery.issued", purpose)
}

/// The citizen's language, or the agency's.
pub fn language(tx: &mut Tx, contact: Option<Uid>, locale: &str) -> Result<String, Fail> {
    let own = contact.map(|id| contacts::get(tx, id)).transpose()?.and_then(|contact| contact.language);
    Ok(own.unwrap_or_else(|| locale.to_owned()))
}

fn note(tx: &mut Tx, act: &Acting, account: Option<&Account>, kind: &str, why: &str) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.contact_id = account.map(|account| account.contact_id);
    event.data = Json(json!({ "what": why }));
    Ok(events::append(tx, vec![event])?)
}
