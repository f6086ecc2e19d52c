//! Addresses of an account: asked for, proven by the code that went there, and taken away.
//!
//! An address opens nothing before its code came back. Each change raises the account's epoch, so that codes of before are
//! worth nothing, and every address is told, the one that was taken away too.

use civicdesk_contract::{IdentityKind, Secret};
use jiff::SignedDuration;
use minijinja::context;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::{
    history::note,
    letters, password,
    signing_in::Citizen,
    telling::{self, What},
};
use crate::{
    acting::Acting,
    cases::reach,
    fail::Fail,
    people::{
        addresses, phones,
        proven::{self, Proven},
    },
    recovery::{
        Desk, asking, codes, issuing,
        secrets::{self, About},
    },
    store::{
        Time, Tx, Uid,
        accounts::{self, Address},
        address_claims::{self, Claim},
        recoveries, tenant,
    },
};

/// Addresses that an account has at most.
const MOST: usize = 10;
/// A code holds so many minutes when it comes by mail, and when it comes to a phone (NIST SP 800-63B-4, 4.2.1.2).
const BY_MAIL: i64 = 30;
const BY_PHONE: i64 = 10;
/// Codes that one account asks for in an hour.
const AN_HOUR: usize = 5;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Codes that one address is sent in a quarter of an hour and in a day, whoever asks and for whatever.
const IN_A_QUARTER: i64 = 3;
const IN_A_DAY: i64 = 10;

/// Sends a code to an address that the citizen wants. Whether it is another account's is told to that address alone.
pub fn ask(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    citizen: &Citizen,
    typed: &str,
    (id, code): (Uid, &Secret),
) -> Result<Claim, Fail> {
    password::fresh(citizen, act.now)?;
    let wrong = |_| Fail::field("/value", "must be one email address or one phone number");
    let typed = asking::identifier(typed).map_err(wrong)?;
    let agency = tenant::get(tx)?;
    let to = phones::fitted(asking::party(&typed), &phones::country(&agency));
    let normal = addresses::normal(to.kind, &to.address).ok_or_else(|| wrong(Fail::NotFound("address")))?;
    let (account, kind) = (&citizen.account, to.kind.as_str());
    let own = accounts::addresses_of(tx, account.id)?;
    if own.iter().any(|address| address.kind == kind && address.normal == normal) {
        return Err(Fail::conflict("address-there", "your account has this address already"));
    }
    if own.len() >= MOST {
        return Err(Fail::conflict("too-many-addresses", format!("an account has at most {MOST}: remove one first")));
    }
    let before = address_claims::asked(tx, account.id, earlier(act.now, HOUR))?;
    if let Some(first) = before.first().filter(|_| before.len() >= AN_HOUR) {
        let wait = (first.0 + HOUR).as_second() - act.now.0.as_second();
        return Err(Fail::TooMany(u32::try_from(wait).unwrap_or(1).max(1)));
    }
    let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, to.kind)? else {
        return Err(Fail::conflict("unreachable", format!("the agency sends nothing to addresses of the kind {kind}")));
    };
    let minutes = if to.kind == IdentityKind::Email { BY_MAIL } else { BY_PHONE };
    let quiet = sent_enough(tx, kind, &normal, act.now)?;
    address_claims::end_live(tx, account.id, kind, &normal, act.now)?;
    let claim = Claim {
        tenant_id: tx.tenant(),
        id,
        account_id: account.id,
        epoch: account.epoch,
        kind: kind.to_owned(),
        value: to.address.clone(),
        normal: normal.clone(),
        code_hash: desk.codes.hash(tx.tenant().0, id.0, code),
        tries: 0,
        created_at: act.now,
        expires_at: Time(act.now.0 + SignedDuration::from_mins(minutes)),
        ended_at: None,
    };
    address_claims::insert(tx, &claim)?;
    note(tx, act, account, "account.address_asked", json!({ "kind": kind, "sent": !quiet }))?;
    if quiet {
        return Ok(claim);
    }
    let holder = accounts::by_address(tx, kind, &normal)?;
    let whose = holder.as_ref().unwrap_or(account);
    let language = issuing::language(tx, Some(whose.contact_id), &agency.locale)?;
    let letter = if holder.is_some() { "taken" } else { "address" };
    let filled = context! { agency => agency.name, code => code.expose(), minutes };
    let text = letters::write(letter, to.kind, &language, &filled)?;
    // Whoever has the address already is written to at the address as they gave it.
    let stored = accounts::addresses_of(tx, whose.id)?.into_iter().find(|own| own.kind == kind && own.normal == normal);
    let to = stored.map_or(to, |own| asking::party(&own.value));
    let whose = whose.contact_id;
    let about = About { purpose: "address", contact: Some(whose), to, useless_at: claim.expires_at };
    secrets::queue(tx, act, desk, &channel, about, text)?;
    Ok(claim)
}

fn sent_enough(tx: &mut Tx, kind: &str, normal: &str, now: Time) -> Result<bool, Fail> {
    for (hours, most) in [(SignedDuration::from_mins(15), IN_A_QUARTER), (SignedDuration::from_hours(24), IN_A_DAY)] {
        let since = earlier(now, hours);
        let sent = recoveries::lately(tx, kind, normal, since)? + address_claims::lately(tx, kind, normal, since)?;
        if sent >= most {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The code came back: the address is the account's. Nothing where the code is wrong, used or too old; a wrong one is
/// counted, so the transaction must be kept.
pub fn verify(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    citizen: &Citizen,
    (id, code): (Uid, &Secret),
) -> Result<Option<Address>, Fail> {
    let account = &citizen.account;
    let tried = address_claims::try_one(tx, (account.id, account.epoch), id, codes::TRIES, act.now)?;
    let hash = desk.codes.hash(tx.tenant().0, id.0, code);
    let Some(claim) = tried.filter(|claim| bool::from(claim.code_hash.ct_eq(&hash))) else { return Ok(None) };
    // Between the letter and the code somebody else may have got an account with it.
    let taken = accounts::by_address(tx, &claim.kind, &claim.normal)?.is_some();
    if taken || !address_claims::use_up(tx, id, act.now)? || !accounts::raise_epoch(tx, account.id, account.epoch)? {
        return Ok(None);
    }
    let address = Address {
        tenant_id: claim.tenant_id,
        id,
        account_id: account.id,
        kind: claim.kind,
        value: claim.value,
        normal: claim.normal,
        verified_at: act.now,
    };
    accounts::insert_address(tx, &address)?;
    let proven = Proven { kind: &address.kind, value: &address.value, normal: &address.normal };
    proven::noted(tx, act, account.contact_id, proven, "account")?;
    note(tx, act, account, "account.address_added", json!({ "kind": address.kind }))?;
    telling::tell(tx, act, desk, account, &What::AddressAdded(address.value.clone()), &[])?;
    Ok(Some(address))
}

/// Takes an address away. The last one stays: nobody would get in again without.
pub fn remove(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen, id: Uid) -> Result<(), Fail> {
    password::fresh(citizen, act.now)?;
    let account = &citizen.account;
    let own = accounts::addresses_of(tx, account.id)?;
    let address = own.iter().find(|address| address.id == id).ok_or(Fail::NotFound("address"))?;
    if own.len() == 1 {
        let why = "this is the only address of your account: add another one first";
        return Err(Fail::conflict("last-address", why));
    }
    accounts::remove_address(tx, account.id, id)?;
    if !accounts::raise_epoch(tx, account.id, account.epoch)? {
        return Err(Fail::Stale);
    }
    note(tx, act, account, "account.address_removed", json!({ "kind": address.kind }))?;
    let former = [asking::party(&address.value)];
    telling::tell(tx, act, desk, account, &What::AddressRemoved(address.value.clone()), &former)
}

fn earlier(at: Time, by: SignedDuration) -> Time {
    Time(at.0.checked_sub(by).unwrap_or(at.0))
}
