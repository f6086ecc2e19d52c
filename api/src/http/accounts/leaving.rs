//! `/v1/account/export` and the end of an account: what is kept of the caller, and no account any more.

use actix_web::{delete, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    door::OwnAccount,
    own::{AccountAddress, AccountView},
    sign_ins::SignInView,
};
use crate::{
    accounts::{
        erasing,
        exporting::{self, Export},
        signing_in::Citizen,
    },
    http::{
        problem::Problem,
        show::moment,
        wire::{Answer, Reply},
    },
    store::{cases::Case, messages::Message},
};

/// Everything that is kept of the caller's account, and what was said in their cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountExport {
    account: AccountView,
    #[schema(example = "Maria Silva")]
    name: Option<String>,
    #[schema(example = "es")]
    language: Option<String>,
    sign_ins: Vec<SignInView>,
    /// The cases of the person, the last changed first, 1,000 at most.
    cases: Vec<ExportedCase>,
}

/// One case.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedCase {
    #[schema(example = "RIV-2026-004217")]
    reference: String,
    #[schema(example = "A lamp is out")]
    subject: String,
    #[schema(example = "resolved")]
    status: String,
    #[schema(example = "done")]
    outcome: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    created_at: String,
    /// What was said, without the agency's own notes, the oldest first, 500 at most.
    messages: Vec<ExportedMessage>,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedMessage {
    /// `inbound` or `outbound`.
    #[schema(example = "inbound")]
    direction: String,
    #[schema(example = "A lamp is out")]
    subject: Option<String>,
    #[schema(example = "The lamp in front of my house is out.")]
    text: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    created_at: String,
}

impl AccountExport {
    pub fn of(citizen: &Citizen, kept: Export) -> Self {
        let own = citizen.sign_in.id;
        Self {
            sign_ins: kept.sign_ins.into_iter().map(|row| SignInView::of(row, own)).collect(),
            account: AccountView {
                addresses: kept.addresses.into_iter().map(AccountAddress::of).collect(),
                authenticator_since: kept.authenticator.map(moment),
                saved_codes_left: kept.codes.map_or(0, |(_, left)| left),
                ..AccountView::bare(&citizen.account)
            },
            name: kept.contact.name,
            language: kept.contact.language,
            cases: kept.cases.into_iter().map(|(case, said)| exported(case, said)).collect(),
        }
    }
}

fn exported(case: Case, said: Vec<Message>) -> ExportedCase {
    let message = |m: Message| ExportedMessage {
        direction: m.direction,
        subject: m.subject,
        text: m.text,
        created_at: moment(m.created_at),
    };
    ExportedCase {
        reference: case.reference,
        subject: case.subject,
        status: case.status,
        outcome: case.outcome,
        created_at: moment(case.created_at),
        messages: said.into_iter().map(message).collect(),
    }
}

/// Hands out everything that is kept of the caller.
#[utoipa::path(tag = "account", operation_id = "export_account", security(("citizen" = [])),
    responses((status = 200, description = "All of it.", body = AccountExport)))]
#[get("/account/export")]
pub async fn export(door: OwnAccount) -> Answer {
    Ok(Reply::ok(&gathered(&door).await?)?)
}

/// Gathers everything that is kept of the caller.
pub async fn gathered(door: &OwnAccount) -> Result<AccountExport, Problem> {
    let now = door.app().time();
    door.read(move |tx, citizen| Ok(AccountExport::of(citizen, exporting::gather(tx, citizen, now)?))).await
}

/// Erases the caller's account: addresses, password, sign-ins and codes are gone for good.
///
/// The person and their cases stay, because records are kept by law. Every address is told. Needs a password that was typed
/// in the last ten minutes: at sign-in, or at `/v1/account/confirmation`.
#[utoipa::path(tag = "account", operation_id = "erase_account", security(("citizen" = [])),
    responses((status = 204, description = "There is no account any more.")))]
#[delete("/account")]
pub async fn erase(door: OwnAccount) -> Answer {
    erased(&door).await?;
    Ok(Reply::nothing())
}

/// Does it.
pub async fn erased(door: &OwnAccount) -> Result<(), Problem> {
    let (act, desk) = (door.acting(), door.desk());
    door.write(move |tx, citizen| erasing::erase(tx, &act(citizen), &desk, citizen)).await
}
