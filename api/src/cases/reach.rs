//! By which channel a person is reached: what each kind of network can do, and whom it names how.

use std::sync::Arc;

use civicdesk_contract::{Capabilities, IdentityKind, Party, Visibility};

use super::chat;
use crate::{
    fail::Fail,
    people::addresses,
    store::{
        Time, Tx, Uid,
        cases::Case,
        channels::{self, Channel},
        contacts, messages,
    },
};

/// What an installed connector declares, by its id.
pub type Kinds = Arc<dyn Fn(&str) -> Option<Capabilities> + Send + Sync>;

/// The addresses of a person that a network of these capabilities reaches, the oldest first.
pub fn addresses_on(tx: &mut Tx, can: &Capabilities, contact: Uid) -> Result<Vec<Party>, Fail> {
    let name = contacts::get(tx, contact)?.name;
    let own = contacts::identities_of(tx, &[contact])?;
    let party = |i: contacts::Identity| {
        let kind = can.identities.iter().find(|kind| kind.as_str() == i.kind)?;
        Some(Party { kind: *kind, address: i.value, name: name.clone() })
    };
    Ok(own.into_iter().filter_map(party).collect())
}

/// The channel on which a person is answered: the case's own where it can, or else the oldest one that reaches them.
pub fn pick(tx: &mut Tx, kinds: &Kinds, case: &Case, now: Time) -> Result<Option<Channel>, Fail> {
    let left = chat::is_left(tx, case.id, now)?;
    let (own, contact) = (case.channel_id, case.contact_id);
    let mut all = channels::list(tx)?;
    all.retain(|row| row.state == "active" || Some(row.id) == own);
    all.sort_by_key(|row| Some(row.id) != own);
    for row in all {
        let Some(can) = kinds(&row.connector).filter(|can| can.send) else { continue };
        // On its own channel whoever wrote there is answered there, address or not; but nobody reads a talk that was left.
        let here = Some(row.id) == own && !left && messages::last_threaded(tx, case.id, row.id, false)?.is_some();
        if here || !addresses_on(tx, &can, contact)?.is_empty() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The channel by which a short letter finds a person soonest: by phone where that can be, or else any.
pub fn texting(tx: &mut Tx, kinds: &Kinds, contact: Uid) -> Result<Option<(Channel, Capabilities)>, Fail> {
    let mut open: Vec<(Channel, Capabilities)> = Vec::new();
    for row in channels::list(tx)?.into_iter().filter(|row| row.state == "active") {
        let Some(can) = kinds(&row.connector).filter(|can| can.send) else { continue };
        if can.visibility != Visibility::Public && !addresses_on(tx, &can, contact)?.is_empty() {
            open.push((row, can));
        }
    }
    open.sort_by_key(|(_, can)| !can.identities.contains(&IdentityKind::Phone));
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
