//! The time that is left after a citizen last wrote: 24 hours for anything, seven days for answers of people.

use civicdesk_contract::Outbound;
use jiff::{SignedDuration, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Anything may be sent; also where nobody knows, and Meta decides.
    Open,
    /// An answer of a person may be sent, with a tag.
    People,
    Closed,
}

impl Window {
    pub fn of(message: &Outbound, now: Timestamp) -> Self {
        let Some(heard_at) = message.heard_at else { return Self::Open };
        let silence = now.duration_since(heard_at);
        if silence < SignedDuration::from_hours(24) {
            Self::Open
        } else if silence < SignedDuration::from_hours(7 * 24) && !message.automatic {
            Self::People
        } else {
            Self::Closed
        }
    }
}
