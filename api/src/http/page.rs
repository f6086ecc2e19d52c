//! Lists in pages: a cursor that says where to go on, and that is good for the same tenant and question only.

use std::{fmt, sync::Arc};

use actix_web::HttpRequest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    problem::{self, Problem},
    query,
};
use crate::{auth::seal, fail::Fail};

const USUAL: u32 = 25;
const MOST: u32 = 100;
const MAC: usize = 16;

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    pub data: Vec<T>,
    /// Send it as `cursor` with the same filters for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// What the caller asked to see: how much, and after which position `P` of the order.
#[derive(Clone)]
pub struct Page<P> {
    limit: u32,
    pub after: Option<P>,
    bound: Arc<Bound>,
}

/// What a cursor is bound to: the key, the tenant, the route and every filter.
struct Bound {
    key: [u8; 32],
    tenant: Uuid,
    question: String,
}

impl<P> fmt::Debug for Page<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page(limit {})", self.limit)
    }
}

impl<P: Serialize + DeserializeOwned> Page<P> {
    pub(super) fn read(
        key: [u8; 32],
        tenant: Uuid,
        req: &HttpRequest,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Self, Problem> {
        let mut filters = query::pairs(req.query_string())?;
        filters.remove("cursor");
        filters.remove("limit");
        let question = format!("{} {filters:?}", req.match_pattern().unwrap_or_default());
        let bound = Bound { key, tenant, question };
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Fail::field("limit", format!("must lie between 1 and {MOST}")).into());
        }
        let after = match cursor {
            // Clients that always send the parameter begin with nothing in it.
            None | Some("") => None,
            Some(text) => {
                // The place in the list is not there, or not the caller's: which of the two is not said.
                let wrong = || {
                    let detail = "`cursor` is no cursor of this list with these filters: begin without it";
                    Problem::new(problem::NOT_FOUND, detail)
                };
                Some(bound.open(text).ok_or_else(wrong)?)
            }
        };
        Ok(Self { limit, after, bound: Arc::new(bound) })
    }

    /// How many rows to load: one more than shown, which tells whether there is another page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of these rows: each as it is shown, and the position of the last one in the next cursor.
    pub fn list<R, V>(&self, mut rows: Vec<R>, position: impl Fn(&R) -> P, show: impl FnMut(R) -> V) -> List<V> {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > shown;
        rows.truncate(shown);
        let next_cursor = rows.last().filter(|_| more).map(|last| self.bound.seal(&position(last)));
        List { data: rows.into_iter().map(show).collect(), next_cursor }
    }
}

impl Bound {
    fn mac(&self, position: &[u8]) -> [u8; MAC] {
        let whole = seal::keyed_hash(&self.key, &[self.tenant.as_bytes(), self.question.as_bytes(), position]);
        let mut mac = [0; MAC];
        mac.copy_from_slice(&whole[..MAC]);
        mac
    }

    fn seal(&self, position: &impl Serialize) -> String {
        let position = serde_json::to_vec(position).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([self.mac(&position).as_slice(), &position].concat())
    }

    fn open<P: DeserializeOwned>(&self, text: &str) -> Option<P> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (mac, position) = bytes.split_first_chunk::<MAC>()?;
        bool::from(mac.ct_eq(&self.mac(position))).then(|| serde_json::from_slice(position).ok())?
    }
}
