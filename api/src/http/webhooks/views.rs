//! How endpoints and what they were sent look outside.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    http::show::moment,
    ids,
    store::{
        Json,
        webhook_deliveries::{self as rows, Delivery},
        webhooks::{self, Webhook},
    },
    webhooks::payload::Payload,
};

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Enabled,
    /// What happens meanwhile waits in the log.
    Disabled,
}

/// An endpoint, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookView {
    #[schema(example = "whk_0197f2a1c3d47b3e8a1f5c2d9e6b7a90")]
    pub id: String,
    #[schema(example = "https://integrator.example/civicdesk")]
    pub url: String,
    #[schema(example = "The work order system")]
    pub description: Option<String>,
    /// The types of event that are sent; null for all.
    #[schema(example = json!(["case.opened", "case.changed"]))]
    pub events: Option<Vec<String>>,
    pub payload: Payload,
    pub state: WebhookState,
    /// Why it is disabled: `staff`, `gone` (it answered 410) or `failing` (nothing but failures for five days).
    pub state_reason: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub state_at: String,
    /// How far the log was read for it: the `seq` of the last line.
    #[schema(example = 17)]
    pub read_to: i64,
    /// Since when every call has failed; null where the last one arrived.
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    /// Until when nothing is sent, because it asked for that or failed too often.
    #[schema(format = DateTime)]
    pub rests_until: Option<String>,
    /// Until when the secret before this one signs too.
    #[schema(format = DateTime)]
    pub old_secret_until: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub updated_at: String,
}

impl WebhookView {
    pub fn of(row: &Webhook) -> Self {
        let enabled = row.state == webhooks::ENABLED;
        Self {
            id: ids::WEBHOOK.show(row.id.0),
            url: row.url.clone(),
            description: row.description.clone(),
            events: row.kinds.as_ref().map(Json::read),
            payload: Payload::read(&row.payload),
            state: if enabled { WebhookState::Enabled } else { WebhookState::Disabled },
            state_reason: row.state_reason.clone(),
            state_at: moment(row.state_at),
            read_to: row.cursor,
            failing_since: row.failing_since.map(moment),
            rests_until: row.rests_until.map(moment),
            old_secret_until: row.old_until.map(moment),
            created_at: moment(row.created_at),
            updated_at: moment(row.updated_at),
        }
    }
}

/// An endpoint with a new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What calls are signed with. It is shown this once; null where the answer is repeated for an idempotency key.
    #[schema(example = "whsec_plJ3nmyCDGBKInavdOK15jsl")]
    pub secret: Option<String>,
}

/// Where a line of the log stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Waiting,
    Delivered,
    /// Given up after its last attempt. It can be sent again.
    Dead,
}

impl DeliveryState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => rows::WAITING,
            Self::Delivered => rows::DELIVERED,
            Self::Dead => rows::DEAD,
        }
    }

    fn read(name: &str) -> Self {
        match name {
            rows::DELIVERED => Self::Delivered,
            rows::DEAD => Self::Dead,
            _ => Self::Waiting,
        }
    }
}

/// A line of the log on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The event's id, which is the call's `webhook-id` at every attempt.
    #[schema(example = "evt_0197f2a1c3d47b3e8a1f5c2d9e6b7a86")]
    pub id: String,
    #[schema(example = 17)]
    pub seq: i64,
    #[serde(rename = "type")]
    #[schema(example = "case.changed")]
    pub kind: String,
    pub case_id: Option<String>,
    pub state: DeliveryState,
    /// Waits for an earlier line of its case.
    pub behind: bool,
    /// Calls made since it was first sent, or sent again.
    #[schema(example = 1)]
    pub attempts: i32,
    /// The next attempt; null where there is none, or it is not known yet.
    #[schema(format = DateTime)]
    pub next_at: Option<String>,
    /// What the last call was answered.
    #[schema(example = 204)]
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    #[schema(format = DateTime)]
    pub delivered_at: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
}

impl DeliveryView {
    pub fn of(row: Delivery) -> Self {
        let state = DeliveryState::read(&row.state);
        Self {
            id: ids::EVENT.show(row.event_id.0),
            seq: row.seq,
            kind: row.kind,
            case_id: row.case_id.map(|i| ids::CASE.show(i.0)),
            state,
            behind: row.held,
            attempts: row.attempts,
            next_at: (state == DeliveryState::Waiting && !row.held).then(|| moment(row.next_at)),
            last_status: row.last_status,
            last_error: row.last_error,
            delivered_at: row.delivered_at.map(moment),
            created_at: moment(row.created_at),
        }
    }
}
