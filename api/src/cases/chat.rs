//! A talk with a citizen who is on the agency's page, and how it goes on when they are not.

use civicdesk_contract::{IdentityKind, Party};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    desk::Asked,
    fields::Check,
    record::{self, Opening},
};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    ids,
    people::{change as people, contacts as strangers},
    store::{
        Json, Time, Tx, Uid,
        cases::{self, Case},
        channels::Channel,
        links::{self, Link},
        messages::Message,
    },
};

/// A page that was not heard of for so long has been left.
const GONE: SignedDuration = SignedDuration::from_secs(90);
/// A talk can be taken up again for so long.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Begins a talk. Its first words are a case.
pub fn begin(tx: &mut Tx, act: &Acting, channel: &Channel, asked: &Asked, hash: &[u8]) -> Result<Case, Fail> {
    let contact = match asked.parties.first() {
        Some(first) => strangers::find_or_make(tx, act, first)?,
        None => people::found_or_made(tx, act, &[], asked.name.as_deref())?,
    };
    let mut opening = Opening::new(asked.subject.clone().unwrap_or_default(), contact.id);
    (opening.channel_id, opening.topic_id) = (Some(channel.id), asked.topic_id);
    let case = record::open(tx, act, opening)?;
    let link = Link {
        tenant_id: tx.tenant(),
        hash: hash.to_vec(),
        case_id: case.id,
        contact_id: contact.id,
        kind: links::CHAT.to_owned(),
        created_at: act.now,
        expires_at: Some(after(act.now, GONE)),
    };
    links::insert(tx, &link)?;
    Ok(say(tx, act, &link, &asked.text)?.0)
}

/// The talk of this secret, as long as it can be taken up.
pub fn open(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Link, Fail> {
    let link = links::get(tx, links::CHAT, hash)?.filter(|link| after(link.created_at, LASTS) > now);
    link.ok_or(Fail::NotFound("talk"))
}

/// What the citizen says.
pub fn say(tx: &mut Tx, act: &Acting, link: &Link, text: &str) -> Result<(Case, Message), Fail> {
    let mut check = Check::default();
    check.text("/text", text);
    check.done()?;
    seen(tx, link, act.now)?;
    let case = cases::get(tx, link.case_id)?;
    let case = cases::whole(tx, case)?;
    let act = Acting { actor: Actor::Contact(link.contact_id.0), ..act.clone() };
    let mut message = record::draft(&act, &case, "inbound");
    let address = format!("chat-{}", link.case_id.0.simple());
    message.channel_id = case.channel_id;
    message.sender = Json::of(&Party { kind: IdentityKind::Account, address, name: None });
    message.network_id = Some(ids::MESSAGE.show(message.id.0));
    text.clone_into(&mut message.text);
    text.clone_into(&mut message.fresh_text);
    message.filing = Json(json!({ "method": "chat" }));
    let case = record::add_message(tx, &act, &case, message.clone(), Vec::new())?;
    Ok((case, message))
}

/// The page was heard of.
pub fn seen(tx: &mut Tx, link: &Link, now: Time) -> Result<(), Fail> {
    Ok(links::keep(tx, &link.hash, after(now, GONE))?)
}

/// The citizen leaves the page.
pub fn leave(tx: &mut Tx, link: &Link, now: Time) -> Result<(), Fail> {
    Ok(links::keep(tx, &link.hash, now)?)
}

/// Whether a case is a talk whose citizen has left: then an answer must find them elsewhere.
pub fn is_left(tx: &mut Tx, case: Uid, now: Time) -> Result<bool, Fail> {
    let link = links::of_case(tx, links::CHAT, case)?;
    Ok(link.is_some_and(|link| link.expires_at.is_some_and(|until| until <= now)))
}

fn after(at: Time, by: SignedDuration) -> Time {
    Time(at.0.checked_add(by).unwrap_or(at.0))
}
