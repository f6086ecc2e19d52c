//! `/v1/contacts/{id}/consents`: on which channels a person wants nothing, and who said so.

use actix_web::{get, put, web::Path};
use civicdesk_contract::Party;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body,
    contacts::named,
    door::Door,
    page::List,
    show::moment,
    wire::{Answer, Reply, id},
};
use crate::{
    auth::needs,
    fail::Fail,
    ids,
    people::consents as people,
    store::{
        Error, Time, Tx, Uid, channels,
        consents::Consent,
        contacts::{self, Identity},
        notices::{self, Notice},
    },
};

/// Words to the service that one page of a history shows.
const MOST_KEYWORDS: i64 = 100;

/// What was last said about one address on one channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    #[schema(example = "idn_0197f2a1c3d47b3e8a1f5c2d9e6b7a83")]
    pub identity_id: String,
    /// `email`, `phone`, `handle` or `account`.
    #[schema(example = "phone")]
    pub kind: String,
    #[schema(example = "+15550109999")]
    pub value: String,
    #[schema(example = "chn_0197f2a1c3d47b3e8a1f5c2d9e6b7a84")]
    pub channel_id: String,
    /// `stopped`: nothing is sent there. `allowed`: it was stopped and is not any more.
    #[schema(example = "stopped")]
    pub state: String,
    /// `keyword` (they wrote STOP or START), `network` (it refuses what we send) or `staff` (they told us).
    #[schema(example = "keyword")]
    pub source: String,
    pub reason: Option<String>,
    /// `contact`, `staff`, `key` or `system`.
    #[schema(example = "contact")]
    pub by_kind: String,
    pub by_id: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub at: String,
}

impl ConsentView {
    fn of(identity: &Identity, said: &Consent) -> Self {
        let by = match said.actor_kind.as_str() {
            "contact" => Some(ids::CONTACT),
            "staff" => Some(ids::STAFF),
            "key" => Some(ids::KEY),
            _ => None,
        };
        Self {
            identity_id: ids::IDENTITY.show(identity.id.0),
            kind: identity.kind.clone(),
            value: identity.value.clone(),
            channel_id: ids::CHANNEL.show(said.channel_id.0),
            state: said.state.clone(),
            source: said.source.clone(),
            reason: said.reason.clone(),
            by_kind: said.actor_kind.clone(),
            by_id: by.zip(said.actor_id).map(|(prefix, id)| prefix.show(id.0)),
            at: moment(said.at),
        }
    }

    fn all(tx: &mut Tx, contact: Uid) -> Result<Vec<Self>, Fail> {
        Ok(people::of_contact(tx, contact)?.iter().map(|(identity, said)| Self::of(identity, said)).collect())
    }
}

/// Lists on which channels a person stopped or resumed messages, the last word first. What is not listed is allowed.
#[utoipa::path(tag = "contacts", operation_id = "list_consents", params(("id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "What was said about each address on each channel.", body = List<ConsentView>)))]
#[get("/contacts/{id}/consents")]
pub async fn list(door: Door<needs::ContactsRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let contact = named(tx, &path)?;
        Reply::ok(&List { data: ConsentView::all(tx, contact.id)?, next_cursor: None })
    })
    .await
}

/// What a person told staff.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    /// `stopped`, or `allowed` to take back what staff wrote down.
    #[schema(example = "stopped", pattern = "^(stopped|allowed)$")]
    state: String,
    /// How they told you. Needed for `allowed`.
    #[schema(example = "She rang and asked for no more texts.", max_length = 500)]
    reason: Option<String>,
}

/// Writes down what a person told staff about being written to at one address on one channel.
///
/// From then on nothing goes there, whoever sends it. Staff take back only what staff wrote down: whoever wrote STOP
/// resumes by writing START.
#[utoipa::path(tag = "contacts", operation_id = "set_consent", request_body = NewConsent,
    params(("id" = String, Path, description = "The contact."),
        ("identity" = String, Path, description = "The address: one of the contact's identities."),
        ("channel" = String, Path, description = "The channel.")),
    responses((status = 200, description = "Everything that was said by and about this person.", body = List<ConsentView>)))]
#[put("/contacts/{id}/consents/{identity}/{channel}")]
pub async fn set(
    door: Door<needs::ContactsWrite>,
    path: Path<(String, String, String)>,
    body: Body<NewConsent>,
) -> Answer {
    let new = body.0;
    door.write(move |tx, who| {
        let contact = named(tx, &path.0)?;
        let (identity, channel) = (Uid(id(ids::IDENTITY, &path.1)?), Uid(id(ids::CHANNEL, &path.2)?));
        let own = contacts::identities_of(tx, &[contact.id])?;
        let identity = own.iter().find(|i| i.id == identity).ok_or(Fail::NotFound("address"))?;
        channels::get(tx, channel).map_err(|e| match e {
            Error::NotFound => Fail::NotFound("channel"),
            e => e.into(),
        })?;
        people::note(tx, &who.acting, (channel, identity), &new.state, new.reason.as_deref())?;
        Reply::ok(&List { data: ConsentView::all(tx, contact.id)?, next_cursor: None })
    })
    .await
}

/// A word to the service itself, and what answered it.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeywordView {
    /// `stop`, `start`, `help`, `status` or `reset`.
    #[schema(example = "stop")]
    pub keyword: String,
    /// The message as it came.
    #[schema(example = "STOP")]
    pub said: String,
    /// The address it came from.
    #[schema(example = "+15550109999")]
    pub from: String,
    pub channel_id: String,
    /// The item of the ledger.
    pub item_id: String,
    /// What answered it; null where nothing was sent.
    pub answer: Option<String>,
    /// `noted` (nothing is sent), `queued`, `sending`, `sent`, `failed` or `unknown`.
    #[schema(example = "sent")]
    pub state: String,
    /// Why nothing was sent, or what the network answered.
    pub state_detail: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub at: String,
}

impl KeywordView {
    fn of(notice: Notice) -> Self {
        let from: Option<Party> = notice.party.read();
        Self {
            keyword: notice.word,
            said: notice.said,
            from: from.map(|from| from.address).unwrap_or_default(),
            channel_id: ids::CHANNEL.show(notice.channel_id.0),
            item_id: ids::ITEM.show(notice.item_id.0),
            answer: notice.text,
            state: notice.state,
            state_detail: notice.state_detail,
            at: moment(notice.created_at),
        }
    }
}

/// What a person said to the service itself within a time whose ends may be open, the newest first.
pub fn keywords(
    tx: &mut Tx,
    contact: Uid,
    (from, until): (Option<Time>, Option<Time>),
) -> Result<Vec<KeywordView>, Fail> {
    let own = contacts::identities_of(tx, &[contact])?;
    let normals: Vec<String> = own.iter().map(|i| i.normal.clone()).collect();
    let open = (Time::new(jiff::Timestamp::UNIX_EPOCH), Time::new(jiff::Timestamp::MAX));
    let said = notices::of(tx, &normals, (from.unwrap_or(open.0), until.unwrap_or(open.1)), MOST_KEYWORDS)?;
    let mine = |n: &Notice| own.iter().any(|i| i.kind == n.kind && i.normal == n.normal);
    Ok(said.into_iter().filter(mine).map(KeywordView::of).collect())
}
