//! What citizens change about their own account.

use std::sync::Arc;

use civicdesk_contract::{Clock, Secret};
use serde_json::json;

use super::{history::note, password, signing_in::Citizen};
use crate::{
    acting::{Acting, Actor},
    app::App,
    auth::passwords,
    fail::Fail,
    ids::Ids,
    recovery::{Desk, telling},
    store::{Tx, Uid, accounts, sign_ins},
};

/// Who acts is the citizen.
pub fn acting((clock, ids): (&Arc<dyn Clock>, &Ids), citizen: &Citizen) -> Acting {
    Acting::new(Actor::Contact(citizen.account.contact_id.0), clock, ids)
}

/// The new password's hash, if the current one is right.
pub async fn check(
    app: &App,
    citizen: &Citizen,
    (current, new): (&Secret, &Secret),
    names: &[String],
) -> Result<String, Fail> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    passwords::acceptable(new, &names).map_err(|why| Fail::field("/new_password", why))?;
    password::confirm(app, citizen, current).await?;
    app.passwords.hash(new).await
}

/// Sets the new password where the one that was checked still is the password. Every other sign-in ends.
pub fn change(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen, hash: &str) -> Result<(), Fail> {
    let account = &citizen.account;
    if !accounts::set_password(tx, account.id, account.epoch, hash, act.now)? {
        return Err(Fail::conflict("password-changed", "the password was changed meanwhile: sign in with the new one"));
    }
    sign_ins::end_all(tx, account.id, Some(citizen.sign_in.id), "new password", act.now)?;
    note(tx, act, account, "account.password_changed", json!({}))?;
    telling::tell(tx, act, desk, account, None)
}

/// Ends one of the citizen's sign-ins.
pub fn end(tx: &mut Tx, act: &Acting, citizen: &Citizen, id: Uid) -> Result<(), Fail> {
    if !sign_ins::end(tx, citizen.account.id, id, "ended by its owner", act.now)? {
        return Err(Fail::NotFound("sign-in"));
    }
    note(tx, act, &citizen.account, "account.sign_in_ended", json!({}))
}
