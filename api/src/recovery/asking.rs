//! A wish for a code, written down for later.
//!
//! Whoever asks is answered from here alone, and this file knows neither accounts nor people: no answer, and no time that an
//! answer takes, can tell who has an account. The structure test holds it, and the handler that calls it, to that.

use base64::{Engine, engine::general_purpose::STANDARD};
use civicdesk_contract::{IdentityKind, Party};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::policy::Offer;
use crate::{
    acting::Acting,
    auth::seal::Seal,
    fail::Fail,
    people::addresses,
    store::{Json, Uid, jobs::Job},
};

/// The kind of job that looks who asked.
pub const ASKED: &str = "recovery";

/// A wish for an account.
pub const REGISTER: &str = "register";
/// A wish for a new password.
pub const RECOVER: &str = "recover";
/// The same wish of somebody who works for the agency.
pub const STAFF: &str = "staff";

/// The agency lets nobody make an account by themselves.
pub const CLOSED: &str = "registration-closed";
/// The agency sends nothing to such addresses.
pub const NOT_OFFERED: &str = "way-not-offered";

/// No address that a network delivers to is longer.
const LONGEST: usize = 254;

/// Somebody asks for a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The id by which the code will be typed in.
    pub recovery: Uuid,
    /// `register`, `recover` or `staff`.
    pub purpose: String,
    /// The address as it was typed.
    pub identifier: String,
    /// How they ask.
    pub by: By,
}

/// How a recovery begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// On a page, or over the API.
    Citizen,
    /// By a text to the agency's number.
    Text,
    /// By a call to the agency's number.
    Telephone,
    /// Staff speak with them.
    Staff,
}

impl By {
    /// The word that the record keeps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Text => "text",
            Self::Telephone => "telephone",
            Self::Staff => "staff",
        }
    }
}

/// An address as it was typed or kept: one of mail or of a telephone.
pub fn party(address: &str) -> Party {
    let kind = if address.contains('@') { IdentityKind::Email } else { IdentityKind::Phone };
    Party { kind, address: address.to_owned(), name: None }
}

/// What was typed, if it is one address and no more.
pub fn identifier(typed: &str) -> Result<String, Fail> {
    let typed = typed.trim();
    let several = typed.chars().any(|c| matches!(c, ',' | ';' | '<' | '>' | '"') || c.is_control());
    if typed.len() > LONGEST || several || addresses::normal(party(typed).kind, typed).is_none() {
        return Err(Fail::field("/identifier", "must be one email address or one phone number"));
    }
    Ok(typed.to_owned())
}

/// Whether the agency does this at all, for whomever it is. Its own people get a link whatever it offers to citizens.
pub fn admit(offer: &Offer, identifier: &str, purpose: &str) -> Result<(), Fail> {
    if purpose == STAFF {
        return Ok(());
    }
    if purpose == REGISTER && !offer.policy.registration {
        return Err(Fail::conflict(CLOSED, "this agency makes accounts itself: ask it for one"));
    }
    if offer.sends_to(party(identifier).kind) {
        return Ok(());
    }
    Err(Fail::conflict(
        NOT_OFFERED,
        match (offer.email, offer.phone) {
            (true, _) => "this agency sends codes to email addresses only",
            (_, true) => "this agency sends codes to telephones only",
            (false, false) => "this agency sends no codes: ask its staff",
        },
    ))
}

/// The row that a job works from. Nobody reads the address in it without the master key.
pub fn job(act: &Acting, seal: &Seal, tenant: Uuid, asked: &Asked) -> Result<Job, Fail> {
    let text = serde_json::to_vec(asked).map_err(|e| Fail::Broken(e.to_string()))?;
    let sealed = seal.seal(&place(tenant, asked.recovery), &text)?;
    Ok(Job {
        tenant_id: Uid(tenant),
        id: act.id(),
        kind: ASKED.to_owned(),
        subject_id: Some(Uid(asked.recovery)),
        payload: Json(json!({ "sealed": STANDARD.encode(sealed) })),
        due_at: act.now,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    })
}

/// What a job of this kind asks for.
pub fn read(seal: &Seal, job: &Job) -> Result<Asked, Fail> {
    let broken = || Fail::Broken("a job's payload does not open".to_owned());
    let sealed = job.payload.0["sealed"].as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or_else(broken)?;
    let opened = seal.open(&place(job.tenant_id.0, job.subject_id.ok_or_else(broken)?.0), &sealed)?;
    serde_json::from_slice(&opened).map_err(|_| broken())
}

fn place(tenant: Uuid, recovery: Uuid) -> String {
    format!("{tenant}|jobs.payload|{recovery}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_taken_and_a_list_is_not() {
        for typed in [" maria@example.org ", "+1 555 010 9999", "(555) 010-9999"] {
            assert_eq!(identifier(typed).unwrap(), typed.trim());
        }
        for typed in [
            "",
            "maria",
            "maria@",
            "a@x.example,b@y.example",
            "a@x.example;b@y.example",
            "a@x.example\r\nBcc: b@y.example",
            "Maria <maria@example.org>",
            "a@x.example\0",
            &format!("{}@x.example", "a".repeat(250)),
        ] {
            assert!(identifier(typed).is_err(), "{typed:?}");
        }
    }
}
