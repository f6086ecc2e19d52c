//! `/v1/contacts/{id}/recoveries`: staff see what somebody tried who forgot the password, and start a recovery for them.

use actix_web::{get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::needs,
    fail::Fail,
    http::{
        Body,
        contacts::named,
        door::Door,
        show::{id_or_none, moment},
        wire::{Answer, Reply},
    },
    ids,
    recovery::{
        assisting::{self, Wish},
        keys::Keys,
        policy::Policy,
    },
    store::{
        Time, Tx, Uid,
        accounts::{self, Address},
        recoveries::{self, Recovery},
        secret_letters::{self, SecretLetter},
        tenant,
    },
};

/// Recoveries that are shown.
const SHOWN: i64 = 50;

/// A proven address of a person's account.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryAddress {
    #[schema(example = "adr_0197f2a1c3d47b3e8a1f5c2d9e6b7a94")]
    id: String,
    #[schema(example = "acc_0197f2a1c3d47b3e8a1f5c2d9e6b7a92")]
    account_id: String,
    /// `email` or `phone`.
    #[schema(example = "phone")]
    kind: String,
    #[schema(example = "+15550109999")]
    value: String,
    /// Since when it is theirs.
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    verified_at: String,
}

impl RecoveryAddress {
    fn of(row: Address) -> Self {
        Self {
            id: ids::ADDRESS.show(row.id.0),
            account_id: ids::ACCOUNT.show(row.account_id.0),
            kind: row.kind,
            value: row.value,
            verified_at: moment(row.verified_at),
        }
    }
}

/// One code or link that was sent. Neither is shown to anybody.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryView {
    #[schema(example = "rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91")]
    id: String,
    /// The kind of address it went to: `email` or `phone`.
    #[schema(example = "phone")]
    kind: String,
    #[schema(example = "+15550109999")]
    value: String,
    /// `citizen` (on a page or over the API), `text`, `telephone` or `staff`.
    #[schema(example = "citizen")]
    started_by: String,
    /// `waiting` (it is being sent), `sent`, `failed`, `used`, `expired` or `replaced` by a later one.
    #[schema(example = "sent")]
    state: String,
    /// What the network said of its letter.
    detail: Option<String>,
    /// Wrong codes that were typed.
    #[schema(example = 0)]
    tries: i32,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    created_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:30:00Z")]
    expires_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

impl RecoveryView {
    fn of(row: Recovery, letter: Option<&SecretLetter>, now: Time) -> Self {
        let state = match letter.map(|letter| letter.state.as_str()) {
            _ if row.used_at.is_some() => "used",
            _ if row.failed_at.is_some() => "failed",
            Some("failed") => "failed",
            _ if row.expires_at <= now => "expired",
            _ if row.ended_at.is_some() => "replaced",
            Some("sent") => "sent",
            _ => "waiting",
        };
        Self {
            id: ids::RECOVERY.show(row.id.0),
            kind: row.kind,
            value: row.value,
            started_by: row.started_by,
            state: state.to_owned(),
            detail: letter.and_then(|letter| letter.detail.clone()),
            tries: row.tries,
            created_at: moment(row.created_at),
            expires_at: moment(row.expires_at),
            used_at: row.used_at.map(moment),
        }
    }
}

/// How a person's accounts are got into again, and what was tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactRecoveries {
    /// Where a recovery can be sent to.
    addresses: Vec<RecoveryAddress>,
    /// What staff do and name before they start one.
    #[schema(example = json!(["Asked for the date of birth on file"]))]
    checklist: Vec<String>,
    /// The newest first.
    data: Vec<RecoveryView>,
}

fn load(tx: &mut Tx, contact: Uid, now: Time) -> Result<ContactRecoveries, Fail> {
    let checklist = Policy::of(&tenant::get(tx)?).checklist;
    let own: Vec<Uid> = accounts::of_contact(tx, contact)?.iter().map(|account| account.id).collect();
    let mut addresses = Vec::new();
    for account in &own {
        addresses.extend(accounts::addresses_of(tx, *account)?.into_iter().map(RecoveryAddress::of));
    }
    let rows = recoveries::of_accounts(tx, &own, SHOWN)?;
    let letters = secret_letters::of_recoveries(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
    let letter = |row: &Recovery| letters.iter().find(|letter| letter.recovery_id == Some(row.id));
    let data = rows.into_iter().map(|row| RecoveryView::of(row.clone(), letter(&row), now)).collect();
    Ok(ContactRecoveries { addresses, checklist, data })
}

/// Shows what a person tried who forgot the password, and where a recovery can be sent to.
///
/// No code, link or password is shown. What is older than some weeks is forgotten.
#[utoipa::path(tag = "contacts", operation_id = "list_recoveries", params(("id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "The addresses, and the last 50 recoveries.", body = ContactRecoveries)))]
#[get("/contacts/{id}/recoveries")]
pub async fn list(door: Door<needs::ContactsRead>, path: Path<String>) -> Answer {
    door.read(move |tx, who| {
        let contact = named(tx, &path)?;
        Reply::ok(&load(tx, contact.id, who.acting.now)?)
    })
    .await
}

/// A recovery to start.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRecovery {
    /// One of the `addresses` that the list shows.
    #[schema(example = "adr_0197f2a1c3d47b3e8a1f5c2d9e6b7a94")]
    address_id: String,
    /// What was done to see who they are: every sentence of the agency's `checklist`.
    #[serde(default)]
    #[schema(example = json!(["Asked for the date of birth on file"]), max_items = 20)]
    checked: Vec<String>,
}

/// What was started.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedRecovery {
    #[schema(example = "rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91")]
    id: String,
}

/// Starts a recovery for somebody whom staff speak with.
///
/// The letter that anybody gets who asks goes to a proven address, and says who started it. Code, link and password stay with
/// the citizen. It counts as one of the address's codes, and is written down with what was checked. With a test key nothing is
/// sent.
#[utoipa::path(tag = "contacts", operation_id = "start_recovery", params(("id" = String, Path, description = "The contact.")),
    request_body = StartRecovery,
    responses((status = 202, description = "The letter waits to be sent.", body = StartedRecovery)))]
#[post("/contacts/{id}/recoveries")]
pub async fn start(door: Door<needs::RecoveriesStart>, path: Path<String>, body: Body<StartRecovery>) -> Answer {
    let new = body.0;
    let app = door.app();
    let (desk, keys) = (app.recovery.clone(), Keys::make(&app.ids));
    door.write(move |tx, who| {
        let contact = named(tx, &path)?;
        let address = id_or_none(ids::ADDRESS, Some(&new.address_id)).unwrap_or(Uid(uuid::Uuid::nil()));
        let wish = Wish { address, checked: new.checked.clone(), test: who.test };
        let id = assisting::start(tx, &who.acting, &desk, &contact, (&wish, &keys))?;
        let (id, contact) = (ids::RECOVERY.show(id), ids::CONTACT.show(contact.id.0));
        Reply::accepted(format!("/v1/contacts/{contact}/recoveries"), &StartedRecovery { id })
    })
    .await
}
