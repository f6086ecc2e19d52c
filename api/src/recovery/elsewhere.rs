//! A code that sets a password in the agency's directory.
//!
//! No transaction spans both. The code is used up first, by its one conditional update, and with it every sign-in ends; then
//! the directory sets the password; then the record says so. Whatever breaks off in between leaves nobody signed in, and no
//! code that works twice. Where the directory certainly set nothing, the code is given back.

use civicdesk_contract::Secret;
use serde_json::json;

use super::{
    Desk,
    asking::{self, Asked},
    completing::{self, Refusal},
};
use crate::{
    accounts::{
        elsewhere::{COME_BACK, NOBODY_KNOWS, UNSURE},
        history::note,
    },
    acting::{Acting, Actor},
    app::App,
    auth::passwords,
    directories::{Down, Entry, SetFailed, open::Held},
    fail::Fail,
    metrics,
    people::phones,
    store::{
        Store, Tx,
        accounts::{self, Account},
        recoveries::{self, Recovery},
        sign_ins,
        tenant::{self, Tenant},
    },
};

/// Who asked, as the agency's directory knows them.
pub async fn who(desk: &Desk, store: &Store, held: &Held, asked: &Asked) -> Result<Option<Entry>, Fail> {
    let agency: Tenant = store.tenant(held.tenant).read(tenant::get).await?;
    let to = phones::fitted(asking::party(&asked.identifier), &phones::country(&agency));
    let found = held.directory.find(to.kind, &to.address).await;
    desk.directories.note(held, &found).await?;
    found.map_err(|_| Fail::DirectoryDown(COME_BACK))
}

/// Sets the password for a code that is right.
pub async fn complete(app: &App, desk: &Desk, held: &Held, row: Recovery, password: &Secret) -> Result<(), Refusal> {
    let door = app.store.tenant(held.tenant);
    let act = Acting::new(Actor::System, &app.clock, &app.ids);
    let (by, code) = (act.clone(), row.clone());
    let (account, subject) = door.write(move |tx: &mut Tx| claim(tx, &by, &code)).await?;
    let mut set = held.directory.set(&subject, password).await;
    // A lost answer may still be had: who knows the new password knows that it was set.
    if matches!(set, Err(SetFailed::Unsure(_))) && matches!(held.directory.check(&subject, password).await, Ok(true)) {
        set = Ok(());
    }
    let answered: Result<(), Down> = match &set {
        Ok(()) | Err(SetFailed::Refused(_)) => Ok(()),
        Err(SetFailed::Down(down)) => Err(down.clone()),
        Err(SetFailed::Unsure(why)) => Err(Down(why.clone())),
    };
    let outcome = match set {
        Ok(()) => {
            let desk = desk.clone();
            let done = move |tx: &mut Tx| {
                let now = accounts::get(tx, account.id)?;
                let row = Recovery { epoch: now.epoch, ..row.clone() };
                completing::done(tx, &act, &desk, &row, (passwords::NOBODY, None))
            };
            door.write(done).await?;
            metrics::recovery("used");
            Ok(())
        }
        Err(failed) => {
            let said = failed.clone();
            door.write(move |tx: &mut Tx| failing(tx, &act, &account, &row, &said)).await?;
            Err(match failed {
                SetFailed::Refused(why) => Refusal::Rules(why),
                SetFailed::Down(_) => Refusal::Fail(Fail::DirectoryDown(COME_BACK)),
                SetFailed::Unsure(_) => Refusal::Fail(Fail::conflict(UNSURE, NOBODY_KNOWS)),
            })
        }
    };
    desk.directories.note(held, &answered).await?;
    outcome
}

/// Uses the code up, and ends every sign-in there is.
fn claim(tx: &mut Tx, act: &Acting, row: &Recovery) -> Result<(Account, String), Refusal> {
    let account = row.account_id.map(|id| accounts::get(tx, id)).transpose()?.ok_or(Refusal::Code)?;
    let subject = accounts::subject_of(tx, account.id)?.ok_or(Refusal::Code)?;
    let same = account.status == accounts::ACTIVE && account.epoch == row.epoch;
    if !same || !recoveries::use_up(tx, row.id, act.now)? {
        return Err(Refusal::Code);
    }
    let ended = sign_ins::end_all(tx, account.id, None, "new password", act.now)?;
    let act = Acting { actor: Actor::Contact(account.contact_id.0), ..act.clone() };
    note(tx, &act, &account, "account.signed_out", json!({ "sign_ins_ended": ended }))?;
    Ok((account, subject))
}

/// Writes down that nothing was set, or that nobody knows.
fn failing(tx: &mut Tx, act: &Acting, account: &Account, row: &Recovery, why: &SetFailed) -> Result<(), Fail> {
    let again = !matches!(why, SetFailed::Unsure(_)) && recoveries::unuse(tx, row, act.now)?;
    note(tx, act, account, "recovery.failed", json!({ "what": why.to_string(), "code_works_on": again }))
}
