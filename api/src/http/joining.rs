//! `/v1/contacts/{id}/merge` and `/unmerge`: two contacts that are one person, and two again.

use actix_web::{post, web::Path};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body,
    contacts::{ContactView, named},
    door::Door,
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    cases::written::Written,
    fail::Fail,
    ids,
    people::joining::{self, Both},
    store::{Uid, contacts},
};

/// Who this person is as well.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeContact {
    /// The contact that goes on.
    #[schema(example = "con_0197f2a1c3d47b3e8a1f5c2d9e6b7a91")]
    into: String,
}

/// Merges a contact into another: the two are one person.
///
/// Its addresses, cases and whatever it takes part in become the other's, and so do its name and language where the other
/// has none. It stays, leads there (`merged_into`) and cannot be changed; whatever arrives at one of its addresses is the
/// other's. `POST /v1/contacts/{id}/unmerge` on it takes that back.
#[utoipa::path(tag = "contacts", operation_id = "merge_contact", params(("id" = String, Path, description = "The contact.")),
    request_body = MergeContact, responses((status = 200, description = "The contact, which leads to the other.", body = ContactView)))]
#[post("/contacts/{id}/merge")]
pub async fn merge(door: Door<needs::ContactsWrite>, path: Path<String>, body: Body<MergeContact>) -> Answer {
    let (only_if, wanted) = (door.if_match()?, body.0);
    door.write(move |tx, who| {
        let from = named(tx, &path)?;
        only_if.check(who, from.version)?;
        let into = contacts::get(tx, Uid(ids::CONTACT.read(&wanted.into).unwrap_or(Uuid::nil())));
        let into = into.map_err(|_| Fail::field("/into", "there is no such contact"))?;
        let mut written = Written::default();
        let both = joining::merge(tx, &who.acting, &mut written, &Both { from, into }, "staff joined them")?;
        written.flush(tx)?;
        Ok(Reply::ok(&ContactView::load(tx, &both.from)?)?.version(both.from.version))
    })
    .await
}

/// Takes a merge back: what came along goes home, and so does what arrived since at the addresses that go home.
///
/// One that was merged into a contact which became part of a third one is unmerged after that.
#[utoipa::path(tag = "contacts", operation_id = "unmerge_contact", params(("id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "The contact as it is now.", body = ContactView)))]
#[post("/contacts/{id}/unmerge")]
pub async fn unmerge(door: Door<needs::ContactsWrite>, path: Path<String>) -> Answer {
    let only_if = door.if_match()?;
    door.write(move |tx, who| {
        let from = named(tx, &path)?;
        only_if.check(who, from.version)?;
        let mut written = Written::default();
        let both = joining::unmerge(tx, &who.acting, &mut written, &from)?;
        written.flush(tx)?;
        Ok(Reply::ok(&ContactView::load(tx, &both.from)?)?.version(both.from.version))
    })
    .await
}
