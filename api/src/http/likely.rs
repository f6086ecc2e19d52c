//! `/v1/contacts/{id}/likely`: who is probably the same person, and that somebody is not.

use actix_web::{get, post, web::Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    contacts::{ContactView, named},
    door::Door,
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    people::likely,
    store::{Uid, contacts},
};

/// A contact that is probably the same person.
#[derive(Debug, Serialize, ToSchema)]
pub struct LikelyView {
    pub contact: ContactView,
    /// Why, in words.
    #[schema(example = json!(["they have the same name", "maria.lopez@example.org and maria.lopez@social.example begin alike"]))]
    pub reasons: Vec<String>,
}

/// Who is probably the same person.
#[derive(Debug, Serialize, ToSchema)]
pub struct LikelyOnes {
    /// The best founded first; ten at most.
    pub data: Vec<LikelyView>,
}

/// Lists who is probably the same person as this contact, each with the reasons.
///
/// Few and good: an address that one of them gave in a form and that names the other, or the same full name and something
/// else that speaks for it. Staff merge the two, or dismiss the guess.
#[utoipa::path(tag = "contacts", operation_id = "list_likely", params(("id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "The guesses.", body = LikelyOnes)))]
#[get("/contacts/{id}/likely")]
pub async fn list(door: Door<needs::ContactsRead>, path: Path<String>) -> Answer {
    door.read(move |tx, _| {
        let contact = named(tx, &path)?;
        let guesses = likely::find(tx, &contact)?;
        let ids: Vec<Uid> = guesses.iter().map(|guess| guess.contact.id).collect();
        let identities = contacts::identities_of(tx, &ids)?;
        let view = |guess: likely::Likely| LikelyView {
            contact: ContactView::of(&guess.contact, &identities),
            reasons: guess.reasons,
        };
        Reply::ok(&LikelyOnes { data: guesses.into_iter().map(view).collect() })
    })
    .await
}

/// Keeps that two contacts are two people: neither is guessed for the other again.
#[utoipa::path(tag = "contacts", operation_id = "dismiss_likely",
    params(("id" = String, Path, description = "The contact."), ("other" = String, Path, description = "The other contact.")),
    responses((status = 204, description = "It is kept.")))]
#[post("/contacts/{id}/likely/{other}/dismiss")]
pub async fn dismiss(door: Door<needs::ContactsWrite>, path: Path<(String, String)>) -> Answer {
    door.write(move |tx, who| {
        let (contact, other) = (named(tx, &path.0)?, named(tx, &path.1)?);
        likely::dismiss(tx, &who.acting, &contact, &other)?;
        Ok(Reply::nothing())
    })
    .await
}
