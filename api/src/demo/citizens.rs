//! The demo's citizens who have an account: each with an address that also writes mail in the story.

use civicdesk_contract::{IdentityKind, Party};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::registering, acting::Acting, fail::Fail, installation::Installation, people::addresses, store::Tx,
};

/// Somebody who can sign in on the pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Citizen {
    pub address: String,
    pub password: String,
}

/// Makes an account for each of these addresses, as if its holder had typed the code that went there.
pub async fn make(on: &Installation, tenant: Uuid, by: &Acting, all: &[&str]) -> Result<Vec<Citizen>, Fail> {
    let mut made = Vec::new();
    for address in all {
        let password = on.app.passwords.generate();
        let (hash, by) = (on.app.passwords.hash(&password).await?, by.clone());
        let to = Party { kind: IdentityKind::Email, address: (*address).to_owned(), name: None };
        let normal = addresses::normal(to.kind, &to.address).unwrap_or_default();
        let register = move |tx: &mut Tx| registering::register(tx, &by, (&to, &normal), &hash);
        on.app.store.tenant(tenant).write(register).await?;
        made.push(Citizen { address: (*address).to_owned(), password: password.expose().to_owned() });
    }
    Ok(made)
}
