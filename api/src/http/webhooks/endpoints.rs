//! Endpoints: made, read, changed, taken away, and given another secret.

use actix_web::{delete, get, patch, post, web::Path};
use jiff::SignedDuration;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    named,
    views::{WebhookState, WebhookView, WebhookWithSecret},
};
use crate::{
    auth::{Right, needs},
    fail::Fail,
    http::{
        Body, Params,
        door::Door,
        page::List,
        show::some,
        teams::Part,
        wire::{Answer, Reply},
    },
    store::{Time, Uid, webhooks},
    webhooks::{
        address,
        endpoints::{self, Wanted},
        payload::Payload,
        secrets,
    },
};

/// How long both secrets sign, where it is not said.
const OVERLAP_HOURS: i64 = 24;
const LONGEST_OVERLAP_HOURS: i64 = 168;

/// Lists endpoints in the order in which they were made.
#[utoipa::path(tag = "webhooks", operation_id = "list_webhooks", params(Part),
    responses((status = 200, description = "A page of endpoints.", body = List<WebhookView>)))]
#[get("/webhooks")]
pub async fn list(door: Door<needs::WebhooksManage>, query: Params<Part>) -> Answer {
    let page = door.page::<Uuid>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let rows = webhooks::page(tx, Uid(page.after.unwrap_or(Uuid::nil())), page.fetch())?;
        Reply::ok(&page.list(rows, |row| row.id.0, |row| WebhookView::of(&row)))
    })
    .await
}

/// Where the log is to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// An https address that can be reached from the internet. It is never followed elsewhere.
    #[schema(example = "https://integrator.example/civicdesk", min_length = 1, max_length = 2_000)]
    url: String,
    #[schema(example = "The work order system", max_length = 500)]
    description: Option<String>,
    /// The types of event to send; all where it is left out.
    #[schema(example = json!(["case.opened", "case.changed"]), min_items = 1, max_items = 100)]
    events: Option<Vec<String>>,
    /// `thin` where it is left out.
    payload: Option<Payload>,
}

/// Has the log sent to an address, from now on.
///
/// Whoever may not read events may not have them sent anywhere either.
#[utoipa::path(tag = "webhooks", operation_id = "create_webhook", request_body = NewWebhook,
    responses((status = 201, description = "Made; its secret is shown this once.", body = WebhookWithSecret)))]
#[post("/webhooks")]
pub async fn create(door: Door<needs::WebhooksManage>, body: Body<NewWebhook>) -> Answer {
    let new = body.into_inner();
    door.read(|_, who| who.may(Right::EventsRead)).await?;
    let app = door.app();
    address::check(app.opener.tools(), &new.url).await?;
    let id = Uid(app.ids.next());
    let (secret, sealed) = secrets::make(&app.ids, &app.seal, door.tenant(), id)?;
    let wanted = Wanted {
        url: new.url,
        description: new.description,
        kinds: new.events,
        payload: new.payload.unwrap_or(Payload::Thin),
        enabled: true,
    };
    door.write(move |tx, who| {
        who.may(Right::EventsRead)?;
        let row = endpoints::create(tx, &who.acting, id, &wanted, &sealed)?;
        let view = |secret| WebhookWithSecret { webhook: WebhookView::of(&row), secret };
        let shown = view(Some(secret.expose().to_owned()));
        let location = format!("/v1/webhooks/{}", shown.webhook.id);
        Ok(Reply::created(location, &shown)?.keep(&view(None))?.version(row.version))
    })
    .await
}

/// Reads an endpoint, and how it does.
#[utoipa::path(tag = "webhooks", operation_id = "get_webhook", params(("id" = String, Path, description = "The endpoint.")),
    responses((status = 200, description = "The endpoint.", body = WebhookView)))]
#[get("/webhooks/{id}")]
pub async fn read(door: Door<needs::WebhooksManage>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let row = named(tx, &path)?;
        Ok(Reply::ok(&WebhookView::of(&row))?.version(row.version).whole())
    })
    .await
}

/// What to change. A field left out stays; `null` empties the description, and asks for all types of event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "state": "enabled" }))]
pub struct ChangeWebhook {
    #[schema(max_length = 2_000)]
    url: Option<String>,
    #[serde(default, deserialize_with = "some")]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    events: Option<Option<Vec<String>>>,
    payload: Option<Payload>,
    state: Option<WebhookState>,
}

/// Changes an endpoint. One that is enabled again is sent at once what waits for it.
#[utoipa::path(tag = "webhooks", operation_id = "update_webhook", params(("id" = String, Path, description = "The endpoint.")),
    request_body = ChangeWebhook, responses((status = 200, description = "The endpoint as it is now.", body = WebhookView)))]
#[patch("/webhooks/{id}")]
pub async fn update(door: Door<needs::WebhooksManage>, path: Path<String>, body: Body<ChangeWebhook>) -> Answer {
    let (only_if, to) = (door.if_match()?, body.into_inner());
    if let Some(url) = &to.url {
        door.read(|_, who| who.may(Right::EventsRead)).await?;
        address::check(door.app().opener.tools(), url).await?;
    }
    door.write(move |tx, who| {
        who.may(Right::EventsRead)?;
        let row = named(tx, &path)?;
        only_if.check(who, row.version)?;
        let was = Wanted::of(&row);
        let wanted = Wanted {
            url: to.url.clone().unwrap_or(was.url),
            description: to.description.clone().unwrap_or(was.description),
            kinds: to.events.clone().unwrap_or(was.kinds),
            payload: to.payload.unwrap_or(was.payload),
            enabled: to.state.map_or(was.enabled, |state| state == WebhookState::Enabled),
        };
        let row = endpoints::change(tx, &who.acting, &row, &wanted)?;
        Ok(Reply::ok(&WebhookView::of(&row))?.version(row.version))
    })
    .await
}

/// Takes an endpoint away, with everything that waits for it.
#[utoipa::path(tag = "webhooks", operation_id = "delete_webhook", params(("id" = String, Path, description = "The endpoint.")),
    responses((status = 204, description = "It is sent nothing more.")))]
#[delete("/webhooks/{id}")]
pub async fn remove(door: Door<needs::WebhooksManage>, path: Path<String>) -> Answer {
    door.write(move |tx, who| {
        let row = named(tx, &path)?;
        endpoints::remove(tx, &who.acting, &row)?;
        Ok(Reply::nothing())
    })
    .await
}

/// How one secret takes over from the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "overlap_hours": 24 }))]
pub struct RotateWebhook {
    /// How long the secret before signs too, 0 to 168 hours; 24 where it is left out.
    #[schema(minimum = 0, maximum = 168)]
    overlap_hours: Option<i64>,
}

/// Gives an endpoint a new secret. For a while every call bears a signature of each, so that none is lost.
#[utoipa::path(tag = "webhooks", operation_id = "rotate_webhook", params(("id" = String, Path, description = "The endpoint.")),
    request_body = RotateWebhook,
    responses((status = 200, description = "The new secret is shown this once.", body = WebhookWithSecret)))]
#[post("/webhooks/{id}/rotate")]
pub async fn rotate(door: Door<needs::WebhooksManage>, path: Path<String>, body: Body<RotateWebhook>) -> Answer {
    let hours = body.into_inner().overlap_hours.unwrap_or(OVERLAP_HOURS);
    if !(0..=LONGEST_OVERLAP_HOURS).contains(&hours) {
        return Err(Fail::field("/overlap_hours", format!("must lie between 0 and {LONGEST_OVERLAP_HOURS}")).into());
    }
    let (app, tenant) = (door.app(), door.tenant());
    let now = app.time();
    let until = Time(now.0.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now.0));
    let made = match crate::ids::WEBHOOK.read(&path) {
        Some(id) => Some(secrets::make(&app.ids, &app.seal, tenant, Uid(id))?),
        None => None,
    };
    door.write(move |tx, who| {
        let row = named(tx, &path)?;
        let (secret, sealed) = made.as_ref().ok_or(Fail::NotFound("webhook"))?;
        let row = endpoints::rotate(tx, &who.acting, &row, sealed, until)?;
        let view = |secret| WebhookWithSecret { webhook: WebhookView::of(&row), secret };
        Ok(Reply::ok(&view(Some(secret.expose().to_owned())))?.keep(&view(None))?.version(row.version))
    })
    .await
}
