//! Citizens' accounts, and the addresses that are proven to be theirs.

use diesel::prelude::*;

use super::{
    Result, Time, Tx, Uid,
    schema::{account_addresses, accounts},
};

/// The account can be used.
pub const ACTIVE: &str = "active";
/// It cannot.
pub const DISABLED: &str = "disabled";

/// One citizen's way in.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct Account {
    pub tenant_id: Uid,
    pub id: Uid,
    pub contact_id: Uid,
    pub password_hash: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Counts the passwords and addresses that it had: a secret that was made for an earlier one opens nothing.
    pub epoch: i64,
    pub password_at: Time,
    pub created_at: Time,
    /// Its holder said that somebody else had set the password: since then none opens it.
    pub locked_at: Option<Time>,
    /// The address by which that change came: no way in until another password is set.
    pub barred_address_id: Option<Uid>,
}

/// An address that its holder has proven. Who cannot prove one gets no row here.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_addresses, treat_none_as_default_value = false)]
pub struct Address {
    pub tenant_id: Uid,
    pub id: Uid,
    pub account_id: Uid,
    pub kind: String,
    pub value: String,
    pub normal: String,
    pub verified_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Account) -> Result<()> {
    tx.insert(accounts::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Account> {
    Ok(tx.of(accounts::table).filter(accounts::id.eq(id)).select(Account::as_select()).first(tx.conn())?)
}

pub fn find(tx: &mut Tx, id: Uid) -> Result<Option<Account>> {
    let query = tx.of(accounts::table).filter(accounts::id.eq(id));
    Ok(query.select(Account::as_select()).first(tx.conn()).optional()?)
}

/// The accounts of a person, the oldest first. Two that a person made before they were known to be one stay two.
pub fn of_contact(tx: &mut Tx, contact: Uid) -> Result<Vec<Account>> {
    let query = tx.of(accounts::table).filter(accounts::contact_id.eq(contact));
    Ok(query.order((accounts::created_at, accounts::id)).select(Account::as_select()).load(tx.conn())?)
}

/// The account that is reached by an address.
pub fn by_address(tx: &mut Tx, kind: &str, normal: &str) -> Result<Option<Account>> {
    let named = tx.of(account_addresses::table).filter(account_addresses::kind.eq(kind.to_owned()));
    let named = named.filter(account_addresses::normal.eq(normal.to_owned())).select(account_addresses::account_id);
    let query = tx.of(accounts::table).filter(accounts::id.eq_any(named));
    Ok(query.select(Account::as_select()).first(tx.conn()).optional()?)
}

pub fn insert_address(tx: &mut Tx, row: &Address) -> Result<()> {
    tx.insert(account_addresses::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn addresses_of(tx: &mut Tx, account: Uid) -> Result<Vec<Address>> {
    let query = tx.of(account_addresses::table).filter(account_addresses::account_id.eq(account));
    let query = query.order((account_addresses::verified_at, account_addresses::id));
    Ok(query.select(Address::as_select()).load(tx.conn())?)
}

/// Takes the password away, so that every secret that was made before opens nothing.
pub fn lock(tx: &mut Tx, id: Uid, barred: Option<Uid>, none: &str, now: Time) -> Result<()> {
    let set = (
        accounts::password_hash.eq(none.to_owned()),
        accounts::epoch.eq(accounts::epoch + 1),
        accounts::locked_at.eq(Some(now)),
        accounts::barred_address_id.eq(barred),
    );
    diesel::update(tx.of(accounts::table).filter(accounts::id.eq(id))).set(set).execute(tx.conn())?;
    Ok(())
}

/// Sets a new password where nothing changed since `epoch`. `false`: it did.
pub fn set_password(tx: &mut Tx, id: Uid, epoch: i64, hash: &str, now: Time) -> Result<bool> {
    let same = tx.of(accounts::table).filter(accounts::id.eq(id)).filter(accounts::epoch.eq(epoch));
    let set = (
        accounts::password_hash.eq(hash.to_owned()),
        accounts::password_at.eq(now),
        accounts::epoch.eq(accounts::epoch + 1),
        accounts::locked_at.eq(None::<Time>),
        accounts::barred_address_id.eq(None::<Uid>),
    );
    Ok(diesel::update(same).set(set).execute(tx.conn())? == 1)
}

/// Makes codes and secrets of before worthless, where nothing changed since `epoch`. `false`: something did.
pub fn raise_epoch(tx: &mut Tx, id: Uid, epoch: i64) -> Result<bool> {
    let same = tx.of(accounts::table).filter(accounts::id.eq(id)).filter(accounts::epoch.eq(epoch));
    Ok(diesel::update(same).set(accounts::epoch.eq(accounts::epoch + 1)).execute(tx.conn())? == 1)
}

pub fn remove_address(tx: &mut Tx, account: Uid, id: Uid) -> Result<()> {
    let own = tx.of(account_addresses::table).filter(account_addresses::account_id.eq(account));
    diesel::delete(own.filter(account_addresses::id.eq(id))).execute(tx.conn())?;
    Ok(())
}

/// Nobody gets into this account any more: it has neither an address nor a password.
pub fn erase(tx: &mut Tx, id: Uid) -> Result<()> {
    let addresses = tx.of(account_addresses::table).filter(account_addresses::account_id.eq(id));
    diesel::delete(addresses).execute(tx.conn())?;
    let set = (accounts::status.eq(DISABLED), accounts::password_hash.eq(""), accounts::epoch.eq(accounts::epoch + 1));
    diesel::update(tx.of(accounts::table).filter(accounts::id.eq(id))).set(set).execute(tx.conn())?;
    Ok(())
}

/// How many accounts there are.
#[cfg(test)]
pub fn count(tx: &mut Tx) -> Result<i64> {
    Ok(tx.of(accounts::table).count().get_result(tx.conn())?)
}

/// The account that stands for one of the agency's directory.
pub fn by_subject(tx: &mut Tx, subject: &str) -> Result<Option<Account>> {
    let query = tx.of(accounts::table).filter(accounts::directory_subject.eq(subject.to_owned()));
    Ok(query.select(Account::as_select()).first(tx.conn()).optional()?)
}

/// The directory's name of an account; none where it is held here.
pub fn subject_of(tx: &mut Tx, id: Uid) -> Result<Option<String>> {
    let query = tx.of(accounts::table).filter(accounts::id.eq(id)).select(accounts::directory_subject);
    Ok(query.first::<Option<String>>(tx.conn()).optional()?.flatten())
}

pub fn set_subject(tx: &mut Tx, id: Uid, subject: &str) -> Result<()> {
    let own = tx.of(accounts::table).filter(accounts::id.eq(id));
    diesel::update(own).set(accounts::directory_subject.eq(Some(subject.to_owned()))).execute(tx.conn())?;
    Ok(())
}
