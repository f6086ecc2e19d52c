//! A code or a link comes back with a new password: it works once, for one caller, and ends every sign-in there was.

use civicdesk_contract::Secret;
use serde_json::json;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Desk, asking, codes, elsewhere, keys, policy::Policy, telling};
use crate::{
    accounts::{authenticator, history::note, registering},
    acting::{Acting, Actor},
    app::App,
    auth::passwords::{self, Weak},
    fail::Fail,
    ids, metrics,
    store::{
        self, Failure, Time, Tx, Uid, accounts,
        recoveries::{self, Recovery},
        sign_ins,
        tenant::{self, Tenant},
    },
};

/// What whoever has an account elsewhere is told of a saved code.
const SAVED_LATER: &str = "set the new password with the code alone, and use the saved code when you sign in";

/// Why a password was not set.
#[derive(Debug)]
pub enum Refusal {
    /// One answer for every code and link that does not work, so that it tells nothing of the account or of others.
    Code,
    /// The code or link is as good as before.
    Password(Weak),
    /// The agency's directory refuses the password, in its own words. The code or link is as good as before.
    Rules(String),
    Fail(Fail),
}

impl<E: Into<Fail>> From<E> for Refusal {
    fn from(e: E) -> Self {
        Self::Fail(e.into())
    }
}

impl Failure for Refusal {
    fn into_store(self) -> Result<store::Error, Self> {
        match self {
            Self::Fail(fail) => fail.into_store().map_err(Self::Fail),
            own => Err(own),
        }
    }
}

/// What somebody shows.
#[derive(Clone, Debug)]
pub enum Shown {
    /// The code that was sent for the recovery of this id.
    Code(Uuid, Secret),
    /// The secret of a link.
    Link(Secret),
    /// The same, for the recovery of this id alone.
    LinkOf(Uuid, Secret),
    /// The code that was sent, and one that its holder saved: the device of the second factor is lost.
    CodeAndSaved(Uuid, Secret, Secret),
}

/// Sets the password, or makes the account that the code or link was for.
pub async fn complete(app: &App, desk: &Desk, tenant: Uuid, shown: Shown, password: &Secret) -> Result<(), Refusal> {
    let door = app.store.tenant(tenant);
    let agency: Tenant = door.read(tenant::get).await?;
    let policy = Policy::of(&agency);
    let names = [agency.name.as_str(), agency.slug.as_str()];
    // Who shows it is not known yet: the least that anybody may have.
    passwords::long_enough(password, policy.least(true).min(policy.least(false)), &names).map_err(Refusal::Password)?;
    let saved = match &shown {
        Shown::CodeAndSaved(_, _, saved) => Some(saved.clone()),
        _ => None,
    };
    if saved.is_some() && !policy.saved_code {
        return Err(Refusal::Code);
    }
    let row = opened(app, desk, tenant, shown).await?.ok_or(Refusal::Code)?;
    passwords::long_enough(password, policy.least(false), &[&row.value]).map_err(Refusal::Password)?;
    let held = desk.directories.of(tenant).await?;
    if held.elsewhere {
        if saved.is_some() {
            return Err(Refusal::Fail(Fail::conflict(asking::NOT_OFFERED, SAVED_LATER)));
        }
        return elsewhere::complete(app, desk, &held, row, password).await;
    }
    let password_hash = app.passwords.hash(password).await?;
    let (act, desk) = (Acting::new(Actor::System, &app.clock, &app.ids), desk.clone());
    door.write(move |tx| finish(tx, &act, &desk, &row, (&password_hash, saved.as_ref()))).await?;
    metrics::recovery("used");
    Ok(())
}

/// Whether a link still leads somewhere. Looking changes nothing, however often.
pub async fn holds(app: &App, tenant: Uuid, token: &Secret) -> Result<bool, Fail> {
    let (hash, now) = (keys::hash(token), app.time());
    let found: store::Result<_> = app.store.tenant(tenant).read(move |tx| recoveries::by_token(tx, &hash, now)).await;
    Ok(found?.is_some())
}

/// The row that is opened by what somebody shows; it is not used up by this.
async fn opened(app: &App, desk: &Desk, tenant: Uuid, shown: Shown) -> Result<Option<Recovery>, Fail> {
    let (door, now) = (app.store.tenant(tenant), app.time());
    let found = match shown {
        Shown::Code(recovery, code) | Shown::CodeAndSaved(recovery, code, _) => {
            let hash = desk.codes.hash(tenant, recovery, &code);
            door.write(move |tx| try_code(tx, recovery, &hash, now)).await
        }
        Shown::Link(token) => {
            let hash = keys::hash(&token);
            door.read(move |tx| recoveries::by_token(tx, &hash, now)).await
        }
        Shown::LinkOf(recovery, token) => {
            let hash = keys::hash(&token);
            let found: store::Result<_> = door.read(move |tx| recoveries::by_token(tx, &hash, now)).await;
            found.map(|row| row.filter(|row| row.id == Uid(recovery)))
        }
    };
    found.map_err(|e: store::Error| e.into())
}

/// Whether the code is right. A wrong one counts; a right one is not used up by this.
fn try_code(tx: &mut Tx, recovery: Uuid, hash: &[u8], now: Time) -> store::Result<Option<Recovery>> {
    let Some(row) = recoveries::try_one(tx, Uid(recovery), codes::TRIES, now)? else {
        // A try that counts is written and synced. This one is too, or its time would tell which codes were ever sent.
        tenant::touch(tx)?;
        return Ok(None);
    };
    if !bool::from(row.code_hash.ct_eq(hash)) {
        return Ok(None);
    }
    recoveries::forgive(tx, row.id)?;
    Ok(Some(row))
}

fn finish(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    row: &Recovery,
    (hash, saved): (&str, Option<&Secret>),
) -> Result<(), Refusal> {
    if !recoveries::use_up(tx, row.id, act.now)? {
        return Err(Refusal::Code);
    }
    done(tx, act, desk, row, (hash, saved))
}

/// What follows from a code that is used up: the password holds, and everybody whom it concerns learns of it.
pub(super) fn done(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    row: &Recovery,
    (hash, saved): (&str, Option<&Secret>),
) -> Result<(), Refusal> {
    match row.account_id {
        Some(id) => {
            let account = accounts::get(tx, id)?;
            let act = Acting { actor: Actor::Contact(account.contact_id.0), ..act.clone() };
            if account.status != accounts::ACTIVE || !set(tx, row, hash, act.now)? {
                return Err(Refusal::Code);
            }
            if let Some(saved) = saved
                && !authenticator::lost(tx, &act, desk, &account, saved)?
            {
                return Err(Refusal::Code);
            }
            let ended = sign_ins::end_all(tx, id, None, "new password", act.now)?;
            let recovery = ids::RECOVERY.show(row.id.0);
            note(tx, &act, &account, "recovery.used", json!({ "by": row.kind, "recovery_id": recovery }))?;
            note(tx, &act, &account, "account.password_recovered", json!({ "by": row.kind, "sign_ins_ended": ended }))?;
            let way = way(tx, row)?;
            Ok(telling::tell(tx, &act, desk, &account, way)?)
        }
        None => {
            let made = registering::register(tx, act, (&asking::party(&row.value), &row.normal), hash)?;
            made.map(drop).ok_or(Refusal::Code)
        }
    }
}

/// Sets the password where nothing changed about the account since the code was made.
fn set(tx: &mut Tx, row: &Recovery, hash: &str, now: Time) -> store::Result<bool> {
    row.account_id.map_or(Ok(false), |id| accounts::set_password(tx, id, row.epoch, hash, now))
}

/// The proven address by which the code or link came.
fn way(tx: &mut Tx, row: &Recovery) -> store::Result<Option<Uid>> {
    let Some(account) = row.account_id else { return Ok(None) };
    let own = accounts::addresses_of(tx, account)?;
    Ok(own.into_iter().find(|own| own.kind == row.kind && own.normal == row.normal).map(|own| own.id))
}
