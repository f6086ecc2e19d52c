//! `/v1/cases/{id}/messages`, `/notes` and `/v1/messages/{id}`: what was said, and answering it.

use actix_web::{HttpResponse, get, post, web::Path};
use civicdesk_contract::{IdentityKind, Party};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    attachments::AttachmentView,
    cases::named as case_named,
    door::Door,
    page::List,
    problem::Problem,
    show::{FileBytes, id_or_none, moment, time},
    wire::{Answer, Reply, id},
};
use crate::{
    auth::{Right, needs},
    cases::{html, reply, retry as again, scan},
    fail::Fail,
    ids,
    store::{
        Tx, Uid, attachments, inbound,
        messages::{self, Message},
    },
};

/// An address and the name that goes with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyView {
    /// `email`, `phone`, `handle` or `account`.
    #[schema(example = "email")]
    pub kind: String,
    #[schema(example = "maria@example.org")]
    pub address: String,
    pub name: Option<String>,
}

impl From<Party> for PartyView {
    fn from(party: Party) -> Self {
        Self { kind: party.kind.as_str().to_owned(), address: party.address, name: party.name }
    }
}

/// One message of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub id: String,
    pub case_id: String,
    /// `inbound`, `outbound` or `note`.
    #[schema(example = "inbound")]
    pub direction: String,
    /// The channel it came or goes by; null for notes and what staff wrote down.
    pub channel: Option<String>,
    /// The channel it was written for, where it goes by that one's fallback.
    pub rerouted_from: Option<String>,
    /// `contact`, `staff`, `key` or `system`.
    #[schema(example = "contact")]
    pub author_kind: String,
    pub author_id: Option<String>,
    pub from: Option<PartyView>,
    pub to: Vec<PartyView>,
    pub cc: Vec<PartyView>,
    pub subject: Option<String>,
    /// The whole text.
    #[schema(example = "The streetlight on Elm Street is out.")]
    pub text: String,
    /// The text without what it quotes of earlier messages.
    #[schema(example = "The streetlight on Elm Street is out.")]
    pub new_text: String,
    /// Sanitized: no script, no remote content.
    pub html: Option<String>,
    pub attachments: Vec<AttachmentView>,
    /// `received`, `noted`, `queued`, `sending`, `sent`, `delivered`, `read`, `failed` or `unknown`.
    #[schema(example = "received")]
    pub state: String,
    /// Why it failed or waits, or what the network answered.
    pub state_detail: Option<String>,
    /// A machine wrote it.
    pub automatic: bool,
    /// Anyone could read it where it was written.
    pub public: bool,
    /// Which letter of ours it is, such as `acknowledgement`.
    pub letter: Option<String>,
    /// The network's own id of it; for mail, the Message-ID.
    pub network_id: Option<String>,
    /// How often sending it was begun.
    pub attempts: i32,
    /// When its writer says it was written.
    #[schema(format = DateTime)]
    pub sent_at: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
}

impl MessageView {
    pub fn load(tx: &mut Tx, rows: Vec<Message>) -> Result<Vec<Self>, Fail> {
        let all: Vec<Uid> = rows.iter().map(|m| m.id).collect();
        let mut files = attachments::of_messages(tx, &all)?;
        let view = |message: Message| {
            let own =
                files.extract_if(.., |f| f.message_id == Some(message.id)).map(|f| AttachmentView::of(&f)).collect();
            Self::of(message, own)
        };
        Ok(rows.into_iter().map(view).collect())
    }

    fn of(m: Message, attachments: Vec<AttachmentView>) -> Self {
        let parties = |json: &crate::store::Json| json.read::<Vec<Party>>().into_iter().map(PartyView::from).collect();
        let author = match m.author_kind.as_str() {
            "contact" => Some(ids::CONTACT),
            "staff" => Some(ids::STAFF),
            "key" => Some(ids::KEY),
            _ => None,
        };
        Self {
            id: ids::MESSAGE.show(m.id.0),
            case_id: ids::CASE.show(m.case_id.0),
            channel: m.channel_id.map(|i| ids::CHANNEL.show(i.0)),
            rerouted_from: m.first_channel_id.map(|i| ids::CHANNEL.show(i.0)),
            author_id: author.zip(m.author_id).map(|(prefix, id)| prefix.show(id.0)),
            from: m.sender.read::<Option<Party>>().map(PartyView::from),
            to: parties(&m.recipients),
            cc: parties(&m.copies),
            sent_at: m.written_at.map(moment),
            created_at: moment(m.created_at),
            direction: m.direction,
            author_kind: m.author_kind,
            subject: m.subject,
            text: m.text,
            new_text: m.fresh_text,
            html: m.html,
            attachments,
            state: m.state,
            state_detail: m.state_detail,
            automatic: m.automatic,
            public: m.public,
            letter: m.letter,
            network_id: m.network_id,
            attempts: m.attempts,
        }
    }

    fn one(tx: &mut Tx, message: Message) -> Result<Self, Fail> {
        Self::load(tx, vec![message])?.pop().ok_or(Fail::NotFound("message"))
    }
}

fn named(tx: &mut Tx, path: &str) -> Result<Message, Fail> {
    let id = id(ids::MESSAGE, path)?;
    messages::get(tx, Uid(id)).map_err(|e| match e {
        crate::store::Error::NotFound => Fail::NotFound("message"),
        e => e.into(),
    })
}

/// A part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists a case's messages and notes, the oldest first.
#[utoipa::path(tag = "messages", operation_id = "list_messages", params(("id" = String, Path, description = "The case."), Part),
    responses((status = 200, description = "A page of messages.", body = List<MessageView>)))]
#[get("/cases/{id}/messages")]
pub async fn list(door: Door<needs::CasesRead>, path: Path<String>, query: Params<Part>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let case = case_named(tx, &path)?;
        let from = page.after.as_ref().and_then(|(at, id)| Some((time(*at)?, Uid(*id))));
        let rows = messages::of_case(tx, case.id, from, page.fetch())?;
        let listed = page.list(rows, |m| (m.created_at.0.as_microsecond(), m.id.0), |m| m);
        Reply::ok(&List { data: MessageView::load(tx, listed.data)?, next_cursor: listed.next_cursor })
    })
    .await
}

/// An answer to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    #[schema(example = "Thank you. The light is repaired since this morning.", min_length = 1, max_length = 200_000)]
    text: String,
    /// Sanitized before it is kept.
    #[schema(max_length = 262_144)]
    html: Option<String>,
    /// Where it goes out. Left out: the channel that the requester prefers, or else the case's own, or else one that reaches
    /// them; never one on which they want nothing.
    channel_id: Option<String>,
    /// Addresses as the channel's network writes them. Left out: whoever wrote last there, or else the requester.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["maria@example.org"]))]
    to: Vec<String>,
    /// Addresses that receive a copy.
    #[serde(default)]
    #[schema(max_items = 50)]
    cc: Vec<String>,
    /// Files uploaded before with the same credential.
    #[serde(default)]
    #[schema(max_items = 50)]
    attachments: Vec<String>,
    /// Whether anyone may read it, on a network where that can be chosen. Left out: as the message that it answers. What
    /// was said in private is refused in public.
    public: Option<bool>,
    /// Goes out at once, even into somebody's quiet hours. For what cannot wait until the morning.
    #[serde(default)]
    urgent: bool,
}

fn emails(addresses: &[String]) -> Vec<Party> {
    let party = |a: &String| Party { kind: IdentityKind::Email, address: a.clone(), name: None };
    addresses.iter().map(party).collect()
}

/// Answers: queues a message, which is sent at once and in the background.
///
/// It may go out on another channel than the question came on. To somebody who wants nothing on a channel nothing is sent
/// there: 409 `opted-out` says since when, and which other ways there are. Texts wait for the end of quiet hours, unless the
/// person has just written or `urgent` is set; `state_detail` says until when. Its `state` moves on from `queued`; read the message to see where it is. With a test key it is recorded and never sent.
/// Where its network bills by the part and the agency's budget for the month is spent, it is refused with `budget-spent`.
#[utoipa::path(tag = "messages", operation_id = "send_message", params(("id" = String, Path, description = "The case.")),
    request_body = NewMessage, responses((status = 202, description = "The queued message.", body = MessageView)))]
#[post("/cases/{id}/messages")]
pub async fn create(door: Door<needs::MessagesSend>, path: Path<String>, body: Body<NewMessage, 2_097_152>) -> Answer {
    let new = body.0;
    let safe = match new.html.as_deref().map(html::clean) {
        Some(None) => return Err(Fail::field("/html", "is too large or nested too deeply").into()),
        safe => safe.flatten(),
    };
    let opener = door.app().opener.clone();
    let kinds = opener.kinds();
    door.write(move |tx, who| {
        let case = case_named(tx, &path)?;
        let attachments = new.attachments.iter().map(|t| Uid(ids::ATTACHMENT.read(t).unwrap_or(Uuid::nil()))).collect();
        let answer = reply::Reply {
            text: new.text.clone(),
            html: safe.clone(),
            channel_id: id_or_none(ids::CHANNEL, new.channel_id.as_deref()),
            to: emails(&new.to),
            cc: emails(&new.cc),
            attachments,
            uploader: who.id(),
            public: new.public,
            urgent: new.urgent,
            test: who.test,
        };
        let posted = reply::reply(tx, &who.acting, &kinds, &case, answer)?;
        if !who.test {
            opener.afford(tx, &who.acting, &posted.message)?;
        }
        let view = MessageView::one(tx, posted.message)?;
        Reply::accepted(format!("/v1/messages/{}", view.id), &view)
    })
    .await
}

/// A note to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    #[schema(example = "She rang: the light is out again.", min_length = 1, max_length = 200_000)]
    text: String,
}

/// Writes a note that only staff see.
#[utoipa::path(tag = "messages", operation_id = "write_note", params(("id" = String, Path, description = "The case.")),
    request_body = NewNote, responses((status = 201, description = "The note.", body = MessageView)))]
#[post("/cases/{id}/notes")]
pub async fn note(door: Door<needs::CasesWrite>, path: Path<String>, body: Body<NewNote, 2_097_152>) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let case = case_named(tx, &path)?;
        let posted = reply::note(tx, &who.acting, &case, &new.text)?;
        let view = MessageView::one(tx, posted.message)?;
        Reply::created(format!("/v1/messages/{}", view.id), &view)
    })
    .await
}

/// Reads a message.
#[utoipa::path(tag = "messages", operation_id = "read_message", params(("id" = String, Path, description = "The message.")),
    responses((status = 200, description = "The message.", body = MessageView)))]
#[get("/messages/{id}")]
pub async fn read(door: Door<needs::CasesRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let message = named(tx, &path)?;
        Reply::ok(&MessageView::one(tx, message)?)
    })
    .await
}

/// Why a message is where it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Filing {
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub message_id: String,
    pub case_id: String,
    /// How the case was chosen, what was matched, and what was looked at and refused; the fields depend on the way.
    #[schema(value_type = Object, example = json!({ "method": "references", "matched": "abc@example.org" }))]
    pub filing: serde_json::Value,
}

/// Says why a message landed in its case.
#[utoipa::path(tag = "messages", operation_id = "read_filing", params(("id" = String, Path, description = "The message.")),
    responses((status = 200, description = "Why it is there.", body = Filing)))]
#[get("/messages/{id}/filing")]
pub async fn filing(door: Door<needs::CasesRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let m = named(tx, &path)?;
        let (message_id, case_id) = (ids::MESSAGE.show(m.id.0), ids::CASE.show(m.case_id.0));
        Reply::ok(&Filing { message_id, case_id, filing: m.filing.0 })
    })
    .await
}

/// Gives a message as it came, byte for byte.
///
/// One with a file in which a scanner found something needs the right `files:unsafe` as well.
#[utoipa::path(tag = "messages", operation_id = "read_raw_message", params(("id" = String, Path, description = "The message.")),
    responses((status = 200, description = "The bytes as they arrived.", body = FileBytes, content_type = "application/octet-stream")))]
#[get("/messages/{id}/raw")]
pub async fn raw(door: Door<needs::CasesRead>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let scanning = door.app().intake.scanning;
    let item = door
        .read(move |tx, who| {
            let item = named(tx, &path)?.item_id.ok_or(Fail::NotFound("original of this message"))?;
            let item = inbound::get(tx, item)?;
            scan::original(tx, scanning, &item, who.rights.has(Right::FilesUnsafe)).map(|()| item)
        })
        .await?;
    super::raw::download(door.app(), &item, "message.eml").await
}

/// Sends a message once more that failed, or whose end is unknown.
///
/// One whose end is unknown may have arrived: it goes out under the same id, and its recipient may see it twice.
#[utoipa::path(tag = "messages", operation_id = "retry_message", params(("id" = String, Path, description = "The message.")),
    responses((status = 202, description = "It waits to be sent.", body = MessageView)))]
#[post("/messages/{id}/retry")]
pub async fn retry(door: Door<needs::MessagesSend>, path: Path<String>) -> Answer {
    let opener = door.app().opener.clone();
    door.write(move |tx, who| {
        let message = named(tx, &path)?;
        if who.test {
            return Err(Fail::conflict("test-key", "a test key sends nothing"));
        }
        let message = again::retry(tx, &who.acting, &message)?;
        opener.afford(tx, &who.acting, &message)?;
        let view = MessageView::one(tx, message)?;
        Reply::accepted(format!("/v1/messages/{}", view.id), &view)
    })
    .await
}
