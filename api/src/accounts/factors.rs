//! What an account asks for beside its password: the code of an authenticator app, or a saved code.
//!
//! Wrong ones in a row are counted, whoever sends them: after a few the next one has to wait, ever longer, and after a
//! hundred the app's codes open nothing any more (NIST SP 800-63B-4, 3.2.2). Saved codes then still do.

use civicdesk_contract::Secret;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    history::note,
    saved_codes,
    telling::{self, What},
    totp,
};
use crate::{
    acting::Acting,
    auth::seal::Seal,
    fail::Fail,
    recovery::Desk,
    store::{
        Time, Tx, Uid,
        accounts::Account,
        factors::{self, Authenticator, Tries},
    },
};

/// Wrong ones in a row before the next one has to wait.
const FREE: i32 = 5;
/// How long the first one waits that does; each after it twice as long, up to the longest.
const FIRST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 60 * 60;
/// Wrong ones in a row that end an authenticator.
const MOST: i32 = 100;

/// Whether the password alone does not open this account.
pub fn asks(tx: &mut Tx, account: Uid) -> Result<bool, Fail> {
    Ok(factors::authenticator(tx, account)?.is_some_and(|app| app.confirmed_at.is_some()))
}

/// Tries what was typed, and uses it up if it is right. A wrong one is counted, so the transaction must be kept.
pub fn is_right(tx: &mut Tx, act: &Acting, desk: &Desk, account: &Account, typed: &Secret) -> Result<bool, Fail> {
    let tries = factors::tries(tx, account.id)?;
    if let Some(seconds) = tries.and_then(|tries| waits(&tries, act.now)) {
        return Err(Fail::TooMany(seconds));
    }
    let app = factors::authenticator(tx, account.id)?.filter(|app| app.confirmed_at.is_some());
    let by_app = match app {
        Some(app) => {
            let step = totp::matching(&secret(&desk.seal, &app)?, typed.expose(), app.last_step, act.now);
            step.map_or(Ok(false), |step| factors::take_step(tx, account.id, step))?
        }
        None => false,
    };
    if by_app || use_saved_code(tx, &desk.seal, account.id, typed, act.now)? {
        factors::forgive(tx, account.id)?;
        return Ok(true);
    }
    let failures = factors::failed(tx, account.id, act.now)?;
    note(tx, act, account, "account.factor_refused", json!({ "in_a_row": failures }))?;
    if failures >= MOST && factors::disable(tx, account.id, act.now)? {
        note(tx, act, account, "account.authenticator_disabled", json!({ "in_a_row": failures }))?;
        telling::tell(tx, act, desk, account, &What::AuthenticatorDisabled, &[])?;
    }
    Ok(false)
}

/// Uses up one of an account's saved codes. `true` for one caller only, however many come at once.
pub fn use_saved_code(tx: &mut Tx, seal: &Seal, account: Uid, typed: &Secret, now: Time) -> Result<bool, Fail> {
    let Some(hash) = saved_codes::hash(seal, tx.tenant(), account, typed) else { return Ok(false) };
    Ok(factors::use_code(tx, account, &hash, now)?)
}

/// How many seconds the next try has to wait.
fn waits(tries: &Tries, now: Time) -> Option<u32> {
    let over = u32::try_from(tries.failures - FREE).ok()?;
    let wait = FIRST_WAIT.checked_shl(over.min(16)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    let left = tries.failed_at.0 + SignedDuration::from_secs(wait);
    u32::try_from(left.as_second() - now.0.as_second()).ok().filter(|left| *left > 0)
}

/// The sealed secret of an app.
pub fn secret(seal: &Seal, app: &Authenticator) -> Result<[u8; totp::SECRET], Fail> {
    let opened = seal.open(&place(app.tenant_id, app.account_id), &app.sealed)?;
    opened.as_slice().try_into().map_err(|_| Fail::Broken("an authenticator's secret is none".to_owned()))
}

/// Where an app's secret is sealed.
pub fn place(tenant: Uid, account: Uid) -> String {
    format!("{tenant}|authenticators.sealed|{account}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_wait_begins_after_five_and_doubles_up_to_an_hour() {
        let at = |second| Time(Timestamp::from_second(second).unwrap());
        let nobody = Uid(Uuid::nil());
        let tries = |failures| Tries { tenant_id: nobody, account_id: nobody, failures, failed_at: at(1000) };
        for (failures, wait) in
            [(4, None), (5, Some(30)), (6, Some(60)), (10, Some(960)), (12, Some(3600)), (99, Some(3600))]
        {
            assert_eq!(waits(&tries(failures), at(1000)), wait, "{failures}");
        }
        assert_eq!(waits(&tries(5), at(1029)), Some(1));
        assert_eq!(waits(&tries(5), at(1030)), None);
    }
}
