//! Who wants nothing more on a channel, who said so, and who may take it back.
//!
//! What a person said themselves, here or to their network, nobody but they can take back; what staff wrote down for them,
//! staff can. It hangs on the address, so that a join of two contacts changes nothing of it.

use civicdesk_contract::Party;
use serde_json::json;

use super::addresses;
use crate::{
    acting::Acting,
    cases::written::Written,
    fail::Fail,
    ids,
    store::{
        Json, Tx, Uid,
        consents::{self, Consent},
        contacts::{self, Identity},
    },
};

/// Characters of a reason.
const LONGEST_REASON: usize = 500;

/// Who says that a person wants nothing more, or again something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// They themselves, by a word to the channel.
    Keyword,
    /// Their network, which refuses what we send.
    Network,
    /// Staff, whom they told.
    Staff,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Network => "network",
            Self::Staff => "staff",
        }
    }
}

/// The standing word of whoever wants nothing on this channel.
pub fn stopped(tx: &mut Tx, channel: Uid, party: &Party) -> Result<Option<Consent>, Fail> {
    let Some(normal) = addresses::normal(party.kind, &party.address) else { return Ok(None) };
    let said = consents::get(tx, channel, party.kind.as_str(), &normal)?;
    Ok(said.filter(|consent| consent.state == "stopped"))
}

/// Why a message to these people does not go out on this channel; none where it may.
pub fn refusal<'a>(tx: &mut Tx, channel: Uid, to: impl IntoIterator<Item = &'a Party>) -> Result<Option<String>, Fail> {
    for party in to {
        if let Some(consent) = stopped(tx, channel, party)? {
            return Ok(Some(words(&consent, &party.address)));
        }
    }
    Ok(None)
}

/// Since when and by whose word somebody wants nothing.
pub fn words(consent: &Consent, address: &str) -> String {
    let by = match consent.source.as_str() {
        "keyword" => "they wrote STOP",
        "network" => "their network says so",
        _ => "staff wrote it down",
    };
    format!("{address} has wanted nothing on this channel since {} ({by})", consent.at.0)
}

/// Writes down that a person wants nothing more on a channel. `false`: that was known.
pub fn stop(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    (channel, party): (Uid, &Party),
    (source, reason): (Source, Option<&str>),
) -> Result<bool, Fail> {
    if stopped(tx, channel, party)?.is_some_and(|known| !outranks(source, &known)) {
        return Ok(false);
    }
    say(tx, act, written, (channel, party), ("stopped", source, reason))
}

/// What a network says of a person's will holds as if they had told us.
pub fn refused_by_network(tx: &mut Tx, act: &Acting, channel: Uid, to: &[Party]) -> Result<(), Fail> {
    let mut written = Written::default();
    for party in to {
        stop(tx, act, &mut written, (channel, party), (Source::Network, None))?;
    }
    written.flush(tx)
}

/// The person's own word stands over what staff wrote down, so that staff cannot take it back.
fn outranks(source: Source, known: &Consent) -> bool {
    source != Source::Staff && known.source == "staff"
}

/// Writes down that a person may be written to again. `false`: nobody had said otherwise.
pub fn resume(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    (channel, party): (Uid, &Party),
    (source, reason): (Source, Option<&str>),
) -> Result<bool, Fail> {
    if stopped(tx, channel, party)?.is_none() {
        return Ok(false);
    }
    say(tx, act, written, (channel, party), ("allowed", source, reason))
}

/// What staff write down for a person who rang or wrote a letter.
pub fn note(
    tx: &mut Tx,
    act: &Acting,
    (channel, identity): (Uid, &Identity),
    state: &str,
    reason: Option<&str>,
) -> Result<(), Fail> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Fail::field("/reason", format!("must have at most {LONGEST_REASON} characters")));
    }
    let said = consents::get(tx, channel, &identity.kind, &identity.normal)?;
    let same = said.as_ref().is_some_and(|said| said.state == state);
    let mut written = Written::default();
    match state {
        _ if same => return Ok(()),
        "stopped" => {}
        "allowed" if reason.is_none() => {
            return Err(Fail::field("/reason", "say how the person told you that they want messages again"));
        }
        "allowed" if said.as_ref().is_some_and(|said| said.source != "staff") => {
            let why = "the person stopped it themselves: only they can resume it, by writing START on this channel";
            return Err(Fail::conflict("not-yours-to-resume", why));
        }
        "allowed" => {}
        _ => return Err(Fail::field("/state", "must be `stopped` or `allowed`")),
    }
    write(tx, act, &mut written, (channel, identity), (state, Source::Staff, reason))?;
    written.flush(tx)
}

/// Everything that was said about a person's addresses, each with the address.
pub fn of_contact(tx: &mut Tx, contact: Uid) -> Result<Vec<(Identity, Consent)>, Fail> {
    let own = contacts::identities_of(tx, &[contact])?;
    let normals: Vec<String> = own.iter().map(|i| i.normal.clone()).collect();
    let said = consents::of(tx, &normals)?.into_iter();
    let mine = |c: &Consent| own.iter().find(|i| i.kind == c.kind && i.normal == c.normal).cloned();
    Ok(said.filter_map(|consent| Some((mine(&consent)?, consent))).collect())
}

fn say(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    (channel, party): (Uid, &Party),
    said: (&str, Source, Option<&str>),
) -> Result<bool, Fail> {
    let Some(normal) = addresses::normal(party.kind, &party.address) else { return Ok(false) };
    let kind = party.kind.as_str();
    let row = match contacts::find_identity(tx, kind, &normal)? {
        Some(identity) => return write(tx, act, written, (channel, &identity), said).map(|()| true),
        None => consent(tx, act, (channel, kind, &normal), said),
    };
    consents::set(tx, &row)?;
    Ok(true)
}

fn write(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    (channel, identity): (Uid, &Identity),
    said: (&str, Source, Option<&str>),
) -> Result<(), Fail> {
    let row = consent(tx, act, (channel, &identity.kind, &identity.normal), said);
    consents::set(tx, &row)?;
    let mut event = act.event(tx, if row.state == "stopped" { "contact.opted_out" } else { "contact.opted_in" });
    event.contact_id = Some(identity.contact_id);
    event.data = Json(json!({
        "identity_id": ids::IDENTITY.show(identity.id.0), "channel_id": ids::CHANNEL.show(channel.0),
        "source": row.source, "reason": row.reason,
    }));
    written.events.push(event);
    Ok(())
}

fn consent(
    tx: &Tx,
    act: &Acting,
    (channel_id, kind, normal): (Uid, &str, &str),
    (state, source, reason): (&str, Source, Option<&str>),
) -> Consent {
    Consent {
        tenant_id: tx.tenant(),
        channel_id,
        kind: kind.to_owned(),
        normal: normal.to_owned(),
        state: state.to_owned(),
        source: source.word().to_owned(),
        reason: reason.map(str::to_owned),
        actor_kind: act.actor.kind().to_owned(),
        actor_id: act.actor.id(),
        at: act.now,
    }
}
