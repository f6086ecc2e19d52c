//! What an endpoint is sent: `{type, timestamp, data}` of Standard Webhooks, with the whole line of the log or its ids alone.

use serde::Serialize;
use utoipa::ToSchema;

use super::event::EventView;
use crate::store::events::Event;

/// How much of a line an endpoint is sent.
#[derive(Clone, Copy, Debug, Serialize, serde::Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Ids alone; whoever wants to know more asks for it, under its own right.
    Thin,
    /// The line as `/v1/events` shows it.
    Full,
}

impl Payload {
    pub fn name(self) -> &'static str {
        match self {
            Self::Thin => "thin",
            Self::Full => "full",
        }
    }

    pub fn read(name: &str) -> Self {
        if name == "full" { Self::Full } else { Self::Thin }
    }
}

/// The ids of a line of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThinEvent {
    /// The event; also the call's `webhook-id`, at every attempt.
    #[schema(example = "evt_0197f2a1c3d47b3e8a1f5c2d9e6b7a86")]
    id: String,
    /// Its place in the agency's log. Lines of one case come in this order, unless one failed for an hour.
    #[schema(example = 17)]
    seq: i64,
    case_id: Option<String>,
    contact_id: Option<String>,
    message_id: Option<String>,
}

#[derive(Serialize)]
struct Envelope<T> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: T,
}

/// The body of a call.
pub fn body(event: Event, payload: Payload) -> String {
    let whole = EventView::of(event);
    let (kind, timestamp) = (whole.kind.clone(), whole.at.clone());
    let text = match payload {
        Payload::Full => serde_json::to_string(&Envelope { kind, timestamp, data: whole }),
        Payload::Thin => {
            let EventView { id, seq, case_id, contact_id, message_id, .. } = whole;
            let data = ThinEvent { id, seq, case_id, contact_id, message_id };
            serde_json::to_string(&Envelope { kind, timestamp, data })
        }
    };
    text.unwrap_or_default()
}
