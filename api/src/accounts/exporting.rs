//! Everything that an account holds, and what was said in the cases of its holder, for the holder alone.

use super::signing_in::Citizen;
use crate::{
    fail::Fail,
    store::{
        Time, Tx, Uid,
        accounts::{self, Address},
        cases::{self, Case, Filter, Sort},
        contacts::{self, Contact},
        factors,
        messages::{self, Message},
        sign_ins::{self, SignIn},
    },
};

/// Cases of an export, and messages of each: the newest.
const MOST_CASES: i64 = 1000;
const MOST_MESSAGES: i64 = 500;

/// What is handed out.
#[derive(Debug)]
pub struct Export {
    pub contact: Contact,
    pub addresses: Vec<Address>,
    pub sign_ins: Vec<SignIn>,
    /// Since when the account asks for a second factor.
    pub authenticator: Option<Time>,
    /// When codes to keep were made, and how many are left.
    pub codes: Option<(Time, usize)>,
    pub cases: Vec<(Case, Vec<Message>)>,
}

/// Gathers it.
pub fn gather(tx: &mut Tx, citizen: &Citizen, now: Time) -> Result<Export, Fail> {
    let account = &citizen.account;
    let contact = contacts::get(tx, account.contact_id)?;
    let contact = contacts::whole(tx, contact)?;
    let mut all = Vec::new();
    for case in cases_of(tx, contact.id, MOST_CASES)? {
        let mut said = messages::of_case(tx, case.id, None, MOST_MESSAGES)?;
        // Notes are the agency's own.
        said.retain(|message| message.direction != "note");
        all.push((case, said));
    }
    Ok(Export {
        contact,
        addresses: accounts::addresses_of(tx, account.id)?,
        sign_ins: sign_ins::of_account(tx, account.id, now)?,
        authenticator: factors::authenticator(tx, account.id)?.and_then(|app| app.confirmed_at),
        codes: factors::codes(tx, account.id)?,
        cases: all,
    })
}

/// The cases of a person, the last changed first.
pub fn cases_of(tx: &mut Tx, contact: Uid, most: i64) -> Result<Vec<Case>, Fail> {
    let contact = contacts::get(tx, contact)?;
    let contact = contacts::whole(tx, contact)?;
    let filter = Filter { contact: vec![contact.id], ..Filter::default() };
    Ok(cases::list(tx, &filter, Sort { by_created: false, descending: true }, None, most)?)
}
