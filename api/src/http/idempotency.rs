//! `Idempotency-Key`: a POST sent twice is done once, and the second time gets the first answer.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    HttpMessage, HttpRequest,
    http::{Method, StatusCode},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    body::Fingerprint,
    problem::{self, Problem},
    wire::Reply,
};
use crate::{
    auth::Who,
    fail::Fail,
    store::{self, Json, Time, Tx, idempotency::Answered},
};

/// Longer keys are refused.
const LONGEST: usize = 255;

/// What the caller asks to be done once.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What it is kept under: at another operation the same key is another one.
    key: String,
    operation: String,
    fingerprint: [u8; 32],
}

/// The headers that belong to a stored answer.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    location: Option<String>,
    etag: Option<String>,
}

impl Claim {
    /// The claim of a request; only a POST can make one.
    pub fn read(req: &HttpRequest) -> Result<Option<Self>, Problem> {
        let mut sent = req.headers().get_all("idempotency-key");
        let Some(value) = sent.next().filter(|_| req.method() == Method::POST) else { return Ok(None) };
        let wrong = || {
            let detail = format!(
                "Idempotency-Key must stand once and have 1 to {LONGEST} visible ASCII characters, none of them a quote or a space"
            );
            Problem::new(problem::MALFORMED, detail)
        };
        let text = value.to_str().map_err(|_| wrong())?.trim();
        // The draft writes it as a quoted string; many clients leave the quotes out.
        let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        let fits = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        if !fits || sent.next().is_some() {
            return Err(wrong());
        }
        let body = req.extensions().get::<Fingerprint>().map(|f| f.0).unwrap_or_default();
        let asked = req.uri().path_and_query().map_or("", |p| p.as_str());
        let fingerprint = Sha256::new().chain_update(asked).chain_update([0]).chain_update(body).finalize().into();
        let operation = format!("POST {}", req.match_pattern().unwrap_or_default());
        Ok(Some(Self { key: format!("{operation} {key}"), operation, fingerprint }))
    }

    /// The answer that was given before, if any. Another request under the same key is refused.
    pub fn replay(&self, tx: &mut Tx, who: &Who) -> Result<Option<Reply>, Fail> {
        let Some(before) = store::idempotency::find(tx, &who.id(), &self.key)? else { return Ok(None) };
        if before.fingerprint != self.fingerprint {
            return Err(Fail::KeyReused);
        }
        let status = u16::try_from(before.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let kept: Kept = before.headers.read();
        Ok(Some(Reply {
            status: status.unwrap_or(StatusCode::OK),
            body: Some(before.body).filter(|b| !b.is_empty()),
            kept: None,
            location: kept.location,
            etag: kept.etag,
            whole: false,
            replayed: true,
        }))
    }

    /// Stores the answer beside its effect.
    pub fn keep(&self, tx: &mut Tx, who: &Who, reply: &Reply, now: Time) -> Result<(), Fail> {
        let body = reply.kept.as_ref().or(reply.body.as_ref());
        let kept = Kept { location: reply.location.clone(), etag: reply.etag.clone() };
        let answered = Answered {
            tenant_id: tx.tenant(),
            credential: who.id(),
            key: self.key.clone(),
            operation: self.operation.clone(),
            fingerprint: self.fingerprint.to_vec(),
            status: i32::from(reply.status.as_u16()),
            headers: Json::of(&kept),
            body: body.cloned().unwrap_or_default(),
            created_at: now,
        };
        Ok(store::idempotency::insert(tx, &answered)?)
    }
}

/// The claims being worked on at this moment.
#[derive(Clone, Debug, Default)]
pub struct Running(Arc<Mutex<HashSet<String>>>);

/// One claim being worked on, until this is dropped.
#[derive(Debug)]
pub struct Turn(Running, String);

impl Running {
    /// Begins a claim. Refused while the same one is running.
    pub fn begin(&self, credential: &str, claim: &Claim) -> Result<Turn, Fail> {
        let name = format!("{credential} {}", claim.key);
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            return Ok(Turn(self.clone(), name));
        }
        Err(Fail::conflict(
            "idempotency-key-running",
            "the first request with this Idempotency-Key is still at work: wait, then repeat",
        ))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}
