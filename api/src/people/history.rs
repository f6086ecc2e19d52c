//! A person's whole history, whatever the case, the channel and the contact: what was said, and what was noted about them.

use crate::{
    fail::Fail,
    store::{
        Time, Tx, Uid,
        contacts::{self, Contact},
        events::{self, Event},
        messages::{self, Message},
    },
};

/// One thing in it.
#[derive(Clone, Debug)]
pub enum Lived {
    /// A message, a note or a letter of a case that the person takes part in.
    Said(Box<Message>),
    /// A line of the log about the person.
    Noted(Event),
}

impl Lived {
    pub fn said(&self) -> Option<&Message> {
        match self {
            Self::Said(message) => Some(message),
            Self::Noted(_) => None,
        }
    }

    /// Its position.
    pub fn at(&self) -> (Time, Uid) {
        match self {
            Self::Said(message) => (message.created_at, message.id),
            Self::Noted(event) => (event.at, event.id),
        }
    }
}

/// A page of it, the newest first, from a position on. What was noted about contacts that were merged into this one
/// belongs to it.
pub fn page(tx: &mut Tx, contact: &Contact, from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Lived>, Fail> {
    let mut people = contacts::merged_into(tx, &[contact.id])?;
    people.push(contact.id);
    let said = messages::of_party(tx, contact.id, from, limit)?;
    let noted = events::about_people(tx, &people, from, limit)?;
    let mut all: Vec<Lived> = said
        .into_iter()
        .map(|message| Lived::Said(Box::new(message)))
        .chain(noted.into_iter().map(Lived::Noted))
        .collect();
    all.sort_by_key(|lived| std::cmp::Reverse(lived.at()));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// Where a line of the log about a person comes from: from them, or from those who noted it.
pub fn direction(event: &Event) -> &'static str {
    if event.actor_kind == "contact" { "inbound" } else { "note" }
}
