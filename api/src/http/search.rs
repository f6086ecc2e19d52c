//! `/v1/search`: cases, messages and contacts by their words.

use actix_web::get;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Params,
    door::Door,
    show::moment,
    wire::{Answer, Reply},
};
use crate::{
    auth::{Right, needs},
    cases::search::{Found, find},
    fail::Fail,
    ids,
};

const KINDS: [&str; 3] = ["case", "message", "contact"];

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Words that must all be there, in any form of the agency's language; `garb*` stands for any ending. No other sign
    /// has a meaning.
    #[param(min_length = 1, max_length = 500, example = "streetlight Elm")]
    q: String,
    /// `case`, `message` or `contact`; all where it is left out.
    #[serde(default)]
    kind: Vec<String>,
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Where a word stands in the excerpt, in characters.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mark {
    #[schema(example = 4)]
    pub from: usize,
    #[schema(example = 15)]
    pub to: usize,
}

/// One row that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchHit {
    /// `case`, `message` or `contact`.
    #[schema(example = "case")]
    pub kind: String,
    #[schema(example = "cas_0197f2a1c3d47b3e8a1f5c2d9e6b7a80")]
    pub id: String,
    /// The case it belongs to.
    pub case_id: Option<String>,
    /// A case's reference, a message's subject or a contact's name.
    #[schema(example = "RIV-2026-004217")]
    pub title: String,
    /// The place that holds most of the words; plain text.
    #[schema(example = "The streetlight on Elm Street is out.")]
    pub excerpt: String,
    pub marks: Vec<Mark>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub at: String,
}

impl SearchHit {
    fn of(found: Found) -> Self {
        let prefix = match found.kind.as_str() {
            "case" => ids::CASE,
            "message" => ids::MESSAGE,
            _ => ids::CONTACT,
        };
        Self {
            id: prefix.show(found.id.0),
            case_id: found.case_id.map(|i| ids::CASE.show(i.0)),
            kind: found.kind,
            title: found.title,
            excerpt: found.excerpt,
            marks: found.marks.into_iter().map(|(from, to)| Mark { from, to }).collect(),
            at: moment(found.at),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResults {
    /// The best first.
    pub data: Vec<SearchHit>,
    /// More rows hold the words than could be ranked: only the newest 500 were. Add a word.
    #[schema(example = false)]
    pub truncated: bool,
}

/// Finds cases, messages and contacts by their words, the best first.
#[utoipa::path(tag = "search", operation_id = "search", params(Asked),
    responses((status = 200, description = "What was found.", body = SearchResults)))]
#[get("/search")]
pub async fn search(door: Door<needs::CasesRead>, query: Params<Asked>) -> Answer {
    let most = query.limit.unwrap_or(25);
    if !(1..=100).contains(&most) {
        return Err(Fail::field("limit", "must lie between 1 and 100").into());
    }
    if query.q.is_empty() || query.q.chars().count() > 500 {
        return Err(Fail::field("q", "must have 1 to 500 characters").into());
    }
    if query.kind.iter().any(|k| !KINDS.contains(&k.as_str())) {
        return Err(Fail::field("kind", "must be case, message or contact").into());
    }
    door.read(move |tx, who| {
        let mut kinds = query.kind.clone();
        if who.may(Right::ContactsRead).is_err() {
            if kinds.is_empty() {
                kinds = vec!["case".to_owned(), "message".to_owned()];
            }
            kinds.retain(|k| k != "contact");
        }
        let most = usize::try_from(most).unwrap_or(25);
        let results = find(tx, &query.q, &kinds, most)?;
        let data = results.found.into_iter().map(SearchHit::of).collect();
        Reply::ok(&SearchResults { data, truncated: results.truncated })
    })
    .await
}
