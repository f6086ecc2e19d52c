//! A code comes back with a new password: it works once, for one caller, and ends every sign-in there was.

use civicdesk_contract::Secret;
use jiff::SignedDuration;
use minijinja::context;
use serde_json::json;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    Desk, asking, codes, issuing, letters,
    secrets::{self, About},
};
use crate::{
    accounts::{history::note, registering},
    acting::{Acting, Actor},
    app::App,
    auth::passwords::{self, Weak},
    cases::reach,
    fail::Fail,
    store::{
        self, Failure, Time, Tx, Uid,
        accounts::{self, Account},
        recoveries::{self, Recovery},
        sign_ins,
        tenant::{self, Tenant},
    },
};

/// A notice is sent for so long.
const NOTICE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Why a code set no password.
#[derive(Debug)]
pub enum Refusal {
    /// One answer for every code that does not work, so that it tells nothing of the account or of other codes.
    Code,
    /// The code is as good as before.
    Password(Weak),
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

/// Sets the password for the code, or makes the account that it was for.
pub async fn complete(
    app: &App,
    desk: &Desk,
    (tenant, recovery): (Uuid, Uuid),
    code: &Secret,
    password: &Secret,
) -> Result<(), Refusal> {
    let door = app.store.tenant(tenant);
    let agency: Tenant = door.read(tenant::get).await?;
    passwords::acceptable(password, &[&agency.name, &agency.slug]).map_err(Refusal::Password)?;
    let (hash, now) = (desk.codes.hash(tenant, recovery, code), app.time());
    let typed = hash.clone();
    let tried: Option<Recovery> = door.write(move |tx| try_code(tx, recovery, &typed, now)).await?;
    let row = tried.ok_or(Refusal::Code)?;
    passwords::acceptable(password, &[&row.value]).map_err(Refusal::Password)?;
    let password_hash = app.passwords.hash(password).await?;
    let (act, desk) = (Acting::new(Actor::System, &app.clock, &app.ids), desk.clone());
    door.write(move |tx| finish(tx, &act, &desk, &row, &password_hash)).await
}

/// Whether the code is right. A wrong one counts; a right one is not used up by this.
fn try_code(tx: &mut Tx, recovery: Uuid, hash: &[u8], now: Time) -> store::Result<Option<Recovery>> {
    let Some(row) = recoveries::try_one(tx, Uid(recovery), codes::TRIES, now)? else { return Ok(None) };
    if !bool::from(row.code_hash.ct_eq(hash)) {
        return Ok(None);
    }
    recoveries::forgive(tx, row.id)?;
    Ok(Some(row))
}

fn finish(tx: &mut Tx, act: &Acting, desk: &Desk, row: &Recovery, hash: &str) -> Result<(), Refusal> {
    if !recoveries::use_up(tx, row.id, act.now)? {
        return Err(Refusal::Code);
    }
    match row.account_id {
        Some(id) => {
            let account = accounts::get(tx, id)?;
            let act = Acting { actor: Actor::Contact(account.contact_id.0), ..act.clone() };
            if account.status != accounts::ACTIVE || !accounts::set_password(tx, id, row.epoch, hash, act.now)? {
                return Err(Refusal::Code);
            }
            let ended = sign_ins::end_all(tx, id, None, "new password", act.now)?;
            note(tx, &act, &account, "account.password_recovered", json!({ "by": row.kind, "sign_ins_ended": ended }))?;
            Ok(tell(tx, &act, desk, &account)?)
        }
        None => {
            let made = registering::register(tx, act, (&asking::party(&row.value), &row.normal), hash)?;
            made.map(drop).ok_or(Refusal::Code)
        }
    }
}

/// Tells every proven address that the password was changed, and what to do if that was somebody else.
pub fn tell(tx: &mut Tx, act: &Acting, desk: &Desk, account: &Account) -> Result<(), Fail> {
    let tenant = tenant::get(tx)?;
    let zone = jiff::tz::TimeZone::get(&tenant.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = act.now.0.to_zoned(zone).strftime("%Y-%m-%d, %H:%M (%Z)").to_string();
    let language = issuing::language(tx, Some(account.contact_id), &tenant.locale)?;
    let useless_at = Time(act.now.0 + NOTICE);
    let changed = context! { agency => tenant.name, at };
    for address in accounts::addresses_of(tx, account.id)? {
        let to = asking::party(&address.value);
        let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, to.kind)? else { continue };
        let text = letters::write("changed", to.kind, &language, &changed)?;
        let about = About { purpose: "notice", contact: Some(account.contact_id), to, useless_at };
        secrets::queue(tx, act, desk, &channel, about, text)?;
    }
    Ok(())
}
