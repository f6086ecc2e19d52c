//! A channel's health: what staff see of it, made from what became of the last steps.

use civicdesk_contract::{Error, Kind};

use crate::store::{
    Result, Time, Tx, Uid,
    channels::{self, Health},
};

/// Which half of a channel was at work. Each half mends only what it noted itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Receiving,
    Sending,
}

impl Half {
    fn word(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Sending => "sending",
        }
    }
}

/// What a failed step says of the channel; none where only one message was at fault.
pub fn failing(half: Half, error: &Error) -> Option<Health> {
    let of_the_channel = matches!(error.kind, Kind::Settings | Kind::Credentials | Kind::Unreachable | Kind::Limited);
    let receiving = half == Half::Receiving;
    (of_the_channel || receiving).then(|| Health {
        state: "failing",
        kind: Some(error.kind.as_str().to_owned()),
        detail: Some(format!("{}: {}: {}", half.word(), error.operation, error.detail)),
    })
}

/// Notes that a half works again, unless it is the other half that fails.
pub fn note_works(tx: &mut Tx, channel: Uid, half: Half, at: Time) -> Result<()> {
    let row = channels::get(tx, channel)?;
    let others = row.health == "failing" && !row.health_detail.is_some_and(|d| d.starts_with(half.word()));
    if row.health == "ok" || others {
        return Ok(());
    }
    channels::set_health(tx, channel, &Health { state: "ok", kind: None, detail: None }, at)
}

/// A failure that is known already costs no write.
pub fn note_failing(tx: &mut Tx, id: Uid, health: &Health, at: Time) -> Result<()> {
    let row = channels::get(tx, id)?;
    if row.health == health.state && row.health_detail == health.detail {
        return Ok(());
    }
    channels::set_health(tx, id, health, at)
}
