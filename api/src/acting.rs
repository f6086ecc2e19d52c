//! Who acts, when, and with which ids: what every change of the record says about itself.

use civicdesk_contract::Clock;
use std::sync::Arc;
use uuid::Uuid;

use crate::{
    ids::Ids,
    store::{Json, Time, Tx, Uid, events::Event},
};

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Staff(Uuid),
    Key(Uuid),
    Contact(Uuid),
    /// CivicDesk itself: intake, letters, delivery.
    System,
}

impl Actor {
    /// The word used in events and messages.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Key(_) => "key",
            Self::Contact(_) => "contact",
            Self::System => "system",
        }
    }

    pub fn id(self) -> Option<Uid> {
        match self {
            Self::Staff(id) | Self::Key(id) | Self::Contact(id) => Some(Uid(id)),
            Self::System => None,
        }
    }
}

/// One change in the making: made before the transaction, so that a second run of the closure writes the same moment.
#[derive(Clone, Debug)]
pub struct Acting {
    pub actor: Actor,
    pub now: Time,
    pub ids: Ids,
}

impl Acting {
    pub fn new(actor: Actor, clock: &Arc<dyn Clock>, ids: &Ids) -> Self {
        Self { actor, now: Time::new(clock.now()), ids: ids.clone() }
    }

    /// A new id for a row.
    pub fn id(&self) -> Uid {
        Uid(self.ids.next())
    }

    /// A line for the log; the caller fills in what it is about.
    pub fn event(&self, tx: &Tx, kind: &str) -> Event {
        Event {
            tenant_id: tx.tenant(),
            seq: 0,
            id: self.id(),
            kind: kind.to_owned(),
            actor_kind: self.actor.kind().to_owned(),
            actor_id: self.actor.id(),
            case_id: None,
            contact_id: None,
            message_id: None,
            data: Json(serde_json::json!({})),
            at: self.now,
        }
    }
}
