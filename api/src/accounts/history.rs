//! The lines about accounts in the agency's log.

use crate::{
    acting::Acting,
    fail::Fail,
    store::{Json, Tx, accounts::Account, events},
};

/// Writes a line about an account into the log, where it stands in the contact's history.
pub fn note(tx: &mut Tx, act: &Acting, account: &Account, kind: &str, data: serde_json::Value) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.contact_id = Some(account.contact_id);
    event.data = Json(data);
    Ok(events::append(tx, vec![event])?)
}
