//! Accounts that a directory of the agency's holds: signing in with the password that they have there, and the row that
//! stands here for one.
//!
//! The row holds no password. It is there so that codes, sign-ins, notices and history are the same for every account.

use std::time::Duration;

use civicdesk_contract::{Party, Secret};
use serde_json::json;
use tokio::time::sleep;

use super::history::note;
use crate::{
    acting::{Acting, Actor},
    app::App,
    auth::passwords,
    directories::{self, Down, Entry, NOBODY, open::Held},
    fail::Fail,
    people::{addresses, contacts},
    recovery::asking,
    store::{
        Tx, Uid,
        accounts::{self, Account, Address},
    },
};

/// A refusal comes no sooner than this: how fast a directory says no would tell whom it has.
const ALIKE: Duration = Duration::from_millis(500);
/// Whoever finds the directory down is told to come back after so many seconds.
pub const COME_BACK: u32 = 30;

/// A directory was told a password, and did not say what became of it.
pub const UNSURE: &str = "password-unsure";
pub const NOBODY_KNOWS: &str = "your agency's directory did not say whether it took the new password: try to sign in with it, and \
                          ask for a new code if you cannot";

/// What is said of a password that a directory's own rules refuse.
pub fn refused(why: &str) -> String {
    format!("your agency's own rules do not let it pass: {why}")
}

/// The account of whoever knows the password that it has there. Nothing for everybody else, after the same time.
pub async fn let_in(app: &App, held: &Held, to: &Party, password: &Secret) -> Result<Option<Account>, Fail> {
    let alike = sleep(ALIKE);
    let known = known(held, to, password).await;
    app.recovery.directories.note(held, &known).await?;
    let Some(entry) = known.map_err(|_| Fail::DirectoryDown(COME_BACK))? else {
        alike.await;
        return Ok(None);
    };
    let act = Acting::new(Actor::System, &app.clock, &app.ids);
    let write = move |tx: &mut Tx| stand_in(tx, &act, &entry);
    app.store.tenant(held.tenant).write(write).await.map(Some)
}

async fn known(held: &Held, to: &Party, password: &Secret) -> Result<Option<Entry>, Down> {
    let entry = held.directory.find(to.kind, &to.address).await?.filter(|entry| entry.active);
    let subject = entry.as_ref().map_or(NOBODY, |entry| entry.subject.as_str());
    let right = held.directory.check(subject, password).await?;
    Ok(entry.filter(|_| right))
}

/// Whether this is the password that an account has there.
pub async fn is_right(app: &App, held: &Held, account: &Account, password: &Secret) -> Result<bool, Fail> {
    let subject = subject_of(app, account).await?;
    let right = held.directory.check(subject.as_deref().unwrap_or(NOBODY), password).await;
    app.recovery.directories.note(held, &right).await?;
    right.map_err(|_| Fail::DirectoryDown(COME_BACK))
}

/// The directory's name of an account; none where it was made here, before.
pub async fn subject_of(app: &App, account: &Account) -> Result<Option<String>, Fail> {
    let id = account.id;
    let read = move |tx: &mut Tx| Ok::<_, Fail>(accounts::subject_of(tx, id)?);
    app.store.tenant(account.tenant_id.0).read(read).await
}

/// The row that stands for an account of the directory: made at first sight, and with the addresses that it has there now.
pub fn stand_in(tx: &mut Tx, act: &Acting, entry: &Entry) -> Result<Account, Fail> {
    let kept: Vec<(&directories::Address, String)> =
        entry.addresses.iter().filter_map(|a| Some((a, addresses::normal(a.kind, &a.value)?))).collect();
    let account = match accounts::by_subject(tx, &entry.subject)? {
        Some(account) => account,
        None => first_seen(tx, act, entry, &kept)?,
    };
    let mut changed = false;
    for own in accounts::addresses_of(tx, account.id)? {
        if !kept.iter().any(|(a, normal)| a.kind.as_str() == own.kind && *normal == own.normal) {
            accounts::remove_address(tx, account.id, own.id)?;
            changed = true;
        }
    }
    for (address, normal) in &kept {
        changed |= take(tx, act, account.id, address, normal)?;
    }
    if changed && accounts::raise_epoch(tx, account.id, account.epoch)? {
        return Ok(accounts::get(tx, account.id)?);
    }
    Ok(account)
}

fn first_seen(
    tx: &mut Tx,
    act: &Acting,
    entry: &Entry,
    kept: &[(&directories::Address, String)],
) -> Result<Account, Fail> {
    // Whoever had an account here before the directory was named goes on with it.
    for (address, normal) in kept {
        if let Some(account) = accounts::by_address(tx, address.kind.as_str(), normal)?
            && accounts::subject_of(tx, account.id)?.is_none()
        {
            accounts::set_subject(tx, account.id, &entry.subject)?;
            return Ok(account);
        }
    }
    let (address, _) = kept.first().ok_or(Fail::NotFound("address"))?;
    let contact = contacts::find_or_make(tx, act, &asking::party(&address.value))?;
    let account = Account {
        tenant_id: tx.tenant(),
        id: act.id(),
        contact_id: contact.id,
        password_hash: passwords::NOBODY.to_owned(),
        status: accounts::ACTIVE.to_owned(),
        epoch: 1,
        password_at: act.now,
        created_at: act.now,
        locked_at: None,
        barred_address_id: None,
    };
    accounts::insert(tx, &account)?;
    accounts::set_subject(tx, account.id, &entry.subject)?;
    note(tx, act, &account, "account.held_elsewhere", json!({}))?;
    Ok(account)
}

/// Gives an account an address, which the directory may have given to somebody else before. Whether it was news.
fn take(tx: &mut Tx, act: &Acting, account: Uid, address: &directories::Address, normal: &str) -> Result<bool, Fail> {
    let kind = address.kind.as_str();
    if let Some(holder) = accounts::by_address(tx, kind, normal)? {
        if holder.id == account {
            return Ok(false);
        }
        for own in accounts::addresses_of(tx, holder.id)? {
            if own.kind == kind && own.normal == normal {
                accounts::remove_address(tx, holder.id, own.id)?;
            }
        }
        accounts::raise_epoch(tx, holder.id, holder.epoch)?;
    }
    let row = Address {
        tenant_id: tx.tenant(),
        id: act.id(),
        account_id: account,
        kind: kind.to_owned(),
        value: address.value.clone(),
        normal: normal.to_owned(),
        verified_at: act.now,
    };
    accounts::insert_address(tx, &row)?;
    Ok(true)
}
