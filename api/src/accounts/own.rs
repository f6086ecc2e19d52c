//! What citizens change about their own account.

use std::sync::Arc;

use civicdesk_contract::{Clock, Secret};
use serde_json::json;

use super::{factors::asks, history::note, password, signing_in::Citizen};
use crate::{
    acting::{Acting, Actor},
    app::App,
    auth::passwords::{self, Weak},
    fail::Fail,
    ids::Ids,
    recovery::{Desk, policy::Policy, telling},
    store::{Tx, Uid, accounts, contacts, factors, sign_ins, tenant},
};

/// Who acts is the citizen.
pub fn acting((clock, ids): (&Arc<dyn Clock>, &Ids), citizen: &Citizen) -> Acting {
    Acting::new(Actor::Contact(citizen.account.contact_id.0), clock, ids)
}

/// What a new password of the citizen has to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What others know of the citizen and the agency.
    names: Vec<String>,
    /// Characters at least, and without a second factor.
    pub least: usize,
    alone: usize,
}

impl Wanted {
    pub fn of(tx: &mut Tx, citizen: &Citizen) -> Result<Self, Fail> {
        let (agency, contact) = (tenant::get(tx)?, contacts::get(tx, citizen.account.contact_id)?);
        let own = accounts::addresses_of(tx, citizen.account.id)?.into_iter().map(|address| address.value);
        let policy = Policy::of(&agency);
        Ok(Self {
            names: [agency.name, agency.slug].into_iter().chain(contact.name).chain(own).collect(),
            least: policy.least(asks(tx, citizen.account.id)?),
            alone: policy.least(false),
        })
    }

    /// Why a password is none of these.
    pub fn refusal(&self, new: &Secret) -> Option<Weak> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        passwords::long_enough(new, self.least, &names).err()
    }
}

/// A new password that may be one.
#[derive(Clone, Debug)]
pub struct Checked {
    hash: String,
    /// It is long enough only beside a second factor.
    short: bool,
}

/// Takes the new password, if the current one is right.
pub async fn check(
    app: &App,
    citizen: &Citizen,
    (current, new): (&Secret, &Secret),
    wanted: &Wanted,
) -> Result<Checked, Fail> {
    if let Some(weak) = wanted.refusal(new) {
        return Err(Fail::field("/new_password", weak));
    }
    password::confirm(app, citizen, current).await?;
    let short = passwords::long_enough(new, wanted.alone, &[]).is_err();
    Ok(Checked { hash: password::kept(app, &citizen.account, new).await?, short })
}

/// Sets the new password where the one that was checked still is the password. Every other sign-in ends.
pub fn change(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen, new: &Checked) -> Result<(), Fail> {
    let account = &citizen.account;
    if !accounts::set_password(tx, account.id, account.epoch, &new.hash, act.now)? {
        return Err(Fail::conflict("password-changed", "the password was changed meanwhile: sign in with the new one"));
    }
    factors::note_short_password(tx, account.id, new.short.then_some(act.now))?;
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
