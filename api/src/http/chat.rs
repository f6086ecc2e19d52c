//! `/v1/public/{tenant}/chats`: a talk with the agency from its own pages, over REST and server-sent events.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Bytes, Data, Path},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body,
    contacts::NewContact,
    problem::Problem,
    public::{agency, hash},
    show::{FileBytes, id_or_none, moment},
    wire::{Answer, Reply},
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    cases::{
        chat,
        desk::{self, Asked},
    },
    channels::builtin::chat::ID,
    fail::Fail,
    ids,
    store::{Store, Time, Tx, links::Link, messages, messages::Message},
};

/// Words of a talk that are shown: the newest.
const SHOWN: i64 = 500;
/// How often an open page looks, and shows that it is there.
const LOOK: Duration = Duration::from_secs(2);
/// Looks between two signs of life.
const BEAT: u32 = 10;

/// The first words of a talk.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    #[schema(example = "Do I need a permit for a fence?", min_length = 1, max_length = 20_000)]
    text: String,
    #[schema(example = "Maria Lopez", max_length = 200)]
    name: Option<String>,
    /// Where the talk goes on when the page is left.
    #[schema(example = "maria@example.org", max_length = 254, format = Email)]
    email: Option<String>,
    topic_id: Option<String>,
}

/// A talk that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatBegun {
    #[schema(example = "RIV-2026-004217")]
    pub reference: String,
    /// The secret of this talk, for a day.
    #[schema(example = "q83vEjRWeJCrze8SNFZ4kA")]
    pub token: String,
}

/// One thing said in a talk.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub id: String,
    /// `you` or `agency`.
    #[schema(example = "agency")]
    pub by: &'static str,
    #[schema(example = "Not for one of less than two metres.")]
    pub text: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub at: String,
}

/// A talk, the first words first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Talk {
    pub data: Vec<Said>,
}

impl Said {
    fn of(message: &Message) -> Self {
        let by = if message.direction == "inbound" { "you" } else { "agency" };
        let (id, at) = (ids::MESSAGE.show(message.id.0), moment(message.created_at));
        Self { id, by, text: message.text.clone(), at }
    }
}

fn act(app: &App) -> Acting {
    Acting::new(Actor::System, &app.clock, &app.ids)
}

/// Begins a talk with the agency, which must have a channel of the connector `chat`.
#[utoipa::path(tag = "public", operation_id = "begin_chat", security(()), request_body = NewChat,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 201, description = "The talk has begun.", body = ChatBegun)))]
#[post("/public/{tenant}/chats")]
pub async fn begin(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<NewChat>) -> Answer {
    let (tenant, new) = (agency(&app, &req, &slug).await?, body.0);
    let person = NewContact { name: new.name.clone(), email: new.email.clone(), phone: None };
    let parties = if new.email.is_some() { person.parties("")? } else { Vec::new() };
    let topic_id = id_or_none(ids::TOPIC, new.topic_id.as_deref());
    let asked = Asked { text: new.text, name: new.name, parties, topic_id, ..Asked::default() };
    let asked = Asked { subject: Some(desk::subject(&asked)), ..asked };
    let token = URL_SAFE_NO_PAD.encode(app.ids.bytes::<16>());
    let (hash, act) = (hash(&token), act(&app));
    let write = move |tx: &mut Tx| {
        let channel = desk::channel(tx, ID)?.ok_or(Fail::NotFound("chat"))?;
        chat::begin(tx, &act, &channel, &asked, &hash)
    };
    let case = app.store.tenant(tenant).write(write).await?;
    let path = format!("/v1/public/{}/chats/{token}/messages", *slug);
    Ok(Reply::created(path, &ChatBegun { reference: case.reference, token })?)
}

/// What of a case belongs to the talk: everything on its channel, but nothing that failed or that staff only noted.
fn talk(tx: &mut Tx, link: &Link) -> Result<Vec<Message>, Fail> {
    let case = crate::store::cases::get(tx, link.case_id)?;
    let case = crate::store::cases::whole(tx, case)?;
    let mut said = messages::of_cases(tx, &[case.id], None, SHOWN)?;
    said.retain(|m| {
        m.channel_id.is_some() && m.channel_id == case.channel_id && m.direction != "note" && m.state != "failed"
    });
    said.reverse();
    Ok(said)
}

/// Reads a talk. Whoever reads it is there: answers come here and not by mail.
#[utoipa::path(tag = "public", operation_id = "read_chat", security(()),
    params(("tenant" = String, Path, description = "The agency's slug."), ("token" = String, Path, description = "The talk's secret.")),
    responses((status = 200, description = "What was said.", body = Talk)))]
#[get("/public/{tenant}/chats/{token}/messages")]
pub async fn read(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Answer {
    let (slug, token) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let said = look(&app.store, tenant, hash(&token), app.time()).await?;
    Ok(Reply::ok(&Talk { data: said.iter().map(Said::of).collect() })?)
}

async fn look(store: &Store, tenant: Uuid, hash: Vec<u8>, now: Time) -> Result<Vec<Message>, Fail> {
    let look = move |tx: &mut Tx| {
        let link = chat::open(tx, &hash, now)?;
        chat::seen(tx, &link, now)?;
        talk(tx, &link)
    };
    store.tenant(tenant).write(look).await
}

/// Something to say.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatWords {
    #[schema(example = "It is three metres high.", min_length = 1, max_length = 20_000)]
    text: String,
}

/// Says something in a talk.
#[utoipa::path(tag = "public", operation_id = "say_in_chat", security(()), request_body = ChatWords,
    params(("tenant" = String, Path, description = "The agency's slug."), ("token" = String, Path, description = "The talk's secret.")),
    responses((status = 201, description = "It is said.", body = Said)))]
#[post("/public/{tenant}/chats/{token}/messages")]
pub async fn say(app: Data<App>, req: HttpRequest, path: Path<(String, String)>, body: Body<ChatWords>) -> Answer {
    let (slug, token) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let (hash, act, text) = (hash(&token), act(&app), body.0.text);
    let write = move |tx: &mut Tx| {
        let link = chat::open(tx, &hash, act.now)?;
        Ok::<_, Fail>(chat::say(tx, &act, &link, &text)?.1)
    };
    let message = app.store.tenant(tenant).write(write).await?;
    Ok(Reply::created(format!("/v1/public/{slug}/chats/{token}/messages"), &Said::of(&message))?)
}

/// Leaves a talk: what the agency says from now on comes by mail, where an address was given.
#[utoipa::path(tag = "public", operation_id = "leave_chat", security(()),
    params(("tenant" = String, Path, description = "The agency's slug."), ("token" = String, Path, description = "The talk's secret.")),
    responses((status = 204, description = "The talk is left.")))]
#[post("/public/{tenant}/chats/{token}/leave")]
pub async fn leave(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Answer {
    let (slug, token) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let (hash, now) = (hash(&token), app.time());
    let write = move |tx: &mut Tx| {
        let link = chat::open(tx, &hash, now)?;
        chat::leave(tx, &link, now)
    };
    app.store.tenant(tenant).write(write).await?;
    Ok(Reply::nothing())
}

/// Follows a talk: everything that was said, then what is said, as server-sent events whose `data` is one message.
#[utoipa::path(tag = "public", operation_id = "follow_chat", security(()),
    params(("tenant" = String, Path, description = "The agency's slug."), ("token" = String, Path, description = "The talk's secret."),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen: only what came after it is sent.")),
    responses((status = 200, description = "The events.", body = FileBytes, content_type = "text/event-stream")))]
#[get("/public/{tenant}/chats/{token}/events")]
pub async fn follow(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, token) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let hash = hash(&token);
    let said = look(&app.store, tenant, hash.clone(), app.time()).await?;
    let page = Page { shown: seen(&req, &said), app, tenant, hash, looks: 0, first: Some(said) };
    let events = stream::unfold(page, |mut page| async move {
        let event = page.next().await?;
        Some((Ok::<_, actix_web::Error>(event), page))
    });
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(events))
}

/// How much of a talk the page has seen before it lost its connection. What it calls the last and nobody knows counts as
/// nothing.
fn seen(req: &HttpRequest, said: &[Message]) -> usize {
    let last = req.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let at = last.and_then(|last| said.iter().position(|message| ids::MESSAGE.show(message.id.0) == last));
    at.map_or(0, |at| at + 1)
}

/// A page that follows a talk.
struct Page {
    app: Data<App>,
    tenant: Uuid,
    hash: Vec<u8>,
    shown: usize,
    looks: u32,
    first: Option<Vec<Message>>,
}

impl Page {
    /// The next words, or a sign of life; none where the talk is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let said = match self.first.take() {
                Some(first) => first,
                None => {
                    tokio::time::sleep(LOOK).await;
                    self.looks += 1;
                    look(&self.app.store, self.tenant, self.hash.clone(), self.app.time()).await.ok()?
                }
            };
            let news: String = said.iter().skip(self.shown).map(event).collect();
            self.shown = said.len().max(self.shown);
            if !news.is_empty() {
                return Some(news.into());
            }
            if self.looks.is_multiple_of(BEAT) {
                return Some(Bytes::from_static(b":\n\n"));
            }
        }
    }
}

fn event(message: &Message) -> String {
    let data = serde_json::to_string(&Said::of(message)).unwrap_or_default();
    format!("id: {}\ndata: {data}\n\n", ids::MESSAGE.show(message.id.0))
}
