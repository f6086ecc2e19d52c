//! `/v1/cases`: the shared record, listed, opened, read and changed.

use actix_web::{get, patch, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    contacts::{NewContact, contact_of},
    door::Door,
    page::List,
    show::{absent_or, id_or_none, ids_of, moment, some},
    wire::{Answer, Reply, id},
};
use crate::{
    auth::needs,
    cases::{answers::Filled, change, record},
    fail::Fail,
    ids,
    store::{
        Time, Tx, Uid,
        cases::{self, Case, Filter, Sort},
    },
};

/// One case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    #[schema(example = "cas_0197f2a1c3d47b3e8a1f5c2d9e6b7a80")]
    pub id: String,
    /// What a person says aloud.
    #[schema(example = "RIV-2026-004217")]
    pub reference: String,
    #[schema(example = "Streetlight out on Elm Street")]
    pub subject: String,
    /// `new`, `open`, `pending`, `resolved` or `closed`.
    #[schema(example = "open")]
    pub status: String,
    /// `done`, `declined` or `referred`; only of a resolved or closed case.
    pub outcome: Option<String>,
    /// `low`, `normal`, `high` or `urgent`.
    #[schema(example = "normal")]
    pub priority: String,
    pub topic_id: Option<String>,
    pub team_id: Option<String>,
    pub assignee_id: Option<String>,
    /// The person whose case it is.
    #[schema(example = "con_0197f2a1c3d47b3e8a1f5c2d9e6b7a81")]
    pub contact_id: String,
    /// Where it came in and answers go out.
    pub channel_id: Option<String>,
    pub tags: Vec<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:30:00Z")]
    pub updated_at: String,
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    /// The case that its messages moved to, and that goes on in its place.
    pub merged_into: Option<String>,
    /// What was filled into the topic's form, as the form was then.
    pub fields: Vec<Filled>,
}

impl CaseView {
    fn of(case: &Case, tags: Vec<String>) -> Self {
        Self {
            id: ids::CASE.show(case.id.0),
            reference: case.reference.clone(),
            subject: case.subject.clone(),
            status: case.status.clone(),
            outcome: case.outcome.clone(),
            priority: case.priority.clone(),
            topic_id: case.topic_id.map(|i| ids::TOPIC.show(i.0)),
            team_id: case.team_id.map(|i| ids::TEAM.show(i.0)),
            assignee_id: case.assignee_id.map(|i| ids::STAFF.show(i.0)),
            contact_id: ids::CONTACT.show(case.contact_id.0),
            channel_id: case.channel_id.map(|i| ids::CHANNEL.show(i.0)),
            tags,
            created_at: moment(case.created_at),
            updated_at: moment(case.updated_at),
            closed_at: case.closed_at.map(moment),
            merged_into: case.merged_into.map(|i| ids::CASE.show(i.0)),
            fields: case.fields.read(),
        }
    }

    /// One case with its tags.
    pub fn load(tx: &mut Tx, case: &Case) -> Result<Self, Fail> {
        let tags = cases::tags_of(tx, &[case.id])?.into_iter().map(|(_, tag)| tag).collect();
        Ok(Self::of(case, tags))
    }

    /// Several cases with their tags, in their order.
    pub fn load_all(tx: &mut Tx, rows: &[Case]) -> Result<Vec<Self>, Fail> {
        let all: Vec<Uid> = rows.iter().map(|c| c.id).collect();
        let tags = cases::tags_of(tx, &all)?;
        let of = |case: &Case| tags.iter().filter(|(id, _)| *id == case.id).map(|(_, tag)| tag.clone()).collect();
        Ok(rows.iter().map(|case| Self::of(case, of(case))).collect())
    }
}

/// The case that a path names.
pub fn named(tx: &mut Tx, path: &str) -> Result<Case, Fail> {
    let id = id(ids::CASE, path)?;
    cases::get(tx, Uid(id)).map_err(|e| match e {
        crate::store::Error::NotFound => Fail::NotFound("case"),
        e => e.into(),
    })
}

/// Which cases to list. Every list takes `a=1&a=2` and `a=1,2` alike.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListCases {
    /// `new`, `open`, `pending`, `resolved`, `closed`.
    #[serde(default)]
    status: Vec<String>,
    /// `low`, `normal`, `high`, `urgent`.
    #[serde(default)]
    priority: Vec<String>,
    /// Members of staff; `me` is the caller, `none` finds what nobody has.
    #[serde(default)]
    assignee_id: Vec<String>,
    /// Teams.
    #[serde(default)]
    team_id: Vec<String>,
    /// Topics.
    #[serde(default)]
    topic_id: Vec<String>,
    /// Requesters.
    #[serde(default)]
    contact_id: Vec<String>,
    /// Channels that cases came in by.
    #[serde(default)]
    channel_id: Vec<String>,
    /// Cases with any of these tags.
    #[serde(default)]
    tag: Vec<String>,
    /// Exactly this reference, such as `RIV-2026-004217`.
    reference: Option<String>,
    /// RFC 3339, such as `2026-11-22T00:00:00Z`.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<jiff::Timestamp>,
    /// RFC 3339.
    #[param(value_type = Option<String>, format = DateTime)]
    created_since: Option<jiff::Timestamp>,
    /// `-updated_at` (the usual), `updated_at`, `-created_at` or `created_at`; `-` puts the newest first.
    #[param(pattern = "^-?(updated|created)_at$")]
    sort: Option<String>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListCases {
    fn filter(&self, me: Option<Uuid>) -> Filter {
        let assignees: Vec<String> = self.assignee_id.iter().filter(|a| *a != "none" && *a != "me").cloned().collect();
        let mut assignee = ids_of(ids::STAFF, &assignees);
        if self.assignee_id.iter().any(|a| a == "me") {
            assignee.push(Uid(me.unwrap_or_default()));
        }
        Filter {
            status: self.status.clone(),
            priority: self.priority.clone(),
            assignee,
            unassigned: self.assignee_id.iter().any(|a| a == "none"),
            team: ids_of(ids::TEAM, &self.team_id),
            topic: ids_of(ids::TOPIC, &self.topic_id),
            contact: ids_of(ids::CONTACT, &self.contact_id),
            channel: ids_of(ids::CHANNEL, &self.channel_id),
            tag: self.tag.clone(),
            reference: self.reference.clone(),
            updated_since: self.updated_since.map(Time::new),
            created_since: self.created_since.map(Time::new),
        }
    }

    fn sort(&self) -> Result<Sort, Fail> {
        let (by_created, descending) = match self.sort.as_deref() {
            None | Some("-updated_at") => (false, true),
            Some("updated_at") => (false, false),
            Some("-created_at") => (true, true),
            Some("created_at") => (true, false),
            Some(_) => {
                let known = "must be -updated_at, updated_at, -created_at or created_at";
                return Err(Fail::field("sort", known));
            }
        };
        Ok(Sort { by_created, descending })
    }
}

/// Lists cases, the last changed first.
#[utoipa::path(tag = "cases", operation_id = "list_cases", params(ListCases),
    responses((status = 200, description = "A page of cases.", body = List<CaseView>)))]
#[get("/cases")]
pub async fn list(door: Door<needs::CasesRead>, query: Params<ListCases>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    let sort = query.sort()?;
    door.read(move |tx, who| {
        let from = page.after.as_ref().and_then(|(at, id)| Some((super::show::time(*at)?, Uid(*id))));
        let rows = cases::list(tx, &query.filter(who.staff()), sort, from, page.fetch())?;
        let at = |c: &Case| if sort.by_created { c.created_at } else { c.updated_at };
        let listed = page.list(rows, |c| (at(c).0.as_microsecond(), c.id.0), |c| c);
        let data = CaseView::load_all(tx, &listed.data)?;
        Reply::ok(&List { data, next_cursor: listed.next_cursor })
    })
    .await
}

/// A case to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    #[schema(example = "Streetlight out on Elm Street", min_length = 1, max_length = 500)]
    subject: String,
    /// A known contact; instead of `contact`.
    contact_id: Option<String>,
    /// Who asks; found by the address, or made.
    contact: Option<NewContact>,
    /// What the person said; it becomes the case's first message.
    #[schema(example = "It has been dark since Monday.", max_length = 200_000)]
    text: Option<String>,
    topic_id: Option<String>,
    team_id: Option<String>,
    assignee_id: Option<String>,
    /// Where answers go out.
    channel_id: Option<String>,
    /// `low`, `normal` (the usual), `high` or `urgent`.
    #[schema(example = "normal")]
    priority: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// Opens a case.
#[utoipa::path(tag = "cases", operation_id = "open_case", request_body = NewCase,
    responses((status = 201, description = "The new case.", body = CaseView)))]
#[post("/cases")]
pub async fn create(door: Door<needs::CasesWrite>, body: Body<NewCase>) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let act = &who.acting;
        let contact_id = contact_of(tx, act, new.contact_id.as_deref(), new.contact.as_ref())?;
        let mut opening = record::Opening::new(new.subject.clone(), contact_id);
        opening.topic_id = id_or_none(ids::TOPIC, new.topic_id.as_deref());
        opening.team_id = id_or_none(ids::TEAM, new.team_id.as_deref());
        opening.assignee_id = id_or_none(ids::STAFF, new.assignee_id.as_deref());
        opening.channel_id = id_or_none(ids::CHANNEL, new.channel_id.as_deref());
        opening.tags.clone_from(&new.tags);
        if let Some(priority) = &new.priority {
            opening.priority.clone_from(priority);
        }
        let mut case = record::open(tx, act, opening)?;
        if let Some(text) = &new.text {
            case = record::told(tx, act, &case, text)?;
        }
        let view = CaseView::load(tx, &case)?;
        Ok(Reply::created(format!("/v1/cases/{}", view.id), &view)?.version(case.version))
    })
    .await
}

/// Reads a case.
#[utoipa::path(tag = "cases", operation_id = "read_case", params(("id" = String, Path, description = "The case.")),
    responses((status = 200, description = "The case.", body = CaseView)))]
#[get("/cases/{id}")]
pub async fn read(door: Door<needs::CasesRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let case = named(tx, &path)?;
        Ok(Reply::ok(&CaseView::load(tx, &case)?)?.version(case.version))
    })
    .await
}

/// What to change. A field left out stays as it is; `null` empties one that may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "resolved", "outcome": "done", "tags": ["lighting"] }))]
pub struct ChangeCase {
    subject: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "some")]
    outcome: Option<Option<String>>,
    priority: Option<String>,
    #[serde(default, deserialize_with = "some")]
    topic_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    team_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    assignee_id: Option<Option<String>>,
    /// All tags that the case shall have.
    tags: Option<Vec<String>>,
}

/// Changes a case.
#[utoipa::path(tag = "cases", operation_id = "change_case", params(("id" = String, Path, description = "The case.")),
    request_body = ChangeCase, responses((status = 200, description = "The case as it is now.", body = CaseView)))]
#[patch("/cases/{id}")]
pub async fn update(door: Door<needs::CasesWrite>, path: Path<String>, body: Body<ChangeCase>) -> Answer {
    let (only_if, wanted) = (door.if_match()?, body.0);
    door.write(move |tx, who| {
        let case = named(tx, &path)?;
        only_if.check(who, case.version)?;
        let change = change::Change {
            subject: wanted.subject.clone(),
            status: wanted.status.clone(),
            outcome: wanted.outcome.clone(),
            priority: wanted.priority.clone(),
            topic_id: absent_or(ids::TOPIC, wanted.topic_id.as_ref()),
            team_id: absent_or(ids::TEAM, wanted.team_id.as_ref()),
            assignee_id: absent_or(ids::STAFF, wanted.assignee_id.as_ref()),
            tags: wanted.tags.clone(),
        };
        let case = change::change(tx, &who.acting, &case, change)?;
        Ok(Reply::ok(&CaseView::load(tx, &case)?)?.version(case.version))
    })
    .await
}
