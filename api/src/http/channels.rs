//! `/v1/channels`: the agency's accounts on the networks.

use actix_web::{get, patch, post, web::Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    door::Door,
    page::List,
    problem::Problem,
    show::{absent_or, id_or_none, moment, some},
    wire::{Answer, IfMatch, Reply, id},
};
use crate::{
    acting::Acting,
    app::App,
    auth::{Needs, needs},
    channels::{
        change::{self, Changed, Wanted},
        fallback, hooks,
        setup::{self, NewChannel, Prepared},
    },
    fail::Fail,
    ids,
    store::{
        Error, Json, Tx, Uid,
        channels::{self as rows, Channel},
        events, jobs, routes,
    },
};

/// One channel. Passwords and tokens are never shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    #[schema(example = "chn_0197f2a1c3d47b3e8a1f5c2d9e6b7a86")]
    pub id: String,
    #[schema(example = "email")]
    pub connector: String,
    #[schema(example = "Citizen service")]
    pub name: String,
    /// Our own address on the network.
    #[schema(example = "help@riverton.example")]
    pub address: Option<String>,
    /// `active` or `paused`.
    #[schema(example = "active")]
    pub state: String,
    /// The connector's settings without what is secret.
    #[schema(value_type = Object, example = json!({ "address": "help@riverton.example" }))]
    pub settings: Value,
    /// The address that the network's provider calls; null where we go and ask. Give it to the provider and to nobody
    /// else.
    #[schema(example = "https://help.riverton.example/hooks/0197f2a1c3d47b3e8a1f5c2d9e6b7a86_c2VjcmV0LXBsYWNl")]
    pub hook_url: Option<String>,
    /// What a message joins that leads to no case by itself: `thread` begins a new case, `open_case` joins the sender's
    /// open case, and with `new` every message begins a case.
    #[schema(example = "thread")]
    pub case_policy: String,
    /// The channel that takes this one's messages where it cannot send them, or its network is silent.
    pub fallback_channel_id: Option<String>,
    pub health: HealthView,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub updated_at: String,
}

/// What was last seen of a channel. It changes without the channel's version.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// `unknown`, `ok` or `failing`.
    #[schema(example = "failing")]
    pub state: String,
    /// `settings`, `credentials`, `unreachable`, `limited`, `slow`, …: who can mend it.
    #[schema(example = "credentials")]
    pub kind: Option<String>,
    /// In words, for whoever mends it.
    #[schema(example = "receiving: imap login: the server refused the password")]
    pub detail: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub since: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub checked_at: Option<String>,
    /// Since when its network says nothing of what was sent, though it did before. New messages take the fallback, and
    /// one now and then sees whether it speaks again.
    #[schema(format = DateTime)]
    pub slow_since: Option<String>,
}

impl HealthView {
    fn of(row: &Channel) -> Self {
        let slow_since = row.slow_since.map(moment);
        let (kind, checked_at) = (row.health_kind.clone(), row.checked_at.map(moment));
        if row.health != "failing" && slow_since.is_some() {
            let detail = "sending: the network says nothing any more of what was sent".to_owned();
            let (state, kind, since) = ("failing".to_owned(), Some("slow".to_owned()), slow_since.clone());
            return Self { state, kind, detail: Some(detail), since, checked_at, slow_since };
        }
        let (state, detail, since) = (row.health.clone(), row.health_detail.clone(), row.health_since.map(moment));
        Self { state, kind, detail, since, checked_at, slow_since }
    }
}

impl ChannelView {
    fn of(app: &App, row: &Channel) -> Result<Self, Fail> {
        Ok(Self::with(row, change::shown(&app.opener, row)?, hook_url(app, row)))
    }

    fn with(row: &Channel, settings: Value, hook_url: Option<String>) -> Self {
        Self {
            hook_url,
            case_policy: row.case_policy.clone(),
            fallback_channel_id: row.fallback_channel_id.map(|id| ids::CHANNEL.show(id.0)),
            id: ids::CHANNEL.show(row.id.0),
            connector: row.connector.clone(),
            name: row.name.clone(),
            address: row.address.clone(),
            state: row.state.clone(),
            settings,
            health: HealthView::of(row),
            created_at: moment(row.created_at),
            updated_at: moment(row.updated_at),
        }
    }
}

fn hook_url(app: &App, row: &Channel) -> Option<String> {
    hooks::url(&app.opener, &app.public_url, row)
}

/// A part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListChannels {
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists channels in the order in which they were made.
#[utoipa::path(tag = "channels", operation_id = "list_channels", params(ListChannels),
    responses((status = 200, description = "A page of channels.", body = List<ChannelView>)))]
#[get("/channels")]
pub async fn list(door: Door<needs::ChannelsRead>, query: Params<ListChannels>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    let position = |row: &Channel| (row.created_at.0.as_microsecond(), row.id.0);
    let mut all = door.read(|tx, _| Ok(rows::list(tx)?)).await?;
    if let Some(after) = &page.after {
        all.retain(|row| position(row) > *after);
    }
    let shown = all.iter().map(|row| Ok((position(row), ChannelView::of(door.app(), row)?)));
    let shown: Vec<_> = shown.collect::<Result<_, Fail>>()?;
    Ok(Reply::ok(&page.list(shown, |(position, _)| *position, |(_, view)| view))?)
}

fn named(tx: &mut Tx, path: &str) -> Result<Channel, Fail> {
    let id = id(ids::CHANNEL, path)?;
    rows::get(tx, Uid(id)).map_err(|e| match e {
        Error::NotFound => Fail::NotFound("channel"),
        e => e.into(),
    })
}

/// The row behind a path, and whoever asks is admitted first.
pub async fn row_of<R: Needs>(door: &Door<R>, path: Path<String>) -> Result<Channel, Problem> {
    door.read(move |tx, _| named(tx, &path)).await
}

/// Reads a channel.
#[utoipa::path(tag = "channels", operation_id = "read_channel", params(("id" = String, Path, description = "The channel.")),
    responses((status = 200, description = "The channel.", body = ChannelView)))]
#[get("/channels/{id}")]
pub async fn read(door: Door<needs::ChannelsRead>, path: Path<String>) -> Answer {
    let row = row_of(&door, path).await?;
    Ok(Reply::ok(&ChannelView::of(door.app(), &row)?)?.version(row.version).whole())
}

/// A channel to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChannelBody {
    /// One of `/v1/connectors`.
    #[schema(example = "lmtp")]
    connector: String,
    /// For staff; the address where it is left out.
    #[schema(example = "Citizen service", min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Our own address on the network, where the settings do not name it.
    #[schema(example = "help@riverton.example")]
    address: Option<String>,
    /// What the connector's `settings_schema` asks for.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({ "address": "help@riverton.example" }))]
    settings: serde_json::Map<String, Value>,
    /// `thread`, `open_case` or `new`; what suits the network where it is left out.
    #[schema(example = "thread")]
    case_policy: Option<String>,
    /// Another active channel that reaches people by the same kinds of address. It takes this one's messages when they
    /// certainly did not go out here.
    fallback_channel_id: Option<String>,
}

/// Makes a channel.
///
/// The form of the settings is checked; whether the account works is proven by `/check`. Mail that is pushed is taken in
/// once this has answered.
#[utoipa::path(tag = "channels", operation_id = "create_channel", request_body = NewChannelBody,
    responses((status = 201, description = "The new channel.", body = ChannelView)))]
#[post("/channels")]
pub async fn create(door: Door<needs::ChannelsManage>, body: Body<NewChannelBody>) -> Answer {
    let NewChannelBody { connector, name, address, settings, case_policy, fallback_channel_id } = body.into_inner();
    let fallback_channel_id = id_or_none(ids::CHANNEL, fallback_channel_id.as_deref());
    let acting: Acting = door.read(|_, who| Ok(who.acting.clone())).await?;
    let app = door.app();
    let settings = Value::Object(settings);
    let new = NewChannel { connector, name, address, settings, case_policy, fallback_channel_id };
    let prepared = setup::prepare(&app.store, &app.opener, door.tenant(), &acting, new).await;
    // The same request again finds its own address taken: its key answers before that.
    let (row, route) = match prepared {
        Ok(Prepared { row, route }) => (row, route),
        Err(e) => return again(&door, e).await,
    };
    let view = ChannelView::of(app, &row)?;
    let kinds = app.opener.kinds();
    let reply = door
        .write(move |tx, who| {
            fallback::check(tx, &kinds, &row)?;
            rows::insert(tx, &row)?;
            tell(tx, &who.acting, "channel.created", &row)?;
            Ok(Reply::created(format!("/v1/channels/{}", view.id), &view)?.version(row.version))
        })
        .await?;
    if let Some(route) = route.filter(|_| !reply.replayed) {
        setup::add_route(&app.store, route).await?;
    }
    Ok(reply)
}

/// The answer that a key was given before, or this refusal.
async fn again(door: &Door<needs::ChannelsManage>, refusal: Fail) -> Answer {
    let refusal = std::sync::Mutex::new(Some(refusal));
    let take = move || refusal.lock().ok().and_then(|mut refusal| refusal.take());
    door.write(move |_, _| Err(take().unwrap_or(Fail::Busy(1)))).await
}

/// What to change. A field left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Citizen service" }))]
pub struct ChangeChannel {
    name: Option<String>,
    address: Option<String>,
    /// Merged into the settings (RFC 7396): what is left out stays, passwords among it; null takes away.
    #[schema(value_type = Option<Object>)]
    settings: Option<serde_json::Map<String, Value>>,
    /// `thread`, `open_case` or `new`.
    case_policy: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "some")]
    fallback_channel_id: Option<Option<String>>,
}

/// Changes a channel. Reception and delivery go on with the new settings at once.
#[utoipa::path(tag = "channels", operation_id = "change_channel", params(("id" = String, Path, description = "The channel.")),
    request_body = ChangeChannel, responses((status = 200, description = "The channel as it is now.", body = ChannelView)))]
#[patch("/channels/{id}")]
pub async fn update(door: Door<needs::ChannelsManage>, path: Path<String>, body: Body<ChangeChannel>) -> Answer {
    let (only_if, ChangeChannel { name, address, settings, case_policy, fallback_channel_id }) =
        (door.if_match()?, body.into_inner());
    let fallback_channel_id = absent_or(ids::CHANNEL, fallback_channel_id.as_ref());
    let condition = only_if.clone();
    let was = door
        .read(move |tx, who| {
            let row = named(tx, &path)?;
            condition.check(who, row.version).map(|()| row)
        })
        .await?;
    let app = door.app();
    let settings = settings.map(Value::Object);
    let wanted = Wanted { name, address, settings, case_policy, fallback_channel_id };
    let Changed { row, add, remove } = change::prepare(&app.store, &app.opener, &was, wanted, app.time()).await?;
    if let Some(route) = add.clone() {
        setup::add_route(&app.store, route).await?;
    }
    let changed = write(&door, only_if, "channel.changed", row).await;
    let stale = if changed.is_ok() { remove } else { add };
    if let Some(route) = stale {
        let tenant = door.tenant();
        app.store.control_write(move |c| routes::remove(c, tenant, &route.kind, &route.value)).await?;
    }
    changed
}

/// Writes a changed row, where nobody else was quicker.
async fn write(door: &Door<needs::ChannelsManage>, only_if: IfMatch, kind: &'static str, row: Channel) -> Answer {
    let (settings, hook) = (change::shown(&door.app().opener, &row)?, hook_url(door.app(), &row));
    let kinds = door.app().opener.kinds();
    door.write(move |tx, who| {
        let was = rows::get(tx, row.id)?;
        only_if.check(who, was.version)?;
        if row.fallback_channel_id != was.fallback_channel_id {
            fallback::check(tx, &kinds, &row)?;
        }
        let row = rows::update(tx, &row)?;
        jobs::hurry(tx, row.id, row.updated_at)?;
        tell(tx, &who.acting, kind, &row)?;
        Ok(Reply::ok(&ChannelView::with(&row, settings.clone(), hook.clone()))?.version(row.version))
    })
    .await
}

/// Says what became of a try to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    pub works: bool,
    /// Who we are there.
    #[schema(example = "help@riverton.example")]
    pub address: Option<String>,
    /// What was proven, or what has to be mended.
    #[schema(example = "IMAP and SMTP sign-in worked; 3 folders")]
    pub detail: String,
    /// Of a failure: `settings`, `credentials`, `unreachable`, …
    pub kind: Option<String>,
}

/// Proves that a channel's account works. Sends nothing.
#[utoipa::path(tag = "channels", operation_id = "check_channel", params(("id" = String, Path, description = "The channel.")),
    responses((status = 200, description = "What was found.", body = Checked)))]
#[post("/channels/{id}/check")]
pub async fn check(door: Door<needs::ChannelsManage>, path: Path<String>) -> Answer {
    let row = row_of(&door, path).await?;
    let app = door.app();
    let checked = match setup::check(&app.store, &app.opener, &app.clock, &row).await? {
        Ok(is) => Checked { works: true, address: Some(is.address), detail: is.detail, kind: None },
        Err(e) => Checked { works: false, address: None, kind: Some(e.kind.as_str().to_owned()), detail: e.detail },
    };
    Ok(Reply::ok(&checked)?)
}

/// Pauses a channel: nothing is fetched or taken in, and its sender or server keeps what comes.
#[utoipa::path(tag = "channels", operation_id = "pause_channel", params(("id" = String, Path, description = "The channel.")),
    responses((status = 200, description = "The channel as it is now.", body = ChannelView)))]
#[post("/channels/{id}/pause")]
pub async fn pause(door: Door<needs::ChannelsManage>, path: Path<String>) -> Answer {
    set_state(&door, path, "paused", "channel.paused").await
}

/// Lets a paused channel go on where it stopped.
#[utoipa::path(tag = "channels", operation_id = "resume_channel", params(("id" = String, Path, description = "The channel.")),
    responses((status = 200, description = "The channel as it is now.", body = ChannelView)))]
#[post("/channels/{id}/resume")]
pub async fn resume(door: Door<needs::ChannelsManage>, path: Path<String>) -> Answer {
    set_state(&door, path, "active", "channel.resumed").await
}

async fn set_state(
    door: &Door<needs::ChannelsManage>,
    path: Path<String>,
    state: &'static str,
    kind: &'static str,
) -> Answer {
    let row = row_of(door, path).await?;
    let (settings, hook) = (change::shown(&door.app().opener, &row)?, hook_url(door.app(), &row));
    let (id, now) = (row.id, door.app().time());
    door.write(move |tx, who| {
        let mut row = rows::get(tx, id)?;
        if row.state != state {
            row = rows::update(tx, &Channel { state: state.to_owned(), updated_at: now, ..row })?;
            tell(tx, &who.acting, kind, &row)?;
        }
        Ok(Reply::ok(&ChannelView::with(&row, settings.clone(), hook.clone()))?.version(row.version))
    })
    .await
}

fn tell(tx: &mut Tx, act: &Acting, kind: &str, row: &Channel) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.data = Json(serde_json::json!({ "channel_id": ids::CHANNEL.show(row.id.0), "name": row.name }));
    Ok(events::append(tx, vec![event])?)
}
