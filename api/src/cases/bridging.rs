//! A mail that comes after its answer: the case that the answer had to open meanwhile joins the one the mail belongs to.

use super::{
    known::Known,
    moving::{self, Both},
    parsing::Parsed,
    written::Written,
};
use crate::{
    acting::{Acting, Actor},
    fail::Fail,
    store::{
        Tx, Uid,
        cases::{self, Case},
    },
};

/// Joins to a message's case what the same person's later messages had opened because this one had not come yet. Only
/// what nobody has taken up; and staff can take it back, like any merge.
pub fn join(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    known: &Known,
    (parsed, contact, case): (&Parsed, Uid, Uid),
) -> Result<(), Fail> {
    let act = Acting { actor: Actor::System, ..act.clone() };
    let own = parsed.inbound.message_id.iter();
    for (other, _) in own.flat_map(|id| known.naming(id)).filter(|(other, _)| *other != case) {
        let from = cases::get(tx, other)?;
        if waits(&from) && from.contact_id == contact {
            let into = cases::get(tx, case)?;
            moving::merge(tx, &act, written, &Both { from, into }, false)?;
        }
    }
    Ok(())
}

fn waits(case: &Case) -> bool {
    case.status == "new" && case.assignee_id.is_none() && case.merged_into.is_none()
}
