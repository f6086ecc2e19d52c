//! `/v1/public/{tenant}`: what anyone may do without signing in: see the topics, ask, and see where it stands.

use actix_web::{
    HttpRequest, get, post,
    web::{Data, Path},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body, client,
    problem::Problem,
    show::{id_or_none, moment},
    wire::{Answer, Reply},
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    cases::{
        desk,
        flaws::Refusal,
        form::FormField,
        requests::{self, Ask, Standing},
    },
    channels::builtin::desk::WEB,
    fail::Fail,
    ids,
    store::{Tx, cases::Case, messages::Message, tenants, topics as rows},
};

/// Topics of one agency that a form shows.
pub const MOST_TOPICS: i64 = 500;

/// The agency of this slug, for a stranger who may ask so often.
pub async fn agency(app: &App, req: &HttpRequest, slug: &str) -> Result<Uuid, Problem> {
    let from = client::address(req, &app.trusted_proxies).map(|ip| ip.to_string()).unwrap_or_default();
    app.quotas.take(&format!("public {from}"), app.now()).1?;
    let slug = slug.to_owned();
    let found = app.store.control_read(move |c| tenants::by_slug(c, &slug)).await.map_err(Fail::from)?;
    let entry = found.filter(|entry| entry.status == tenants::ACTIVE).ok_or(Fail::NotFound("agency"))?;
    Ok(entry.id.0)
}

/// A topic that can be asked about.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicTopic {
    #[schema(example = "top_0197f2a1c3d47b3e8a1f5c2d9e6b7a85")]
    pub id: String,
    #[schema(example = "Street lighting")]
    pub name: String,
    pub description: Option<String>,
    /// The form to fill in: each value goes into the request's `fields` under its key.
    pub fields: Vec<FormField>,
}

/// The topics of an agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicTopics {
    pub data: Vec<PublicTopic>,
}

/// Lists what an agency can be asked about.
#[utoipa::path(tag = "public", operation_id = "list_public_topics", security(()),
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 200, description = "All topics, by name.", body = PublicTopics)))]
#[get("/public/{tenant}/topics")]
pub async fn topics(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    let all = app.store.tenant(tenant).read(|tx| rows::list(tx, None, MOST_TOPICS)).await.map_err(Fail::from)?;
    let view = |t: rows::Topic| PublicTopic {
        id: ids::TOPIC.show(t.id.0),
        fields: t.fields.read(),
        name: t.name,
        description: t.description,
    };
    Ok(Reply::ok(&PublicTopics { data: all.into_iter().map(view).collect() })?)
}

/// What a citizen asks.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequest {
    /// May be left out where something stands in `fields`.
    #[serde(default)]
    #[schema(example = "The streetlight on Elm Street is out.", max_length = 20_000)]
    text: String,
    #[schema(max_length = 500)]
    subject: Option<String>,
    /// One of the agency's topics.
    topic_id: Option<String>,
    /// What was filled into the topic's form, by the fields' keys: a text, a number of a `number`, true or false of a
    /// `yes_no`, the choice's key of a `choice`.
    #[serde(default)]
    #[schema(example = json!({ "pole_number": "4711" }))]
    fields: Map<String, Value>,
    /// Files that were uploaded before.
    #[serde(default)]
    #[schema(max_items = 10)]
    attachments: Vec<String>,
    #[schema(example = "Maria Lopez", max_length = 200)]
    name: Option<String>,
    /// Where the answer goes. Without an address, the status is all there is.
    #[schema(example = "maria@example.org", max_length = 254, format = Email)]
    email: Option<String>,
    #[schema(max_length = 40, pattern = r"^\+?[ ().-]*([0-9][ ().-]*){3,15}$")]
    phone: Option<String>,
}

/// What the citizen keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenRequest {
    /// To be said aloud.
    #[schema(example = "RIV-2026-004217")]
    pub reference: String,
    /// The secret that shows where the request stands.
    #[schema(example = "q83vEjRWeJCrze8SNFZ4kA")]
    pub token: String,
    #[schema(example = "https://help.riverton.example/v1/public/riverton/requests/q83vEjRWeJCrze8SNFZ4kA")]
    pub status_url: String,
    /// The same as a page, for people.
    #[schema(example = "https://help.riverton.example/t/riverton/requests/q83vEjRWeJCrze8SNFZ4kA")]
    pub page_url: String,
}

/// Asks the agency for something.
///
/// The agency must have a channel of the connector `web`. Only the first address says who asks, and nothing is sent to it
/// before staff answer.
#[utoipa::path(tag = "public", operation_id = "make_request", security(()), request_body = NewRequest,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 201, description = "The request is taken.", body = TakenRequest)))]
#[post("/public/{tenant}/requests")]
pub async fn request(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<NewRequest>) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    let new = body.0;
    let ask = Ask {
        text: new.text,
        subject: new.subject,
        topic_id: id_or_none(ids::TOPIC, new.topic_id.as_deref()),
        fields: new.fields,
        attachments: new.attachments,
        name: new.name,
        email: new.email,
        phone: new.phone,
    };
    let (case, token) = taken(&app, tenant, ask).await.map_err(Fail::from)?;
    let path = format!("/v1/public/{}/requests/{token}", *slug);
    let status_url = format!("{}{path}", app.public_url);
    let page_url = format!("{}/t/{}/requests/{token}", app.public_url, *slug);
    Ok(Reply::created(path, &TakenRequest { reference: case.reference, token, status_url, page_url })?)
}

/// Takes a request in through the agency's form; the answer holds the secret that shows where it stands.
pub async fn taken(app: &App, tenant: Uuid, ask: Ask) -> Result<(Case, String), Refusal> {
    let token = URL_SAFE_NO_PAD.encode(app.ids.bytes::<16>());
    let (hash, act) = (hash(&token), Acting::new(Actor::System, &app.clock, &app.ids));
    let write = move |tx: &mut Tx| {
        let form = desk::channel(tx, WEB)?.ok_or(Fail::NotFound("form"))?;
        requests::take(tx, &act, &form, &ask, &hash)
    };
    Ok((app.store.tenant(tenant).write(write).await?, token))
}

/// A secret as it is kept.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// Where a request stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestStatus {
    #[schema(example = "RIV-2026-004217")]
    pub reference: String,
    #[schema(example = "Streetlight out on Elm Street")]
    pub subject: String,
    /// `new`, `open`, `pending`, `resolved` or `closed`.
    #[schema(example = "open")]
    pub status: String,
    /// `done`, `declined` or `referred`; only of a resolved or closed one.
    pub outcome: Option<String>,
    #[schema(example = "Street lighting")]
    pub topic: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub opened_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:30:00Z")]
    pub updated_at: String,
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
}

/// Says where a request stands. The token is all that is needed, and shows nothing that others wrote.
#[utoipa::path(tag = "public", operation_id = "read_request_status", security(()),
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("token" = String, Path, description = "What the citizen was given.")),
    responses((status = 200, description = "Where it stands.", body = RequestStatus)))]
#[get("/public/{tenant}/requests/{token}")]
pub async fn status(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Answer {
    let (slug, token) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let Standing { case, topic } = standing(&app, tenant, &token).await?;
    let view = RequestStatus {
        reference: case.reference,
        subject: case.subject,
        status: case.status,
        outcome: case.outcome,
        topic: topic.map(|topic| topic.name),
        opened_at: moment(case.created_at),
        updated_at: moment(case.updated_at),
        closed_at: case.closed_at.map(moment),
    };
    Ok(Reply::ok(&view)?)
}

/// Where the request of this secret stands.
pub async fn standing(app: &App, tenant: Uuid, token: &str) -> Result<Standing, Fail> {
    let (hash, now) = (hash(token), app.time());
    app.store.tenant(tenant).read(move |tx| requests::standing(tx, &hash, now)).await
}

/// Something to add to a request.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestWords {
    #[schema(example = "It is the third lamp from the corner.", min_length = 1, max_length = 20_000)]
    text: String,
    /// Files that were uploaded before.
    #[serde(default)]
    #[schema(max_items = 10)]
    attachments: Vec<String>,
}

/// What was added.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestAdded {
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub id: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub at: String,
}

/// Adds a message to a request. One that waits or is over is opened again.
#[utoipa::path(tag = "public", operation_id = "add_to_request", security(()), request_body = RequestWords,
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("token" = String, Path, description = "What the citizen was given.")),
    responses((status = 201, description = "It is added.", body = RequestAdded)))]
#[post("/public/{tenant}/requests/{token}/messages")]
pub async fn add(app: Data<App>, req: HttpRequest, path: Path<(String, String)>, body: Body<RequestWords>) -> Answer {
    let (slug, token) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let message = added(&app, tenant, &token, body.0.text, body.0.attachments).await.map_err(Fail::from)?;
    let added = RequestAdded { id: ids::MESSAGE.show(message.id.0), at: moment(message.created_at) };
    Ok(Reply::created(format!("/v1/public/{slug}/requests/{token}"), &added)?)
}

/// Adds a message to the request of this secret.
pub async fn added(app: &App, tenant: Uuid, token: &str, text: String, files: Vec<String>) -> Result<Message, Refusal> {
    let (hash, act) = (hash(token), Acting::new(Actor::System, &app.clock, &app.ids));
    app.store.tenant(tenant).write(move |tx| requests::add(tx, &act, &hash, &text, &files)).await
}
