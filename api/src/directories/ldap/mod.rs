//! Accounts in a directory that speaks LDAP: people are found by filter, passwords checked by signing in as them, and set
//! by the extended operation of RFC 3062 or as Active Directory wants it.
//!
//! `line` one connection · `guard` what may come through it · `people` filters and entries · `password` new passwords and why they are refused.

mod guard;
mod line;
mod password;
mod people;
#[cfg(test)]
pub mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use civicdesk_contract::{Dial, IdentityKind, Secret, Tools};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::{Directory, Down, Entry, SetFailed, settings::LdapSettings};
use crate::fail::Fail;
use line::Line;
use people::Person;

/// One LDAP server as an agency uses it. Each question has a connection of its own, which ends with it.
pub struct Ldap {
    settings: LdapSettings,
    dial: Arc<dyn Dial>,
    encryption: Arc<ClientConfig>,
}

impl Ldap {
    pub fn new(settings: LdapSettings, tools: &Tools) -> Result<Self, Fail> {
        let encryption = line::encryption(settings.ca.as_deref())?;
        Ok(Self { settings, dial: tools.dial.clone(), encryption })
    }

    /// A connection on which we are signed in as ourselves.
    async fn signed_in(&self) -> Result<Line, Down> {
        let mut line = Line::open(&self.settings, self.dial.as_ref(), self.encryption.clone()).await?;
        line.sign_in(&self.settings.bind_dn, &self.settings.bind_password).await?;
        Ok(line)
    }

    /// Looks a subject up, on a line that stays open for what comes next.
    async fn person(&self, subject: &str) -> Result<(Line, Option<Person>), Down> {
        let mut line = self.signed_in().await?;
        let found = match people::by_subject(&self.settings, subject) {
            Some(filter) => line.search(&self.settings, &filter).await?,
            None => Vec::new(),
        };
        Ok((line, people::only(found)))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Down>>) -> Result<T, Down> {
        timeout(self.settings.patience(), work).await.unwrap_or_else(|_| Err(self.silent()))
    }

    fn silent(&self) -> Down {
        Down(format!("{}:{} did not answer in time", self.settings.host, self.settings.port()))
    }
}

#[async_trait]
impl Directory for Ldap {
    async fn find(&self, kind: IdentityKind, address: &str) -> Result<Option<Entry>, Down> {
        let Some(filter) = people::by_address(&self.settings, kind, address) else { return Ok(None) };
        let found = self.within(async { self.signed_in().await?.search(&self.settings, &filter).await }).await?;
        Ok(people::only(people::meant(found, kind, address)).map(|person| person.entry))
    }

    async fn check(&self, subject: &str, password: &Secret) -> Result<bool, Down> {
        let check = async {
            let (mut line, person) = self.person(subject).await?;
            let usable = person.filter(|person| person.entry.active);
            // Nobody's password is asked for as well, so that both take as long.
            let dn = usable.as_ref().map_or_else(|| format!("cn=nobody,{}", self.settings.base_dn), |p| p.dn.clone());
            Ok(line.is_password(&dn, password).await? && usable.is_some())
        };
        self.within(check).await
    }

    async fn set(&self, subject: &str, password: &Secret) -> Result<(), SetFailed> {
        let (mut line, person) = self.within(self.person(subject)).await?;
        let person = person.ok_or_else(|| SetFailed::Refused("the account is not there any more".to_owned()))?;
        if !person.entry.active {
            return Err(SetFailed::Refused("the account is closed".to_owned()));
        }
        let set = password::set(&mut line, self.settings.password, &person.dn, password);
        match timeout(self.settings.patience(), set).await {
            Ok(set) => set,
            Err(_) => Err(SetFailed::Unsure(self.silent().0)),
        }
    }

    async fn health(&self) -> Result<String, Down> {
        self.within(async { self.signed_in().await?.base_is_there(&self.settings).await }).await?;
        Ok(format!(
            "signed in at {}:{}, and {} is there",
            self.settings.host,
            self.settings.port(),
            self.settings.base_dn
        ))
    }
}
