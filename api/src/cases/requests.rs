//! What a citizen asks through the form, and says later to the same request: the rules that the API and the pages share.

use civicdesk_contract::{IdentityKind, Party};
use serde_json::{Map, Value, json};

use super::{
    answers::{self, Filled},
    desk::{self, Asked},
    fields::LONGEST_SUBJECT,
    flaws::{Flaw, Refusal, Wrong},
    form::FormField,
    record,
    uploads::{self, Ticket},
};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    people::phones,
    store::{
        Error, Json, Time, Tx, Uid,
        cases::{self, Case},
        channels::Channel,
        links::{self, Link},
        messages::Message,
        tenant,
        topics::{self, Topic},
    },
};

/// Characters of a request, and of what is said to it later.
pub const LONGEST: usize = 20_000;
/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// A request as it was filled in.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub text: String,
    pub subject: Option<String>,
    pub topic_id: Option<Uid>,
    /// Values of the topic's fields, by key.
    pub fields: Map<String, Value>,
    /// Files that were uploaded before, as their sender names them.
    pub attachments: Vec<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// Takes a request in through this form; whoever holds the secret of this hash sees where it stands. Everything that is
/// wrong is said at once, before anything is written.
pub fn take(tx: &mut Tx, act: &Acting, form: &Channel, ask: &Ask, hash: &[u8]) -> Result<Case, Refusal> {
    let mut wrong = Vec::new();
    let country = phones::country(&tenant::get(tx)?);
    let topic = named(tx, &mut wrong, ask.topic_id)?;
    let fields: Vec<FormField> = topic.as_ref().map(|topic| topic.fields.read()).unwrap_or_default();
    let answers = answers::checked(&mut wrong, &fields, &ask.fields, &country);
    let nothing_said = answers.is_empty() && !wrong.iter().any(|w| w.pointer.starts_with("/fields/"));
    text(&mut wrong, &ask.text, nothing_said);
    for (pointer, line, most) in [("/subject", &ask.subject, LONGEST_SUBJECT), ("/name", &ask.name, LONGEST_NAME)] {
        if line.as_ref().is_some_and(|line| line.chars().count() > most) {
            wrong.push(Wrong { pointer: pointer.into(), flaw: Flaw::TooLong(most) });
        }
    }
    let parties = parties(&mut wrong, ask, &country);
    let files = uploads::waiting(tx, &mut wrong, &ask.attachments)?;
    if !wrong.is_empty() {
        return Err(Refusal::Wrong(wrong));
    }
    let subject = ask.subject.clone().or_else(|| topic.filter(|_| ask.text.trim().is_empty()).map(|topic| topic.name));
    let asked = Asked {
        subject,
        text: told(&ask.text, &answers),
        name: ask.name.clone(),
        parties,
        topic_id: ask.topic_id,
        fields: answers,
        ..Asked::default()
    };
    let (case, message) = desk::request(tx, act, form, &asked, hash)?;
    uploads::claim(tx, act, &files, message.id)?;
    Ok(case)
}

fn named(tx: &mut Tx, wrong: &mut Vec<Wrong>, topic: Option<Uid>) -> Result<Option<Topic>, Refusal> {
    match topic.map(|id| topics::get(tx, id)) {
        None => Ok(None),
        Some(Ok(topic)) => Ok(Some(topic)),
        Some(Err(Error::NotFound)) => {
            wrong.push(Wrong { pointer: "/topic_id".into(), flaw: Flaw::NoTopic });
            Ok(None)
        }
        Some(Err(e)) => Err(e.into()),
    }
}

fn text(wrong: &mut Vec<Wrong>, text: &str, required: bool) {
    let flaw = if required && text.trim().is_empty() {
        Flaw::Missing
    } else if text.chars().count() > LONGEST {
        Flaw::TooLong(LONGEST)
    } else if text.contains('\0') {
        Flaw::Nul
    } else {
        return;
    };
    wrong.push(Wrong { pointer: "/text".into(), flaw });
}

fn parties(wrong: &mut Vec<Wrong>, ask: &Ask, country: &str) -> Vec<Party> {
    let both = [
        (IdentityKind::Email, "/email", &ask.email, Flaw::NotEmail),
        (IdentityKind::Phone, "/phone", &ask.phone, Flaw::NotPhone),
    ];
    let mut parties = Vec::new();
    for (kind, pointer, address, flaw) in both {
        let Some(address) = address else { continue };
        match answers::party(kind, address, ask.name.as_deref(), country) {
            Some(party) => parties.push(party),
            None => wrong.push(Wrong { pointer: pointer.into(), flaw }),
        }
    }
    parties
}

/// The message's text: what was said freely, and the form line by line, so that it is found by its words.
fn told(text: &str, answers: &[Filled]) -> String {
    let lines: Vec<String> = answers.iter().map(|a| format!("{}: {}", a.label, a.text)).collect();
    let parts = [text.trim().to_owned(), lines.join("\n")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Where a request stands, for whoever holds its secret.
#[derive(Clone, Debug)]
pub struct Standing {
    pub case: Case,
    pub topic: Option<Topic>,
}

/// The request of this secret.
pub fn standing(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Standing, Fail> {
    let (_, case) = find(tx, hash, now)?;
    let topic = case.topic_id.map(|id| topics::get(tx, id)).transpose()?;
    Ok(Standing { case, topic })
}

fn find(tx: &mut Tx, hash: &[u8], now: Time) -> Result<(Link, Case), Fail> {
    let link = links::find(tx, links::STATUS, hash, now)?.ok_or(Fail::NotFound("request"))?;
    let case = cases::get(tx, link.case_id)?;
    Ok((link, cases::whole(tx, case)?))
}

/// Adds what the citizen says later. It reopens a request that waits or is over.
pub fn add(tx: &mut Tx, act: &Acting, hash: &[u8], said: &str, files: &[String]) -> Result<Message, Refusal> {
    let (link, case) = find(tx, hash, act.now)?;
    let mut wrong = Vec::new();
    text(&mut wrong, said, true);
    let files: Vec<Ticket> = uploads::waiting(tx, &mut wrong, files)?;
    if !wrong.is_empty() {
        return Err(Refusal::Wrong(wrong));
    }
    let act = Acting { actor: Actor::Contact(link.contact_id.0), ..act.clone() };
    let first = cases::get(tx, link.case_id)?;
    let mut message = record::draft(&act, &case, "inbound");
    message.channel_id = first.channel_id;
    said.trim().clone_into(&mut message.text);
    message.fresh_text.clone_from(&message.text);
    message.filing = Json(json!({ "method": "status_link" }));
    record::add_message(tx, &act, &case, message.clone(), Vec::new())?;
    uploads::claim(tx, &act, &files, message.id)?;
    Ok(message)
}
