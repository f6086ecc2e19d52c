//! What staff decide about a message whose sender is no party to the case that it speaks of.

use serde_json::json;

use super::{
    moving::{self, Both},
    written::Written,
};
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    store::{
        Json, Tx, Uid, cases, messages,
        suggestions::{self, Suggestion},
    },
};

/// Lets a message in: the case that it opened becomes part of the one that it speaks of, and its sender a party to that.
/// What else was suggested for it is dismissed.
pub fn accept(tx: &mut Tx, act: &Acting, suggestion: &Suggestion) -> Result<(), Fail> {
    decide(tx, suggestion, "accepted")?;
    let mut written = Written::default();
    let message = messages::get(tx, suggestion.message_id)?;
    let from = cases::get(tx, message.case_id)?;
    let suggested = cases::get(tx, suggestion.case_id)?;
    let into = cases::whole(tx, suggested)?;
    tell(tx, act, &mut written, "suggestion.accepted", suggestion, from.id);
    if from.id != into.id {
        moving::merge(tx, act, &mut written, &Both { from, into }, !message.automatic)?;
        let mut filing = message.filing.0;
        filing["moved"] = json!({ "method": "suggestion_accepted", "why": suggestion.reason, "by": act.actor.kind() });
        messages::set_filing(tx, message.id, &Json(filing))?;
    }
    for other in suggestions::of_messages(tx, &[suggestion.message_id])? {
        if other.state == "open" {
            decide(tx, &other, "dismissed")?;
            tell(tx, act, &mut written, "suggestion.dismissed", &other, suggestion.case_id);
        }
    }
    written.flush(tx)
}

/// Leaves a message where it is.
pub fn dismiss(tx: &mut Tx, act: &Acting, suggestion: &Suggestion) -> Result<(), Fail> {
    decide(tx, suggestion, "dismissed")?;
    let mut written = Written::default();
    let lies_in = messages::get(tx, suggestion.message_id)?.case_id;
    tell(tx, act, &mut written, "suggestion.dismissed", suggestion, lies_in);
    written.flush(tx)
}

fn decide(tx: &mut Tx, suggestion: &Suggestion, state: &'static str) -> Result<(), Fail> {
    if suggestions::decide(tx, suggestion.id, state)? {
        return Ok(());
    }
    Err(Fail::conflict("decided", "somebody has accepted or dismissed this suggestion already"))
}

fn tell(tx: &Tx, act: &Acting, written: &mut Written, kind: &str, suggestion: &Suggestion, from: Uid) {
    let mut event = act.event(tx, kind);
    event.case_id = Some(suggestion.case_id);
    event.message_id = Some(suggestion.message_id);
    event.data =
        Json(json!({ "suggestion_id": ids::SUGGESTION.show(suggestion.id.0), "from": ids::CASE.show(from.0) }));
    written.events.push(event);
}
