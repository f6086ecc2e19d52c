//! Whether a password is an account's: the one place where that is looked up.

use civicdesk_contract::Secret;

use super::signing_in::Citizen;
use crate::{app::App, fail::Fail, store::accounts::Account};

/// Whether this is the account's password. Without an account the answer is no, after the same work.
pub async fn is_right(app: &App, account: Option<&Account>, password: &Secret) -> Result<bool, Fail> {
    app.passwords.check(password, account.map(|account| account.password_hash.clone())).await
}

/// Lets somebody on who is signed in and types the password once more. Wrong ones count like wrong sign-ins.
pub async fn confirm(app: &App, citizen: &Citizen, password: &Secret) -> Result<(), Fail> {
    let (tenant, person) = (citizen.account.tenant_id.0.to_string(), format!("account {}", citizen.account.id.0));
    app.limits.sign_in(&tenant, &person, None, app.now())?;
    if !is_right(app, Some(&citizen.account), password).await? {
        return Err(Fail::field("/current_password", "is not the password"));
    }
    app.limits.forgive(&tenant, &person, None);
    Ok(())
}
