//! By which channel a message goes: its own, or the fallback of one that cannot send now or whose network is silent.
//!
//! Only what certainly did not go out moves: what may have gone out stays where its network knows it by its key.

use civicdesk_contract::{Capabilities, Error, Kind, Outbound, Party, Retry};
use jiff::SignedDuration;
use serde_json::json;

use super::later;
use crate::{
    acting::Acting,
    cases::reach::{self, Kinds},
    channels::{fallback, guard},
    fail::Fail,
    ids,
    people::consents,
    store::{
        Json, Time, Tx,
        channels::{self, Channel},
        events,
        messages::{self, Message},
    },
};

/// A channel that failed so lately is not tried before its fallback.
const LATELY: SignedDuration = SignedDuration::from_secs(60);

/// Whether the channel was at fault, and the message certainly did not go out.
pub fn moves(message: &Message, error: &Error) -> bool {
    let channel = matches!(error.kind, Kind::Settings | Kind::Credentials | Kind::Unreachable | Kind::Limited);
    channel && error.retry != Retry::Unsure && message.state == "queued"
}

/// Why a message had better not try this channel now. One that is silent is tried again every so often.
pub fn avoided(channel: &Channel, now: Time, patience: SignedDuration) -> Option<&'static str> {
    let failed =
        channel.health == "failing" && channel.health_detail.as_ref().is_some_and(|d| d.starts_with("sending"));
    if failed && channel.checked_at.is_some_and(|at| now < later(at, LATELY)) {
        return Some("failing");
    }
    let rests = channel.probed_at.is_some_and(|at| now < later(at, patience));
    (channel.slow_since.is_some() && rests).then_some("slow")
}

/// The first channel along the fallbacks that can carry the message now.
fn next(
    tx: &mut Tx,
    kinds: &Kinds,
    from: &Channel,
    outbound: &Outbound,
    (now, patience): (Time, SignedDuration),
) -> Result<Option<(Channel, Capabilities)>, Fail> {
    let mut at = from.clone();
    for _ in 0..fallback::LONGEST {
        let Some(id) = at.fallback_channel_id else { break };
        at = channels::get(tx, id)?;
        let can = kinds(&at.connector).filter(|can| can.send && guard::refusal(can, outbound).is_none());
        if let Some(can) = can
            && at.state == "active"
            && avoided(&at, now, patience).is_none()
            && consents::refusal(tx, at.id, outbound.to.iter().chain(&outbound.cc))?.is_none()
        {
            return Ok(Some((at, can)));
        }
    }
    Ok(None)
}

/// Has a message take the fallback of its channel. Where there is none left, it goes back to the channel that it was
/// written for, so that its next round begins there. Says whether it moved on.
pub fn take_fallback(
    tx: &mut Tx,
    act: &Acting,
    kinds: &Kinds,
    (message, from, outbound): (&Message, &Channel, &Outbound),
    (why, patience): (&str, SignedDuration),
) -> Result<bool, Fail> {
    let first = message.first_channel_id.unwrap_or(from.id);
    let found = next(tx, kinds, from, outbound, (act.now, patience))?;
    let on = found.is_some();
    let (to, can) = match found {
        Some((to, can)) => (to, Some(can)),
        None if first != from.id => {
            let to = channels::get(tx, first)?;
            let can = kinds(&to.connector);
            (to, can)
        }
        None => return Ok(false),
    };
    let was: Option<Party> = message.sender.read();
    let own = can.and_then(|can| reach::own_party(&can, to.address.as_deref()));
    let sender = own.map(|own| Party { name: was.and_then(|party| party.name), ..own });
    messages::reroute(tx, message.id, to.id, (to.id != first).then_some(first), &Json::of(&sender))?;
    let mut event = act.event(tx, "message.rerouted");
    event.case_id = Some(message.case_id);
    event.message_id = Some(message.id);
    let (from, to) = (ids::CHANNEL.show(from.id.0), ids::CHANNEL.show(to.id.0));
    event.data = Json(json!({ "from": from, "to": to, "why": why }));
    events::append(tx, vec![event])?;
    Ok(on)
}
