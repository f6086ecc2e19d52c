//! What endpoints were sent, and sending it again.

use actix_web::{get, post, web::Path};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    named,
    views::{DeliveryState, DeliveryView, WebhookView},
};
use crate::{
    auth::{Right, needs},
    http::{
        Body, Params,
        door::Door,
        page::List,
        wire::{Answer, Reply, id},
    },
    ids,
    store::{Uid, webhook_deliveries as rows},
    webhooks::replay as again,
};

/// Which lines to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListDeliveries {
    /// Only those in this state: `dead` lists what was given up.
    state: Option<DeliveryState>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what an endpoint was sent in the last 30 days, what waits for it, and what was given up; the newest first.
#[utoipa::path(tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(("id" = String, Path, description = "The endpoint."), ListDeliveries),
    responses((status = 200, description = "A page of lines.", body = List<DeliveryView>)))]
#[get("/webhooks/{id}/deliveries")]
pub async fn list(door: Door<needs::WebhooksManage>, path: Path<String>, query: Params<ListDeliveries>) -> Answer {
    let page = door.page::<i64>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let webhook = named(tx, &path)?;
        let state = query.state.map(DeliveryState::name);
        let all = rows::page(tx, webhook.id, state, page.after.unwrap_or(i64::MAX), page.fetch())?;
        Reply::ok(&page.list(all, |row| row.seq, DeliveryView::of))
    })
    .await
}

/// Sends one line again, under the same id, or now instead of later. It goes out of its order.
#[utoipa::path(tag = "webhooks", operation_id = "replay_webhook_delivery",
    params(("id" = String, Path, description = "The endpoint."), ("delivery" = String, Path, description = "The event.")),
    responses((status = 202, description = "It goes out soon.", body = DeliveryView)))]
#[post("/webhooks/{id}/deliveries/{delivery}/replay")]
pub async fn replay_one(door: Door<needs::WebhooksManage>, path: Path<(String, String)>) -> Answer {
    door.write(move |tx, who| {
        let webhook = named(tx, &path.0)?;
        let line = again::one(tx, who.acting.now, &webhook, Uid(id(ids::EVENT, &path.1)?))?;
        Reply::accepted(format!("/v1/webhooks/{}/deliveries", path.0), &DeliveryView::of(line))
    })
    .await
}

/// From where on to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhook {
    /// A place in the log: what came after this `seq` is sent.
    #[schema(example = 0, minimum = 0)]
    after: i64,
}

/// Sends everything that came after a place in the log once more, under the same ids and in order.
#[utoipa::path(tag = "webhooks", operation_id = "replay_webhook", params(("id" = String, Path, description = "The endpoint.")),
    request_body = ReplayWebhook,
    responses((status = 202, description = "The log is read from there on.", body = WebhookView)))]
#[post("/webhooks/{id}/replay")]
pub async fn replay(door: Door<needs::WebhooksManage>, path: Path<String>, body: Body<ReplayWebhook>) -> Answer {
    let after = body.into_inner().after;
    door.write(move |tx, who| {
        who.may(Right::EventsRead)?;
        let webhook = named(tx, &path)?;
        let webhook = again::from(tx, who.acting.now, webhook, after)?;
        let view = WebhookView::of(&webhook);
        Reply::accepted(format!("/v1/webhooks/{}", view.id), &view)
    })
    .await
}
