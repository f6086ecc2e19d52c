//! What staff decide about an endpoint: where it is, what it wants, and whether it is sent anything.

use serde_json::json;

use super::payload::Payload;
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    store::{
        Json, Time, Tx, Uid, events, tenant, webhook_deliveries as deliveries,
        webhooks::{self, Webhook},
    },
};

/// Endpoints of one agency.
const MOST: i64 = 20;
const MOST_KINDS: usize = 100;

/// What an endpoint shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub description: Option<String>,
    /// Types of event; none for all.
    pub kinds: Option<Vec<String>>,
    pub payload: Payload,
    pub enabled: bool,
}

impl Wanted {
    pub fn of(row: &Webhook) -> Self {
        Self {
            url: row.url.clone(),
            description: row.description.clone(),
            kinds: row.kinds.as_ref().map(Json::read),
            payload: Payload::read(&row.payload),
            enabled: row.state == webhooks::ENABLED,
        }
    }

    /// The address is looked at before, outside of any transaction.
    fn check(&self) -> Result<(), Fail> {
        let mut wrong = Vec::new();
        let odd = |text: &str| text.chars().any(|c| c == '\0') || text.chars().count() > 500;
        if self.description.as_deref().is_some_and(odd) {
            wrong.push(("/description".to_owned(), "must not be longer than 500 characters".to_owned()));
        }
        let kinds = self.kinds.as_deref().unwrap_or_default();
        if self.kinds.is_some() && !(1..=MOST_KINDS).contains(&kinds.len()) {
            let detail = format!("must name 1 to {MOST_KINDS} types; null stands for all");
            wrong.push(("/events".to_owned(), detail));
        }
        for (at, kind) in kinds.iter().enumerate().take(MOST_KINDS).filter(|(_, kind)| !is_kind(kind)) {
            wrong.push((format!("/events/{at}"), format!("`{kind:.100}` is no type of event, such as `case.opened`")));
        }
        Fail::fields(wrong)
    }
}

fn is_kind(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.len() <= 100 && text.contains('.') && text.split('.').all(word)
}

/// Makes an endpoint, which is sent what happens from now on.
pub fn create(tx: &mut Tx, act: &Acting, id: Uid, wanted: &Wanted, sealed: &[u8]) -> Result<Webhook, Fail> {
    wanted.check()?;
    if webhooks::count(tx)? >= MOST {
        return Err(Fail::conflict("webhooks-full", format!("an agency has {MOST} webhooks at most: delete one")));
    }
    note(tx, act, id, "webhook.created", json!({}))?;
    let row = Webhook {
        tenant_id: tx.tenant(),
        id,
        url: wanted.url.clone(),
        description: wanted.description.clone(),
        kinds: wanted.kinds.as_ref().map(Json::of),
        payload: wanted.payload.name().to_owned(),
        state: state(wanted.enabled).to_owned(),
        state_reason: (!wanted.enabled).then(|| "staff".to_owned()),
        state_at: act.now,
        sealed: sealed.to_vec(),
        old_sealed: None,
        old_until: None,
        cursor: tenant::get(tx)?.event_last,
        failures: 0,
        failing_since: None,
        rests_until: None,
        version: 1,
        created_at: act.now,
        updated_at: act.now,
    };
    webhooks::insert(tx, &row)?;
    Ok(row)
}

fn state(enabled: bool) -> &'static str {
    if enabled { webhooks::ENABLED } else { webhooks::DISABLED }
}

/// Changes an endpoint. One that is enabled again, or that moves, starts anew: what waits for it goes out at once.
pub fn change(tx: &mut Tx, act: &Acting, row: &Webhook, to: &Wanted) -> Result<Webhook, Fail> {
    to.check()?;
    let was = Wanted::of(row);
    if *to == was {
        return Ok(row.clone());
    }
    let mut changed = Webhook {
        url: to.url.clone(),
        description: to.description.clone(),
        kinds: to.kinds.as_ref().map(Json::of),
        payload: to.payload.name().to_owned(),
        updated_at: act.now,
        ..row.clone()
    };
    if to.enabled != was.enabled {
        changed.state = state(to.enabled).to_owned();
        changed.state_reason = (!to.enabled).then(|| "staff".to_owned());
        changed.state_at = act.now;
    }
    let anew = to.enabled && (!was.enabled || to.url != was.url);
    if anew {
        (changed.failures, changed.failing_since, changed.rests_until) = (0, None, None);
    }
    let changed = webhooks::update(tx, &changed)?;
    let fields = [
        ("url", to.url != was.url),
        ("description", to.description != was.description),
        ("events", to.kinds != was.kinds),
        ("payload", to.payload != was.payload),
        ("state", to.enabled != was.enabled),
    ];
    let fields: Vec<&str> = fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect();
    note(tx, act, row.id, "webhook.changed", json!({ "fields": fields, "state": changed.state }))?;
    if anew {
        deliveries::hurry(tx, row.id, act.now)?;
        webhooks::awaken(tx, row.id, act.now)?;
    }
    Ok(changed)
}

/// Gives an endpoint a new secret. The one that it had signs too until `until`.
pub fn rotate(tx: &mut Tx, act: &Acting, row: &Webhook, sealed: &[u8], until: Time) -> Result<Webhook, Fail> {
    let old_sealed = Some(row.sealed.clone());
    let (sealed, old_until, updated_at) = (sealed.to_vec(), Some(until), act.now);
    let rotated = webhooks::update(tx, &Webhook { sealed, old_sealed, old_until, updated_at, ..row.clone() })?;
    note(tx, act, row.id, "webhook.rotated", json!({ "old_until": until.0.to_string() }))?;
    Ok(rotated)
}

/// Takes an endpoint away, with everything that waits for it.
pub fn remove(tx: &mut Tx, act: &Acting, row: &Webhook) -> Result<(), Fail> {
    deliveries::forget(tx, row.id)?;
    webhooks::delete(tx, row.id)?;
    note(tx, act, row.id, "webhook.deleted", json!({}))
}

fn note(tx: &mut Tx, act: &Acting, id: Uid, kind: &str, mut data: serde_json::Value) -> Result<(), Fail> {
    data["webhook_id"] = json!(ids::WEBHOOK.show(id.0));
    let mut event = act.event(tx, kind);
    event.data = Json(data);
    Ok(events::append(tx, vec![event])?)
}
