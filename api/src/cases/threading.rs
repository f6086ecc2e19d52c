//! Which case a message belongs to. A sender who is no party to a case does not get into it, whatever the message says.

use civicdesk_contract::Automatic;
use serde_json::{Value, json};

use super::{filing::Desk, known::Known, loops, parsing::Parsed, tokens};
use crate::{
    fail::Fail,
    ids,
    store::{
        Tx, Uid,
        cases::{self, Case},
        contacts,
        inbound::Item,
    },
};

/// Cases that a message is suggested to at most.
const SUGGESTED: usize = 3;
/// Cases of one chain that are looked at.
const LOOKED_AT: usize = 10;

/// How a case was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub case: Case,
    /// A word that never changes, for programs.
    pub method: &'static str,
    /// What in the message led here.
    pub value: String,
}

/// The outcome: the case that takes the message, and those that would have if the sender were a party.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub taken: Option<Found>,
    pub refused: Vec<Found>,
}

impl Found {
    fn why(&self) -> &'static str {
        match self.method {
            "reply_token" => "it came to the reply address of this case",
            "references" => "it answers a message of this case",
            "same_message" => "another copy of it is in this case",
            "conversation" => "the network holds it for one conversation with what this case holds",
            "later_message" => "a message of this case answers it, or what it answers",
            "reference_in_subject" => "its subject names this case",
            _ => "its sender has this case open, and the channel joins them",
        }
    }

    /// Why a stranger is not let in, for the suggestion.
    pub fn reason(&self) -> String {
        format!("{}, but its sender is no party to it", self.why())
    }

    fn show(&self) -> Value {
        json!({ "case_id": ids::CASE.show(self.case.id.0), "reference": self.case.reference, "method": self.method, "value": self.value })
    }
}

impl Choice {
    /// Why the message lies where it lies, as data and in words.
    pub fn explain(&self) -> Value {
        let mut filing = match &self.taken {
            Some(found) => json!({ "method": found.method, "value": found.value, "why": found.why() }),
            None if self.refused.is_empty() => json!({ "method": "new_case", "why": "nothing in it leads to a case" }),
            None => json!({ "method": "new_case", "why": "its sender is no party to the case that it speaks of" }),
        };
        let refused = self.refused.iter().map(|found| {
            let mut shown = found.show();
            shown["why"] = found.reason().into();
            shown
        });
        filing["refused"] = refused.collect();
        filing
    }
}

/// Looks for the case by reply address, by the chain of messages, by the number in the subject, and last by what the
/// channel says about people with an open case. `sender`: the contact, where one is known.
pub fn choose(
    tx: &mut Tx,
    desk: &Desk,
    known: &Known,
    (item, parsed): (&Item, &Parsed),
    sender: Option<Uid>,
) -> Result<Choice, Fail> {
    let mut choice = Choice::default();
    if desk.policy(item.channel_id) == "new" {
        return Ok(choice);
    }
    for step in [by_token, by_chain, by_later_message, by_conversation, by_subject] {
        for found in step(tx, desk, known, parsed)? {
            if choice.refused.iter().any(|other| other.case.id == found.case.id) {
                continue;
            }
            let party = match sender {
                Some(contact) => cases::is_party(tx, found.case.id, contact)?,
                None => false,
            };
            if party {
                choice.taken = Some(found);
                return Ok(choice);
            }
            if choice.refused.len() < SUGGESTED {
                choice.refused.push(found);
            }
        }
    }
    if let Some(contact) = sender
        && parsed.inbound.automatic != Automatic::Bulk
        && desk.policy(item.channel_id) == "open_case"
        && let Some(case) = cases::open_of_contact(tx, contact)?
    {
        choice.taken = Some(Found { value: case.reference.clone(), case, method: "open_case" });
    }
    Ok(choice)
}

fn by_token(tx: &mut Tx, desk: &Desk, _: &Known, parsed: &Parsed) -> Result<Vec<Found>, Fail> {
    let written = parsed.inbound.to.iter().chain(&parsed.inbound.cc).map(|party| party.address.as_str());
    let mut found = Vec::new();
    for address in parsed.envelope.to.iter().map(String::as_str).chain(written) {
        let Some(tokens::Token::Reply { reference, code }) = tokens::read(address) else { continue };
        let Some(case) = cases::by_reference(tx, &reference)? else { continue };
        let tenant = tx.tenant();
        let mut parties: Vec<Uid> = cases::parties_of(tx, case.id)?.iter().map(|party| party.contact_id).collect();
        // An address that was given before two contacts were joined names the one that went.
        parties.extend(contacts::merged_into(tx, &parties)?);
        if parties.iter().any(|contact| desk.key.is_reply_code(&code, tenant, case.id, *contact)) {
            let case = cases::whole(tx, case)?;
            found.push(Found { case, method: "reply_token", value: address.to_owned() });
        }
    }
    Ok(found)
}

fn by_chain(tx: &mut Tx, _: &Desk, known: &Known, parsed: &Parsed) -> Result<Vec<Found>, Fail> {
    let answered = parsed.chain.iter().map(|id| ("references", id));
    let itself = parsed.inbound.message_id.iter().map(|id| ("same_message", id));
    let found = answered.chain(itself);
    let found = found.flat_map(|(method, id)| known.carrying(id).map(move |case| (case, method, id.clone())));
    with_cases(tx, found.collect())
}

/// A child that came before its parent, or a brother of a parent that never came.
fn by_later_message(tx: &mut Tx, _: &Desk, known: &Known, parsed: &Parsed) -> Result<Vec<Found>, Fail> {
    let ids = parsed.inbound.message_id.iter().chain(&parsed.chain);
    let found = ids.flat_map(|id| known.naming(id)).map(|(case, own)| (case, "later_message", own));
    with_cases(tx, found.collect())
}

/// The newest case of a conversation: a network that has one for each person holds all that they ever wrote for one.
fn by_conversation(tx: &mut Tx, _: &Desk, known: &Known, parsed: &Parsed) -> Result<Vec<Found>, Fail> {
    let cases: Vec<Uid> = parsed.conversation.iter().flat_map(|key| known.naming(key)).map(|(case, _)| case).collect();
    let Some(newest) = cases.last() else { return Ok(Vec::new()) };
    let case = cases::get(tx, *newest)?;
    // What is over is over: the next word in an endless conversation is a new matter.
    if case.status == "closed" {
        return Ok(Vec::new());
    }
    Ok(vec![Found { value: case.reference.clone(), case, method: "conversation" }])
}

fn by_subject(tx: &mut Tx, _: &Desk, _: &Known, parsed: &Parsed) -> Result<Vec<Found>, Fail> {
    let mut found = Vec::new();
    for reference in loops::references(parsed.inbound.subject.as_deref().unwrap_or_default()).into_iter().take(3) {
        if let Some(case) = cases::by_reference(tx, &reference)? {
            let case = cases::whole(tx, case)?;
            found.push(Found { case, method: "reference_in_subject", value: reference });
        }
    }
    Ok(found)
}

fn with_cases(tx: &mut Tx, named: Vec<(Uid, &'static str, String)>) -> Result<Vec<Found>, Fail> {
    let mut found: Vec<Found> = Vec::new();
    for (id, method, value) in named {
        if found.len() < LOOKED_AT && !found.iter().any(|f| f.case.id == id) {
            // What was joined in this transaction is known under both.
            let case = cases::get(tx, id)?;
            found.push(Found { case: cases::whole(tx, case)?, method, value });
        }
    }
    Ok(found)
}
