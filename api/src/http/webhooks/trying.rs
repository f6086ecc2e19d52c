//! A call to an endpoint that is made at once, to see whether it is understood.

use actix_web::{post, web::Path};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::named;
use crate::{
    auth::needs,
    fail::Fail,
    http::{
        door::Door,
        show::moment,
        wire::{Answer, Reply},
    },
    ids,
    webhooks::{
        calling::{self, Call},
        secrets,
    },
};

/// What became of a test.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestedWebhook {
    pub works: bool,
    /// What the endpoint answered; null where it did not.
    #[schema(example = 204)]
    pub status: Option<u16>,
    /// What has to be mended.
    pub detail: Option<String>,
    /// The `webhook-id` of the call.
    #[schema(example = "evt_0197f2a1c3d47b3e8a1f5c2d9e6b7a86")]
    pub event_id: String,
}

/// Sends an endpoint a `webhook.test`, at once and once. It stands in no log, and changes nothing.
#[utoipa::path(tag = "webhooks", operation_id = "test_webhook", params(("id" = String, Path, description = "The endpoint.")),
    responses((status = 200, description = "What became of it.", body = TestedWebhook)))]
#[post("/webhooks/{id}/test")]
pub async fn test(door: Door<needs::WebhooksManage>, path: Path<String>) -> Answer {
    let row = door
        .read(move |tx, who| {
            let row = named(tx, &path)?;
            if who.test {
                return Err(Fail::conflict("test-key", "a test key sends nothing: use a live one"));
            }
            Ok(row)
        })
        .await?;
    let app = door.app();
    let (now, event_id) = (app.time(), ids::EVENT.show(app.ids.next()));
    let data = json!({ "webhook_id": ids::WEBHOOK.show(row.id.0) });
    let body = json!({ "type": "webhook.test", "timestamp": moment(now), "data": data }).to_string();
    let keys = secrets::keys(&app.seal, &row, now)?;
    let call = Call { url: row.url, id: event_id.clone(), body, keys };
    let outcome = calling::call(app.opener.tools(), &call).await;
    let works = outcome.arrived();
    Ok(Reply::ok(&TestedWebhook { works, status: outcome.status, detail: outcome.error, event_id })?)
}
