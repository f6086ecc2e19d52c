//! Letters with a secret in them: sealed until they are sent, and emptied then.

use civicdesk_contract::Party;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Desk, letters::Written};
use crate::{
    acting::Acting,
    auth::seal::Seal,
    fail::Fail,
    store::{
        Json, Time, Tx, Uid,
        channels::Channel,
        jobs::{self, Job},
        secret_letters::{self, SecretLetter},
    },
};

/// The kind of job that sends such a letter.
pub const SEND: &str = "secret_letter";

/// What is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inside {
    pub to: Party,
    pub subject: Option<String>,
    pub text: String,
}

/// Whom a letter is to and for what.
pub struct About<'a> {
    pub purpose: &'a str,
    pub contact: Option<Uid>,
    pub to: Party,
    /// It says nothing of use after this.
    pub useless_at: Time,
}

/// Queues a letter, in the transaction of what it tells about.
pub fn queue(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    channel: &Channel,
    about: About,
    text: Written,
) -> Result<(), Fail> {
    queue_keys(tx, act, desk, channel, about, (text, None))
}

/// The same for a letter that brings the keys of a recovery.
pub fn queue_keys(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    channel: &Channel,
    about: About,
    (text, recovery): (Written, Option<Uuid>),
) -> Result<(), Fail> {
    let (tenant_id, id) = (tx.tenant(), act.id());
    let inside = Inside { to: about.to, subject: text.subject, text: text.text };
    let bytes = serde_json::to_vec(&inside).map_err(|e| Fail::Broken(e.to_string()))?;
    let row = SecretLetter {
        tenant_id,
        id,
        channel_id: channel.id,
        contact_id: about.contact,
        purpose: about.purpose.to_owned(),
        sealed: Some(desk.seal.seal(&place(tenant_id.0, id.0), &bytes)?),
        state: "queued".to_owned(),
        detail: None,
        attempts: 0,
        created_at: act.now,
        useless_at: about.useless_at,
        state_at: act.now,
        recovery_id: recovery.map(Uid),
        parts: None,
        billed_in: None,
        unsure_at: None,
    };
    secret_letters::insert(tx, &row)?;
    let job = Job {
        tenant_id,
        id: act.id(),
        kind: SEND.to_owned(),
        subject_id: Some(id),
        payload: Json(serde_json::json!({})),
        due_at: act.now,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    };
    Ok(jobs::enqueue(tx, &job)?)
}

/// What is sealed in a letter that still waits.
pub fn open(seal: &Seal, row: &SecretLetter) -> Result<Option<Inside>, Fail> {
    let Some(sealed) = &row.sealed else { return Ok(None) };
    let opened = seal.open(&place(row.tenant_id.0, row.id.0), sealed)?;
    serde_json::from_slice(&opened).map(Some).map_err(|_| Fail::Broken("a sealed letter is none".to_owned()))
}

fn place(tenant: Uuid, letter: Uuid) -> String {
    format!("{tenant}|secret_letters.sealed|{letter}")
}
