//! `/v1/calls` and `/v1/visits`: a case within one call, for those who sit at the telephone or the counter.

use actix_web::{get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    cases::CaseView,
    contacts::NewContact,
    door::Door,
    page::List,
    show::{id_or_none, moment, time},
    wire::{Answer, Reply, id},
};
use crate::{
    auth::needs,
    cases::desk::{self, Asked},
    channels::builtin::desk::{COUNTER, PHONE},
    fail::Fail,
    ids,
    store::{
        Tx, Uid,
        visits::{self, Visit},
    },
};

/// What somebody asked, and who they are. Phone numbers may be as they are dialled in the agency's country.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    #[schema(example = "The bin on Mill Lane was not emptied.", min_length = 1, max_length = 200_000)]
    text: String,
    /// The first words of the text where it is left out.
    #[schema(max_length = 500)]
    subject: Option<String>,
    /// The number they call from, or give.
    #[schema(example = "(555) 010-9999", max_length = 40, pattern = r"^\+?[ ().-]*([0-9][ ().-]*){3,15}$")]
    phone: Option<String>,
    #[schema(example = "Maria Lopez", max_length = 200)]
    name: Option<String>,
    #[schema(max_length = 254, format = Email)]
    email: Option<String>,
    topic_id: Option<String>,
    /// `low`, `normal` (the usual), `high` or `urgent`.
    priority: Option<String>,
    /// The case that they ask about; a new one where it is left out.
    case_id: Option<String>,
}

impl Told {
    fn asked(&self) -> Result<Asked, Fail> {
        let person = NewContact { name: self.name.clone(), email: self.email.clone(), phone: self.phone.clone() };
        let mut parties = person.parties("")?;
        parties.reverse();
        Ok(Asked {
            subject: self.subject.clone(),
            text: self.text.clone(),
            name: self.name.clone(),
            parties,
            topic_id: id_or_none(ids::TOPIC, self.topic_id.as_deref()),
            priority: self.priority.clone(),
            case_id: id_or_none(ids::CASE, self.case_id.as_deref()),
            fields: Vec::new(),
        })
    }
}

/// What was written down.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteView {
    pub case: CaseView,
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub message_id: String,
    #[schema(example = "con_0197f2a1c3d47b3e8a1f5c2d9e6b7a81")]
    pub contact_id: String,
}

/// Writes down a telephone call: the person is found by the number or made, and the case is there.
#[utoipa::path(tag = "desk", operation_id = "note_call", request_body = Told,
    responses((status = 201, description = "The case.", body = NoteView)))]
#[post("/calls")]
pub async fn call(door: Door<needs::CasesWrite>, body: Body<Told>) -> Answer {
    let told = body.0;
    door.write(move |tx, who| {
        let asked = told.asked()?;
        let channel = desk::channel(tx, PHONE)?;
        let (case, message) = desk::note(tx, &who.acting, channel.as_ref(), &asked)?;
        let contact_id = message.author_id.map(|id| ids::CONTACT.show(id.0)).unwrap_or_default();
        let message_id = ids::MESSAGE.show(message.id.0);
        let view = NoteView { case: CaseView::load(tx, &case)?, message_id, contact_id };
        Reply::created(format!("/v1/cases/{}", view.case.id), &view)
    })
    .await
}

/// A visit at the counter.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitView {
    #[schema(example = "vis_0197f2a1c3d47b3e8a1f5c2d9e6b7a88")]
    pub id: String,
    /// The number that the visitor took; the counter begins anew every day.
    #[schema(example = 17)]
    pub number: Option<i64>,
    /// `waiting`, `called` or `done`.
    #[schema(example = "waiting")]
    pub state: String,
    pub case: CaseView,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub updated_at: String,
}

impl VisitView {
    fn load(tx: &mut Tx, visit: &Visit) -> Result<Self, Fail> {
        let case = crate::store::cases::get(tx, visit.case_id)?;
        Ok(Self {
            id: ids::VISIT.show(visit.id.0),
            number: visit.number,
            state: visit.state.clone(),
            case: CaseView::load(tx, &case)?,
            created_at: moment(visit.created_at),
            updated_at: moment(visit.updated_at),
        })
    }
}

/// A visit to write down.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVisit {
    told: Told,
    /// Whether the visitor takes a number and waits.
    #[serde(default)]
    #[schema(example = true)]
    take_number: bool,
}

/// Writes down a visit: the person, the case and, where one is wanted, a number.
#[utoipa::path(tag = "desk", operation_id = "note_visit", request_body = NewVisit,
    responses((status = 201, description = "The visit.", body = VisitView)))]
#[post("/visits")]
pub async fn note_visit(door: Door<needs::CasesWrite>, body: Body<NewVisit>) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let asked = new.told.asked().map_err(|e| e.under("/told"))?;
        let none = || Fail::conflict("no-counter", "make a channel of the connector `counter` first");
        let counter = desk::channel(tx, COUNTER)?.ok_or_else(none)?;
        let noted = desk::note(tx, &who.acting, Some(&counter), &asked);
        let (case, _) = noted.map_err(|e| e.under("/told"))?;
        let visit = desk::visit(tx, &who.acting, &counter, &case, new.take_number)?;
        let view = VisitView::load(tx, &visit)?;
        Ok(Reply::created(format!("/v1/visits/{}", view.id), &view)?.version(visit.version))
    })
    .await
}

/// Which visits, and which part of their list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListVisits {
    /// `waiting` (the usual), `called` or `done`.
    #[param(pattern = "^(waiting|called|done)$")]
    state: Option<String>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists who waits, the first who came first.
#[utoipa::path(tag = "desk", operation_id = "list_visits", params(ListVisits),
    responses((status = 200, description = "A page of visits.", body = List<VisitView>)))]
#[get("/visits")]
pub async fn list_visits(door: Door<needs::CasesRead>, query: Params<ListVisits>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    let state = query.state.clone().unwrap_or_else(|| "waiting".to_owned());
    door.read(move |tx, _| {
        if !["waiting", "called", "done"].contains(&state.as_str()) {
            return Err(Fail::field("state", "must be waiting, called or done"));
        }
        let from = page.after.as_ref().and_then(|(at, id)| Some((time(*at)?, Uid(*id))));
        let rows = visits::list(tx, &state, from, page.fetch())?;
        let listed = page.list(rows, |v| (v.created_at.0.as_microsecond(), v.id.0), |v| v);
        let data = listed.data.iter().map(|visit| VisitView::load(tx, visit)).collect::<Result<Vec<_>, Fail>>()?;
        Reply::ok(&List { data, next_cursor: listed.next_cursor })
    })
    .await
}

fn named(tx: &mut Tx, path: &str) -> Result<Visit, Fail> {
    Ok(visits::get(tx, Uid(id(ids::VISIT, path)?))?)
}

/// What a visitor is told.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellVisitor {
    /// `your_turn` or `ready_to_collect`.
    #[schema(example = "your_turn")]
    say: String,
}

/// Texts a visitor that it is their turn, or that their papers lie ready.
///
/// The text goes through the outbox, by phone where a channel of the agency can, or else by another that reaches them.
#[utoipa::path(tag = "desk", operation_id = "tell_visitor", params(("id" = String, Path, description = "The visit.")),
    request_body = TellVisitor, responses((status = 202, description = "The visit; its text waits to be sent.", body = VisitView)))]
#[post("/visits/{id}/tell")]
pub async fn tell(door: Door<needs::MessagesSend>, path: Path<String>, body: Body<TellVisitor>) -> Answer {
    let (say, opener) = (body.0.say, door.app().opener.clone());
    let kinds = opener.kinds();
    door.write(move |tx, who| {
        if !["your_turn", "ready_to_collect"].contains(&say.as_str()) {
            return Err(Fail::field("/say", "must be your_turn or ready_to_collect"));
        }
        let visit = named(tx, &path)?;
        let letter = desk::tell(tx, &who.acting, &kinds, &visit, (&say, who.test))?;
        if !who.test {
            opener.afford(tx, &who.acting, &letter)?;
        }
        let visit = visits::update(tx, &visit, "called", who.acting.now)?;
        let view = VisitView::load(tx, &visit)?;
        Reply::accepted(format!("/v1/messages/{}", ids::MESSAGE.show(letter.id.0)), &view)
    })
    .await
}

/// Ends a visit.
#[utoipa::path(tag = "desk", operation_id = "end_visit", params(("id" = String, Path, description = "The visit.")),
    responses((status = 200, description = "The visit.", body = VisitView)))]
#[post("/visits/{id}/done")]
pub async fn done(door: Door<needs::CasesWrite>, path: Path<String>) -> Answer {
    door.write(move |tx, who| {
        let visit = named(tx, &path)?;
        let visit = if visit.state == "done" { visit } else { visits::update(tx, &visit, "done", who.acting.now)? };
        Ok(Reply::ok(&VisitView::load(tx, &visit)?)?.version(visit.version))
    })
    .await
}
