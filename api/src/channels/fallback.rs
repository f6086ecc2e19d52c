//! Which channel may take another one's messages where that cannot send them.

use crate::{
    cases::reach::Kinds,
    fail::Fail,
    store::{
        Tx,
        channels::{self, Channel},
    },
};

/// Channels in a row of fallbacks.
pub const LONGEST: usize = 5;

/// Refuses a fallback that could not do the channel's work, or that leads back to it. Belongs in the transaction that
/// writes the row.
pub fn check(tx: &mut Tx, kinds: &Kinds, row: &Channel) -> Result<(), Fail> {
    let Some(id) = row.fallback_channel_id else { return Ok(()) };
    let no = |detail: &str| Err(Fail::field("/fallback_channel_id", detail));
    let Ok(fallback) = channels::get(tx, id) else { return no("there is no such channel") };
    if id == row.id {
        return no("must be another channel");
    }
    if fallback.state != "active" {
        return no("that channel is paused: resume it first");
    }
    let (Some(own), Some(can)) = (kinds(&row.connector), kinds(&fallback.connector)) else {
        return no("this program has no connector for one of the two");
    };
    if !own.send || !can.send {
        return no("both channels must be able to send");
    }
    if own.visibility != can.visibility || !own.identities.iter().all(|kind| can.identities.contains(kind)) {
        return no("must reach people by the same kinds of address, and be as private");
    }
    let mut next = fallback.fallback_channel_id;
    for _ in 1..LONGEST {
        match next {
            None => return Ok(()),
            Some(id) if id == row.id => return no("leads back to this channel"),
            Some(id) => next = channels::get(tx, id)?.fallback_channel_id,
        }
    }
    if next.is_none() { Ok(()) } else { no("leads over too many channels") }
}
