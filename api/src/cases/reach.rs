//! By which channel a person is reached: what each kind of network can do, and whom it names how.

use std::sync::Arc;

use civicdesk_contract::{Capabilities, IdentityKind, Party, Visibility};

use super::chat;
use crate::{
    fail::Fail,
    ids,
    people::{addresses, consents},
    store::{
        Time, Tx, Uid,
        cases::{self, Case},
        channels::{self, Channel},
        contacts, messages, notices,
    },
};

/// What an installed connector declares, by its id.
pub type Kinds = Arc<dyn Fn(&str) -> Option<Capabilities> + Send + Sync>;

/// Whether a network texts: it writes to telephones, for one person's eyes. Words such as STOP and quiet hours count there.
pub fn texts(can: &Capabilities) -> bool {
    can.send && can.visibility != Visibility::Public && can.identities.contains(&IdentityKind::Phone)
}

/// The addresses of a person that a channel of these capabilities reaches, the oldest first; none at which they want nothing.
pub fn addresses_on(tx: &mut Tx, channel: Uid, can: &Capabilities, contact: Uid) -> Result<Vec<Party>, Fail> {
    let name = contacts::get(tx, contact)?.name;
    let mut open = Vec::new();
    for identity in contacts::identities_of(tx, &[contact])? {
        let Some(kind) = can.identities.iter().find(|kind| kind.as_str() == identity.kind) else { continue };
        let party = Party { kind: *kind, address: identity.value, name: name.clone() };
        if consents::stopped(tx, channel, &party)?.is_none() {
            open.push(party);
        }
    }
    Ok(open)
}

/// The channel on which a person is answered: the one that they prefer where it reaches them, or else the case's own, or
/// else the oldest one that does. None on which they want nothing.
pub fn pick(tx: &mut Tx, kinds: &Kinds, case: &Case, now: Time) -> Result<Option<Channel>, Fail> {
    let left = chat::is_left(tx, case.id, now)?;
    let (own, contact) = (case.channel_id, case.contact_id);
    let preferred = contacts::get(tx, contact)?.preferred_channel;
    let mut all = channels::list(tx)?;
    all.retain(|row| row.state == "active" || Some(row.id) == own);
    let preferred = |row: &Channel| row.state == "active" && Some(row.id) == preferred;
    all.sort_by_key(|row| (!preferred(row), Some(row.id) != own));
    for row in all {
        let Some(can) = kinds(&row.connector).filter(|can| can.send) else { continue };
        // On its own channel whoever wrote there is answered there, address or not; but nobody reads a talk that was left.
        let here = Some(row.id) == own && !left && may_answer(tx, case.id, row.id)?;
        if here || !addresses_on(tx, row.id, &can, contact)?.is_empty() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Whether somebody wrote on this channel of a case who may be answered there.
fn may_answer(tx: &mut Tx, case: Uid, channel: Uid) -> Result<bool, Fail> {
    let Some(last) = messages::last_threaded(tx, case, channel, false)? else { return Ok(false) };
    let writer: Option<Party> = last.sender.read();
    Ok(consents::refusal(tx, channel, &writer)?.is_none())
}

/// Other ways to reach a person, in words for staff.
pub fn other_ways(tx: &mut Tx, kinds: &Kinds, contact: Uid) -> Result<String, Fail> {
    let mut ways = Vec::new();
    for row in channels::list(tx)?.into_iter().filter(|row| row.state == "active") {
        let Some(can) = kinds(&row.connector).filter(|can| can.send) else { continue };
        let known = addresses_on(tx, row.id, &can, contact)?;
        ways.extend(
            known.first().map(|to| format!("{} ({}) to {}", row.name, ids::CHANNEL.show(row.id.0), to.address)),
        );
    }
    Ok(match ways.is_empty() {
        true => "no other channel of yours reaches them: ring them or write a letter".to_owned(),
        false => format!("other ways: {}", ways.join(", ")),
    })
}

/// The channel by which a short letter finds a person: by phone where it must be soon, or else as they prefer.
pub fn texting(tx: &mut Tx, kinds: &Kinds, contact: Uid, soon: bool) -> Result<Option<(Channel, Capabilities)>, Fail> {
    let preferred = contacts::get(tx, contact)?.preferred_channel.filter(|_| !soon);
    let mut open: Vec<(Channel, Capabilities)> = Vec::new();
    for row in channels::list(tx)?.into_iter().filter(|row| row.state == "active") {
        let Some(can) = kinds(&row.connector).filter(|can| can.send) else { continue };
        if can.visibility != Visibility::Public && !addresses_on(tx, row.id, &can, contact)?.is_empty() {
            open.push((row, can));
        }
    }
    open.sort_by_key(|(row, can)| (preferred != Some(row.id), !can.identities.contains(&IdentityKind::Phone)));
    Ok(open.into_iter().next())
}

/// The oldest channel that carries a first private message to addresses of a kind.
pub fn by_kind(tx: &mut Tx, kinds: &Kinds, kind: IdentityKind) -> Result<Option<(Channel, Capabilities)>, Fail> {
    for row in channels::list(tx)?.into_iter().filter(|row| row.state == "active") {
        let Some(can) = kinds(&row.connector) else { continue };
        let private = can.visibility != Visibility::Public && !can.templates_only;
        if can.send && private && can.identities.contains(&kind) {
            return Ok(Some((row, can)));
        }
    }
    Ok(None)
}

/// When the person a message is to last wrote on this channel, in whichever of their cases, or in none.
pub fn heard(tx: &mut Tx, to: &[Party], case: Uid, channel: Uid) -> Result<Option<Time>, Fail> {
    let Some((to, normal)) = to.first().and_then(|to| Some((to, addresses::normal(to.kind, &to.address)?))) else {
        return Ok(None);
    };
    let kind = to.kind.as_str();
    let theirs = match contacts::find_identity(tx, kind, &normal)? {
        Some(identity) => cases::of_party(tx, identity.contact_id)?,
        None => vec![case],
    };
    let said = messages::last_heard(tx, &theirs, channel)?;
    Ok(said.max(notices::last_heard(tx, channel, kind, &normal)?))
}

/// An address as this network understands it: what was given as mail may be a number or a name there.
pub fn fitted(party: Party, can: &Capabilities) -> Party {
    if can.identities.contains(&party.kind) {
        return party;
    }
    let fits = can.identities.iter().find(|kind| addresses::normal(**kind, &party.address).is_some());
    Party { kind: fits.copied().unwrap_or(party.kind), ..party }
}

/// Our own name on a network of these capabilities.
pub fn own_party(can: &Capabilities, address: Option<&str>) -> Option<Party> {
    let address = address?;
    let kind = can.identities.iter().copied().find(|kind| addresses::normal(*kind, address).is_some())?;
    Some(Party { kind, address: address.to_owned(), name: None })
}
