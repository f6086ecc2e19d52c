//! `/v1/topics`: what cases are about.

use actix_web::{get, patch, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Body, Params,
    door::Door,
    page::List,
    show::{absent_or, id_or_none, moment, some},
    wire::{Answer, Reply, id},
};
use crate::{
    auth::needs,
    cases::{
        form::FormField,
        topics::{self, Wanted},
    },
    fail::Fail,
    ids,
    store::{
        Error, Uid,
        topics::{self as rows, Topic},
    },
};

/// One topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicView {
    #[schema(example = "top_0197f2a1c3d47b3e8a1f5c2d9e6b7a85")]
    pub id: String,
    #[schema(example = "Street lighting")]
    pub name: String,
    /// What it is, for people who choose.
    #[schema(example = "A lamp in a street or park that is out, flickers or is broken.")]
    pub description: Option<String>,
    /// The form that whoever asks about it fills in.
    pub fields: Vec<FormField>,
    /// The team that new cases of it go to.
    pub team_id: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub updated_at: String,
}

impl TopicView {
    fn of(t: &Topic) -> Self {
        Self {
            id: ids::TOPIC.show(t.id.0),
            name: t.name.clone(),
            description: t.description.clone(),
            fields: t.fields.read(),
            team_id: t.team_id.map(|i| ids::TEAM.show(i.0)),
            created_at: moment(t.created_at),
            updated_at: moment(t.updated_at),
        }
    }
}

/// A part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListTopics {
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists topics by name.
#[utoipa::path(tag = "topics", operation_id = "list_topics", params(ListTopics),
    responses((status = 200, description = "A page of topics.", body = List<TopicView>)))]
#[get("/topics")]
pub async fn list(door: Door<needs::TopicsRead>, query: Params<ListTopics>) -> Answer {
    let page = door.page::<(String, Uuid)>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, _| {
        let after = page.after.as_ref().map(|(name, _)| name.as_str());
        let all = rows::list(tx, after, page.fetch())?;
        Reply::ok(&page.list(all, |t| (t.name.clone(), t.id.0), |t| TopicView::of(&t)))
    })
    .await
}

/// A topic to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTopic {
    #[schema(example = "Street lighting", min_length = 1, max_length = 200)]
    name: String,
    /// What it is, for people who choose.
    #[schema(max_length = 2_000)]
    description: Option<String>,
    /// The form that whoever asks about it fills in.
    #[serde(default)]
    #[schema(max_items = 40)]
    fields: Vec<FormField>,
    team_id: Option<String>,
}

/// Makes a topic.
#[utoipa::path(tag = "topics", operation_id = "create_topic", request_body = NewTopic,
    responses((status = 201, description = "The new topic.", body = TopicView)))]
#[post("/topics")]
pub async fn create(door: Door<needs::TopicsManage>, body: Body<NewTopic>) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let wanted = Wanted {
            name: new.name.clone(),
            description: new.description.clone(),
            fields: new.fields.clone(),
            team_id: id_or_none(ids::TEAM, new.team_id.as_deref()),
        };
        let topic = topics::create(tx, &who.acting, &wanted)?;
        let view = TopicView::of(&topic);
        Ok(Reply::created(format!("/v1/topics/{}", view.id), &view)?.version(topic.version))
    })
    .await
}

fn named(tx: &mut crate::store::Tx, path: &str) -> Result<Topic, Fail> {
    let id = id(ids::TOPIC, path)?;
    rows::get(tx, Uid(id)).map_err(|e| match e {
        Error::NotFound => Fail::NotFound("topic"),
        e => e.into(),
    })
}

/// Reads a topic.
#[utoipa::path(tag = "topics", operation_id = "read_topic", params(("id" = String, Path, description = "The topic.")),
    responses((status = 200, description = "The topic.", body = TopicView)))]
#[get("/topics/{id}")]
pub async fn read(door: Door<needs::TopicsRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let topic = named(tx, &path)?;
        Ok(Reply::ok(&TopicView::of(&topic))?.version(topic.version))
    })
    .await
}

/// What to change. A field left out stays; `null` empties the team and the description; fields are replaced as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Street lighting" }))]
pub struct ChangeTopic {
    name: Option<String>,
    #[serde(default, deserialize_with = "some")]
    description: Option<Option<String>>,
    fields: Option<Vec<FormField>>,
    #[serde(default, deserialize_with = "some")]
    team_id: Option<Option<String>>,
}

/// Changes a topic.
#[utoipa::path(tag = "topics", operation_id = "change_topic", params(("id" = String, Path, description = "The topic.")),
    request_body = ChangeTopic, responses((status = 200, description = "The topic as it is now.", body = TopicView)))]
#[patch("/topics/{id}")]
pub async fn update(door: Door<needs::TopicsManage>, path: Path<String>, body: Body<ChangeTopic>) -> Answer {
    let (only_if, wanted) = (door.if_match()?, body.0);
    door.write(move |tx, who| {
        let topic = named(tx, &path)?;
        only_if.check(who, topic.version)?;
        let was = Wanted::of(&topic);
        let to = Wanted {
            name: wanted.name.clone().unwrap_or(was.name),
            description: wanted.description.clone().unwrap_or(was.description),
            fields: wanted.fields.clone().unwrap_or(was.fields),
            team_id: absent_or(ids::TEAM, wanted.team_id.as_ref()).unwrap_or(was.team_id),
        };
        let topic = topics::change(tx, &who.acting, &topic, &to)?;
        Ok(Reply::ok(&TopicView::of(&topic))?.version(topic.version))
    })
    .await
}
