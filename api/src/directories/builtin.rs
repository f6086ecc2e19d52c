//! Accounts in our own tables, as a directory.
//!
//! Recovery sets a password here itself, in the transaction that uses the code up, which no directory elsewhere can offer.

use civicdesk_contract::{Clock, IdentityKind, Secret};
use std::sync::Arc;
use uuid::Uuid;

use async_trait::async_trait;

use super::{Address, Directory, Down, Entry, SetFailed};
use crate::{
    auth::passwords::Passwords,
    fail::Fail,
    people::addresses,
    store::{
        Store, Time, Tx, Uid,
        accounts::{self, Account},
    },
};

/// The accounts of one agency.
pub struct BuiltIn {
    pub store: Store,
    pub tenant: Uuid,
    pub passwords: Passwords,
    pub clock: Arc<dyn Clock>,
}

impl BuiltIn {
    async fn account(&self, subject: &str) -> Result<Option<Account>, Down> {
        let Ok(id) = Uuid::try_parse(subject) else { return Ok(None) };
        let read = move |tx: &mut Tx| accounts::find(tx, Uid(id));
        self.store.tenant(self.tenant).read(read).await.map_err(|e: crate::store::Error| Down(e.to_string()))
    }
}

#[async_trait]
impl Directory for BuiltIn {
    async fn find(&self, kind: IdentityKind, address: &str) -> Result<Option<Entry>, Down> {
        let Some(normal) = addresses::normal(kind, address) else { return Ok(None) };
        let read = move |tx: &mut Tx| {
            let Some(account) = accounts::by_address(tx, kind.as_str(), &normal)? else { return Ok(None) };
            let kept = accounts::addresses_of(tx, account.id)?.into_iter();
            let addresses = kept.map(|row| Address { kind: kind_of(&row.kind), value: row.value }).collect();
            let active = account.status == accounts::ACTIVE;
            Ok(Some(Entry { subject: account.id.0.simple().to_string(), addresses, active }))
        };
        self.store.tenant(self.tenant).read(read).await.map_err(|e: crate::store::Error| Down(e.to_string()))
    }

    async fn check(&self, subject: &str, password: &Secret) -> Result<bool, Down> {
        let account = self.account(subject).await?.filter(|account| account.status == accounts::ACTIVE);
        let checked = self.passwords.check(password, account.map(|account| account.password_hash)).await;
        checked.map_err(|e| Down(e.to_string()))
    }

    async fn set(&self, subject: &str, password: &Secret) -> Result<(), SetFailed> {
        let refused = |why: &str| SetFailed::Refused(why.to_owned());
        let account = self.account(subject).await?.ok_or_else(|| refused("the account is not there any more"))?;
        if account.status != accounts::ACTIVE {
            return Err(refused("the account is closed"));
        }
        let down = |e: Fail| SetFailed::Down(Down(e.to_string()));
        let (hash, now) = (self.passwords.hash(password).await.map_err(down)?, Time::new(self.clock.now()));
        let write = move |tx: &mut Tx| accounts::set_password(tx, account.id, account.epoch, &hash, now);
        match self.store.tenant(self.tenant).write(write).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused("the password was changed at the same moment")),
            Err(e) => Err(SetFailed::Unsure(crate::store::Error::to_string(&e))),
        }
    }

    async fn health(&self) -> Result<String, Down> {
        let read = |tx: &mut Tx| crate::store::tenant::get(tx);
        let read = self.store.tenant(self.tenant).read(read).await;
        read.map(|_| "our own tables".to_owned()).map_err(|e: crate::store::Error| Down(e.to_string()))
    }
}

fn kind_of(word: &str) -> IdentityKind {
    if word == IdentityKind::Email.as_str() { IdentityKind::Email } else { IdentityKind::Phone }
}
