//! An authenticator app is added to an account, and taken away.

use civicdesk_contract::Secret;
use serde_json::json;

use super::{
    factors::{place, secret, use_saved_code},
    history::note,
    password,
    signing_in::Citizen,
    telling::{self, What},
    totp,
};
use crate::{
    acting::Acting,
    fail::Fail,
    recovery::Desk,
    store::{
        Tx,
        accounts::{self, Account, raise_epoch},
        factors::{self, Authenticator},
        sign_ins, tenant,
    },
};

const CHANGED: &str = "the account was changed meanwhile: read it again";

/// A new secret, and what an app reads from a picture. Nothing asks for its codes before one of them comes back.
pub fn offer(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    citizen: &Citizen,
    secret: &[u8; totp::SECRET],
) -> Result<String, Fail> {
    password::fresh(citizen, act.now)?;
    let (tenant_id, account_id) = (tx.tenant(), citizen.account.id);
    let row = Authenticator {
        tenant_id,
        account_id,
        sealed: desk.seal.seal(&place(tenant_id, account_id), secret)?,
        last_step: 0,
        created_at: act.now,
        confirmed_at: None,
        disabled_at: None,
        short_password_at: None,
    };
    if !factors::offer(tx, &row)? {
        let why = "the account has an authenticator app: take that one away first";
        return Err(Fail::conflict("authenticator-there", why));
    }
    uri(tx, citizen, secret)
}

/// The app shows the right code: from now on the account asks for one. Every other sign-in ends.
pub fn confirm(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen, typed: &Secret) -> Result<(), Fail> {
    password::fresh(citizen, act.now)?;
    let account = &citizen.account;
    let none = || Fail::conflict("no-authenticator", "there is no new app to confirm: begin again");
    let row = factors::authenticator(tx, account.id)?.filter(|row| row.confirmed_at.is_none()).ok_or_else(none)?;
    let step = totp::matching(&secret(&desk.seal, &row)?, typed.expose(), row.last_step, act.now);
    let wrong = || Fail::field("/code", "is not what the app shows now: check the time of your device");
    let step = step.ok_or_else(wrong)?;
    if !factors::confirm(tx, account.id, step, act.now)? || !raise_epoch(tx, account.id, account.epoch)? {
        return Err(Fail::conflict("changed-meanwhile", CHANGED));
    }
    sign_ins::end_all(tx, account.id, Some(citizen.sign_in.id), "second factor added", act.now)?;
    note(tx, act, account, "account.authenticator_added", json!({}))?;
    telling::tell(tx, act, desk, account, &What::AuthenticatorAdded, &[])
}

/// Takes the app away: the password alone opens the account again.
pub fn remove(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen) -> Result<(), Fail> {
    password::fresh(citizen, act.now)?;
    let account = &citizen.account;
    let row = factors::authenticator(tx, account.id)?.ok_or(Fail::NotFound("authenticator"))?;
    if row.short_password_at == Some(account.password_at) {
        let why = "your password is long enough only beside the app: set a longer one first";
        return Err(Fail::conflict("short-password", why));
    }
    factors::remove(tx, account.id)?;
    factors::forgive(tx, account.id)?;
    if !raise_epoch(tx, account.id, account.epoch)? {
        return Err(Fail::conflict("changed-meanwhile", CHANGED));
    }
    note(tx, act, account, "account.authenticator_removed", json!({}))?;
    telling::tell(tx, act, desk, account, &What::AuthenticatorRemoved, &[])
}

/// Takes the app away for whoever lost its device and shows a saved code, beside a code that was sent. `false`: that is none.
pub fn lost(tx: &mut Tx, act: &Acting, desk: &Desk, account: &Account, saved: &Secret) -> Result<bool, Fail> {
    if !use_saved_code(tx, &desk.seal, account.id, saved, act.now)? {
        return Ok(false);
    }
    if factors::remove(tx, account.id)? {
        factors::forgive(tx, account.id)?;
        note(tx, act, account, "account.authenticator_removed", json!({ "by": "saved code" }))?;
        telling::tell(tx, act, desk, account, &What::AuthenticatorRemoved, &[])?;
    }
    Ok(true)
}

/// The secret that was begun with and not confirmed yet, as it is typed and as an app reads it.
pub fn begun(tx: &mut Tx, desk: &Desk, citizen: &Citizen) -> Result<Option<(String, String)>, Fail> {
    let row = factors::authenticator(tx, citizen.account.id)?.filter(|row| row.confirmed_at.is_none());
    let Some(row) = row else { return Ok(None) };
    let secret = secret(&desk.seal, &row)?;
    Ok(Some((totp::shown(&secret), uri(tx, citizen, &secret)?)))
}

fn uri(tx: &mut Tx, citizen: &Citizen, secret: &[u8; totp::SECRET]) -> Result<String, Fail> {
    let whose = accounts::addresses_of(tx, citizen.account.id)?.into_iter().next().map(|address| address.value);
    Ok(totp::uri(&tenant::get(tx)?.name, &whose.unwrap_or_default(), secret))
}
