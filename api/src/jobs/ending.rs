//! The end of one message's turn, as it is written down: its state, its job, and what it says of the channel's health.

use civicdesk_contract::{Error, Sent};

use crate::{
    acting::Acting,
    cases::{budget, receipts},
    channels::health::{self, Half},
    fail::Fail,
    store::{
        Json, Time, Tx, Uid,
        channels::{self, Channel},
        events, jobs,
        messages::{self, Message, Moved},
    },
};

/// How one message's turn ended.
pub enum End {
    Sent(Sent),
    Failed(String),
    Unknown(String),
    Again {
        due: Time,
        why: String,
        /// It may have gone out, so that the next attempt counts as a repeat.
        unsure: bool,
        /// Why the channel's fallback is to take it at once, if it has one.
        moves: Option<&'static str>,
    },
}

impl End {
    /// The word by which it is counted.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Again { .. } => "again",
        }
    }
}

/// Writes the end of a message's turn and of its job.
pub fn write_end(tx: &mut Tx, act: &Acting, job: Uid, message: &Message, end: &End) -> Result<(), Fail> {
    let moved = |state, detail: &str, sent_id| Moved {
        state,
        detail: Some(detail.to_owned()),
        at: act.now,
        sent_id,
        attempt: false,
    };
    let open: &[&str] = &["queued", "sending"];
    let (kind, to) = match end {
        End::Sent(sent) => ("message.sent", moved("sent", &sent.detail, Some(sent.id.0.clone()))),
        End::Failed(why) => ("message.failed", moved("failed", why, None)),
        End::Unknown(why) => ("message.unknown", moved("unknown", why, None)),
        End::Again { due, why, unsure, .. } => {
            let state = if *unsure { "sending" } else { "queued" };
            messages::advance(tx, message.id, open, &moved(state, why, None))?;
            if !*unsure {
                budget::give_back(tx, message)?;
            }
            return Ok(jobs::again(tx, &[job], *due, why)?);
        }
    };
    if matches!(end, End::Failed(_)) && message.state == "queued" {
        budget::give_back(tx, message)?;
    }
    if messages::advance(tx, message.id, open, &to)? {
        log(tx, act, message, kind, to.detail.as_deref().unwrap_or_default())?;
    } else if let Some(sent_id) = &to.sent_id {
        // Its network was quicker to say that it was read than to answer.
        messages::name(tx, message.id, sent_id)?;
    }
    if to.sent_id.is_some() {
        let message = messages::get(tx, message.id)?;
        receipts::meet(tx, act, &message)?;
    }
    Ok(jobs::done(tx, job)?)
}

/// What the end of a turn says of the channel.
pub fn note_health(tx: &mut Tx, row: &Channel, end: &End, error: Option<&Error>, at: Time) -> Result<(), Fail> {
    match (end, error.and_then(|e| health::failing(Half::Sending, e))) {
        (End::Sent(_), _) if row.health != "ok" => health::note_works(tx, row.id, Half::Sending, at)?,
        (_, Some(failing)) => channels::set_health(tx, row.id, &failing, at)?,
        _ => {}
    }
    Ok(())
}

/// A line in the log about what became of a message.
pub fn log(tx: &mut Tx, act: &Acting, message: &Message, kind: &str, detail: &str) -> Result<(), Fail> {
    let attempts = messages::get(tx, message.id)?.attempts;
    let mut event = act.event(tx, kind);
    event.case_id = Some(message.case_id);
    event.message_id = Some(message.id);
    event.data = Json(serde_json::json!({ "detail": detail, "attempts": attempts }));
    Ok(events::append(tx, vec![event])?)
}
