//! Whether a password is an account's, and what is kept of a new one: the one place where that is looked up.

use civicdesk_contract::Secret;
use jiff::SignedDuration;

use super::{elsewhere, signing_in::Citizen};
use crate::{
    app::App,
    auth::passwords,
    directories::SetFailed,
    fail::Fail,
    store::{Time, accounts::Account},
};

/// For so long a typed password lets its holder change what opens the account.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Whether this is the account's password. Without an account the answer is no, after the same work.
pub async fn is_right(app: &App, account: Option<&Account>, password: &Secret) -> Result<bool, Fail> {
    if let Some(account) = account {
        let held = app.recovery.directories.of(account.tenant_id.0).await?;
        if held.elsewhere {
            return elsewhere::is_right(app, &held, account, password).await;
        }
    }
    app.passwords.check(password, account.map(|account| account.password_hash.clone())).await
}

/// What the account's row keeps of a new password: its hash, or nothing where a directory took it.
pub async fn kept(app: &App, account: &Account, new: &Secret) -> Result<String, Fail> {
    let held = app.recovery.directories.of(account.tenant_id.0).await?;
    if !held.elsewhere {
        return app.passwords.hash(new).await;
    }
    let subject = elsewhere::subject_of(app, account).await?.ok_or(Fail::NotFound("account"))?;
    held.directory.set(&subject, new).await.map_err(|failed| match failed {
        SetFailed::Refused(why) => Fail::field("/new_password", elsewhere::refused(&why)),
        SetFailed::Down(_) => Fail::DirectoryDown(elsewhere::COME_BACK),
        SetFailed::Unsure(_) => Fail::conflict(elsewhere::UNSURE, elsewhere::NOBODY_KNOWS),
    })?;
    Ok(passwords::NOBODY.to_owned())
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

/// Lets somebody on whose password was typed a moment ago, in this very sign-in.
pub fn fresh(citizen: &Citizen, now: Time) -> Result<(), Fail> {
    match is_fresh(citizen, now) {
        true => Ok(()),
        false => {
            let what = "type your password once more, at /v1/account/confirmation: you signed in some time ago";
            Err(Fail::conflict("confirm-first", what))
        }
    }
}

/// Whether it was.
pub fn is_fresh(citizen: &Citizen, now: Time) -> bool {
    let typed = citizen.sign_in.confirmed_at.unwrap_or(citizen.sign_in.created_at);
    now.0 <= typed.0 + FRESH
}
