//! Staff send again what failed, or what may have gone out.

use super::reply;
use crate::{
    acting::Acting,
    fail::Fail,
    store::{
        Json, Tx, events, jobs,
        messages::{self, Message, Moved},
    },
};

/// Queues a message once more. Only a person goes back in its states, and the log says who and from where.
pub fn retry(tx: &mut Tx, act: &Acting, message: &Message) -> Result<Message, Fail> {
    let queued = Moved { state: "queued", detail: None, at: act.now, sent_id: None, attempt: false };
    if message.direction != "outbound" || !messages::advance(tx, message.id, &["failed", "unknown"], &queued)? {
        return Err(Fail::conflict(
            "not-retryable",
            "only a message that failed, or whose end is unknown, is sent again",
        ));
    }
    let mut event = act.event(tx, "message.retried");
    event.case_id = Some(message.case_id);
    event.message_id = Some(message.id);
    event.data = Json(serde_json::json!({ "was": message.state, "attempts": message.attempts }));
    events::append(tx, vec![event])?;
    jobs::enqueue(tx, &reply::deliver_job(act, message))?;
    Ok(messages::get(tx, message.id)?)
}
