//! `/v1/contacts/{id}/history`: everything that was said with one person and noted about them, in one line of time.

use std::collections::HashMap;

use actix_web::{get, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Params,
    cases::CaseView,
    consents::{self, KeywordView},
    contacts::named,
    door::Door,
    messages::MessageView,
    show::{moment, time},
    wire::{Answer, Reply},
};
use crate::{
    auth::{Right, needs},
    fail::Fail,
    people::history::{self, Lived},
    store::{Tx, Uid, cases, channels, messages::Message},
    webhooks::event::EventView,
};

/// A part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HistoryPart {
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One message, note or letter of a person's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaidEntry {
    /// `message`.
    #[serde(rename = "type")]
    #[schema(example = "message")]
    pub kind: &'static str,
    /// The kind of network, such as `email` or `phone`; null for notes and what staff wrote down without a channel.
    #[schema(example = "email")]
    pub connector: Option<String>,
    #[serde(flatten)]
    pub message: MessageView,
}

/// One line of the log about a person: who joined, proved or changed what. Its `type` begins with `contact.`.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotedEntry {
    /// `inbound` where the person did it, or `note`.
    #[schema(example = "note")]
    pub direction: &'static str,
    /// Null: it came by no channel.
    pub channel: Option<String>,
    /// Null: it came by no channel.
    pub connector: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
    #[serde(flatten)]
    pub event: EventView,
}

/// One thing of a person's history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum HistoryEntry {
    Said(Box<SaidEntry>),
    Noted(Box<NotedEntry>),
}

/// Everything said with one person and noted about them, over all their cases, channels and joined contacts.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// The newest first.
    pub data: Vec<HistoryEntry>,
    pub next_cursor: Option<String>,
    /// The cases of these messages.
    pub cases: Vec<CaseView>,
    /// What they said to the service itself within the time that this page covers, such as STOP, the newest first.
    pub keywords: Vec<KeywordView>,
}

/// Reads a person's whole history, whatever the case and the channel, the newest first.
///
/// Mail, texts, posts, calls, visits, forms, talks and letters are messages with their channel and direction; between them
/// stand the lines of the log about the person: joined and parted contacts, proved and changed addresses.
#[utoipa::path(tag = "contacts", operation_id = "read_history",
    params(("id" = String, Path, description = "The contact."), HistoryPart),
    responses((status = 200, description = "A page of their history.", body = History)))]
#[get("/contacts/{id}/history")]
pub async fn read(door: Door<needs::ContactsRead>, path: Path<String>, query: Params<HistoryPart>) -> Answer {
    let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;
    door.read(move |tx, who| {
        who.may(Right::CasesRead)?;
        let contact = named(tx, &path)?;
        let from = page.after.as_ref().and_then(|(at, id)| Some((time(*at)?, Uid(*id))));
        let rows = history::page(tx, &contact, from, page.fetch())?;
        let position = |lived: &Lived| (lived.at().0.0.as_microsecond(), lived.at().1.0);
        let listed = page.list(rows, position, |lived| lived);
        let oldest = listed.data.last().filter(|_| listed.next_cursor.is_some()).map(|lived| lived.at().0);
        let keywords = consents::keywords(tx, contact.id, (oldest, from.map(|(at, _)| at)))?;
        let (data, cases) = shown(tx, listed.data)?;
        Reply::ok(&History { data, next_cursor: listed.next_cursor, cases, keywords })
    })
    .await
}

/// The entries as they are shown, and the cases that their messages lie in.
fn shown(tx: &mut Tx, rows: Vec<Lived>) -> Result<(Vec<HistoryEntry>, Vec<CaseView>), Fail> {
    let channels: HashMap<Uid, String> = channels::list(tx)?.into_iter().map(|row| (row.id, row.connector)).collect();
    let said: Vec<Message> = rows.iter().filter_map(Lived::said).cloned().collect();
    let mut lie_in: Vec<Uid> = said.iter().map(|m| m.case_id).collect();
    lie_in.sort_unstable();
    lie_in.dedup();
    let cases = cases::get_all(tx, &lie_in)?;
    let mut messages = MessageView::load(tx, said)?.into_iter();
    let entry = |lived| match lived {
        Lived::Said(m) => {
            let connector = m.channel_id.and_then(|id| channels.get(&id).cloned());
            messages
                .next()
                .map(|message| HistoryEntry::Said(Box::new(SaidEntry { kind: "message", connector, message })))
        }
        Lived::Noted(event) => {
            let (direction, created_at) = (history::direction(&event), moment(event.at));
            let event = EventView::of(event);
            let noted = NotedEntry { direction, channel: None, connector: None, created_at, event };
            Some(HistoryEntry::Noted(Box::new(noted)))
        }
    };
    Ok((rows.into_iter().filter_map(entry).collect(), CaseView::load_all(tx, &cases)?))
}
