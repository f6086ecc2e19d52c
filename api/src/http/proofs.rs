//! Proof that an address is a person's: staff ask for it, the citizen confirms by the code or by the letter's link.

use actix_web::{
    HttpRequest, get, post,
    web::{Data, Path},
};
use civicdesk_contract::{IdentityKind, Party};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body,
    contacts::{ContactView, named},
    door::Door,
    public::agency,
    show::moment,
    wire::{Answer, Reply, id},
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    auth::{Right, needs},
    fail::Fail,
    ids,
    people::{
        proofs::{self, Means, TRIES},
        secrets,
    },
    store::{
        Time, Tx, Uid,
        proofs::{self as rows, Proof},
        tenant,
    },
};

/// An address to prove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProof {
    /// `email` or `phone`.
    #[schema(value_type = String, example = "email")]
    kind: IdentityKind,
    #[schema(example = "maria.lopez@example.net", max_length = 254)]
    value: String,
}

/// A letter by which a person proves an address.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProofView {
    #[schema(example = "prf_0197f2a1c3d47b3e8a1f5c2d9e6b7a92")]
    pub id: String,
    #[schema(example = "con_0197f2a1c3d47b3e8a1f5c2d9e6b7a81")]
    pub contact_id: String,
    /// `email` or `phone`.
    #[schema(example = "email")]
    pub kind: String,
    #[schema(example = "maria.lopez@example.net")]
    pub value: String,
    /// The letter; its `state` says whether it went out.
    #[schema(example = "msg_0197f2a1c3d47b3e8a1f5c2d9e6b7a82")]
    pub message_id: String,
    /// The contact that has this address now and will be joined to the one that was asked for.
    pub joins: Option<String>,
    /// `open`, `confirmed`, `replaced` by a later one, `expired`, or `dead` after too many wrong codes.
    #[schema(example = "open")]
    pub state: String,
    #[schema(format = DateTime, example = "2026-11-23T09:00:00Z")]
    pub expires_at: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
}

impl ProofView {
    fn load(tx: &mut Tx, proof: &Proof, now: Time) -> Result<Self, Fail> {
        Ok(Self {
            id: ids::PROOF.show(proof.id.0),
            contact_id: ids::CONTACT.show(proof.contact_id.0),
            kind: proof.kind.clone(),
            value: proof.value.clone(),
            message_id: ids::MESSAGE.show(proof.message_id.0),
            joins: proofs::other(tx, proof)?.map(|contact| ids::CONTACT.show(contact.id.0)),
            state: proofs::standing(proof, now).to_owned(),
            expires_at: moment(proof.expires_at),
            created_at: moment(proof.created_at),
        })
    }
}

/// Asks whoever reads at an address whether it is this person's.
///
/// By mail they get a link and a code, by text a code; a code that they read out is confirmed with
/// `POST /v1/contacts/{id}/proofs/{proof}/confirm`. The address may be one of the contact's, or new: then it is added once
/// it is proved. One that another contact has joins that contact to this one (`joins`), which unmerging it takes back.
/// A mail holds for 24 hours, a text for 10 minutes, and a later letter ends the earlier ones. One address gets three an
/// hour. With a test key the letter is recorded and never sent.
#[utoipa::path(tag = "contacts", operation_id = "ask_for_proof", params(("id" = String, Path, description = "The contact.")),
    request_body = NewProof, responses((status = 202, description = "The letter waits to be sent.", body = ProofView)))]
#[post("/contacts/{id}/proofs")]
pub async fn ask(door: Door<needs::MessagesSend>, path: Path<String>, body: Body<NewProof>) -> Answer {
    let new = body.0;
    let app = door.app();
    let (kinds, key) = (app.opener.kinds(), app.intake.reply_key.clone());
    let means = Means { kinds, key, public_url: app.public_url.clone(), test: false };
    door.write(move |tx, who| {
        who.may(Right::ContactsWrite)?;
        let contact = named(tx, &path)?;
        let party = Party { kind: new.kind, address: new.value.clone(), name: None };
        let means = Means { test: who.test, ..means.clone() };
        let proof = proofs::ask(tx, &who.acting, &means, &contact, &party)?;
        let view = ProofView::load(tx, &proof, who.acting.now)?;
        Reply::accepted(format!("/v1/contacts/{}/proofs/{}", view.contact_id, view.id), &view)
    })
    .await
}

/// A proof that was asked for this contact.
fn of_contact(tx: &mut Tx, path: &(String, String)) -> Result<Proof, Fail> {
    let contact = named(tx, &path.0)?;
    let missing = || Fail::NotFound("proof");
    let proof = rows::get(tx, Uid(id(ids::PROOF, &path.1)?)).map_err(|_| missing())?;
    if proof.contact_id == contact.id { Ok(proof) } else { Err(missing()) }
}

/// Reads how a proof stands.
#[utoipa::path(tag = "contacts", operation_id = "read_proof",
    params(("id" = String, Path, description = "The contact."), ("proof" = String, Path, description = "The proof.")),
    responses((status = 200, description = "The proof.", body = ProofView)))]
#[get("/contacts/{id}/proofs/{proof}")]
pub async fn read(door: Door<needs::ContactsRead>, path: Path<(String, String)>) -> Answer {
    door.read(move |tx, who| {
        let proof = of_contact(tx, &path)?;
        Reply::ok(&ProofView::load(tx, &proof, who.acting.now)?)
    })
    .await
}

/// What was read out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadOut {
    /// The six digits of the letter.
    #[schema(example = "492817", max_length = 20)]
    code: String,
}

/// Confirms an address with the code that the citizen reads out.
///
/// After five wrong codes the letter is dead.
#[utoipa::path(tag = "contacts", operation_id = "confirm_proof",
    params(("id" = String, Path, description = "The contact."), ("proof" = String, Path, description = "The proof.")),
    request_body = ReadOut, responses((status = 200, description = "The contact as it is now.", body = ContactView)))]
#[post("/contacts/{id}/proofs/{proof}/confirm")]
pub async fn confirm(door: Door<needs::ContactsWrite>, path: Path<(String, String)>, body: Body<ReadOut>) -> Answer {
    let (path, code, key) = (path.into_inner(), body.0.code, door.app().intake.reply_key.clone());
    let asked = path.clone();
    let proof = door.read(move |tx, _| Ok(of_contact(tx, &asked)?.id)).await?;
    // A try is counted before the code is looked at, and whatever comes of it: guesses side by side gain nothing.
    let now = door.app().time();
    let tries = door.app().store.tenant(door.tenant());
    let tried = tries.write(move |tx| rows::take_try(tx, proof, TRIES, now)).await.map_err(Fail::from)?;
    door.write(move |tx, who| {
        let proof = of_contact(tx, &path)?;
        let contact = proofs::by_code(tx, &who.acting, &key, &proof, (&code, tried))?;
        Ok(Reply::ok(&ContactView::load(tx, &contact)?)?.version(contact.version))
    })
    .await
}

/// What a link would confirm, or has confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicProof {
    /// The agency that asks.
    #[schema(example = "City of Riverton")]
    pub agency: String,
    /// `email` or `phone`.
    #[schema(example = "email")]
    pub kind: String,
    /// The address that whoever confirms says is theirs.
    #[schema(example = "maria.lopez@example.net")]
    pub address: String,
    /// The agency knows this address from other matters, which will be seen together with the rest.
    pub joins: bool,
    /// `open`, `confirmed`, `replaced`, `expired` or `dead`.
    #[schema(example = "open")]
    pub state: String,
    #[schema(format = DateTime, example = "2026-11-23T09:00:00Z")]
    pub expires_at: String,
}

impl PublicProof {
    fn load(tx: &mut Tx, proof: &Proof, now: Time) -> Result<Self, Fail> {
        let joins = proofs::other(tx, proof)?;
        Ok(Self {
            agency: tenant::get(tx)?.name,
            kind: proof.kind.clone(),
            address: proof.value.clone(),
            joins: joins.is_some(),
            state: proofs::standing(proof, now).to_owned(),
            expires_at: moment(proof.expires_at),
        })
    }
}

fn linked(tx: &mut Tx, hash: &[u8]) -> Result<Proof, Fail> {
    rows::by_token(tx, hash)?.ok_or(Fail::NotFound("proof"))
}

/// Shows what the link of a letter would confirm. It confirms nothing, however often a mail scanner follows it.
#[utoipa::path(tag = "public", operation_id = "read_public_proof", security(()),
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("token" = String, Path, description = "The secret in the letter's link.")),
    responses((status = 200, description = "What would be confirmed.", body = PublicProof)))]
#[get("/public/{tenant}/proofs/{token}")]
pub async fn show(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Answer {
    let tenant = agency(&app, &req, &path.0).await?;
    Ok(Reply::ok(&seen(&app, tenant, &path.1).await?)?)
}

/// What a link would confirm.
pub async fn seen(app: &App, tenant: Uuid, token: &str) -> Result<PublicProof, Fail> {
    let (hash, now) = (secrets::token_hash(token), app.time());
    let door = app.store.tenant(tenant);
    let view = door.read(move |tx| {
        let proof = linked(tx, &hash)?;
        PublicProof::load(tx, &proof, now)
    });
    view.await
}

/// Confirms that the address of a letter is one's own. The link holds once.
#[utoipa::path(tag = "public", operation_id = "confirm_public_proof", security(()),
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("token" = String, Path, description = "The secret in the letter's link.")),
    responses((status = 200, description = "It is confirmed.", body = PublicProof)))]
#[post("/public/{tenant}/proofs/{token}")]
pub async fn confirm_linked(app: Data<App>, req: HttpRequest, path: Path<(String, String)>) -> Answer {
    let tenant = agency(&app, &req, &path.0).await?;
    Ok(Reply::ok(&confirmed(&app, tenant, &path.1).await?)?)
}

/// Confirms what a link is for.
pub async fn confirmed(app: &App, tenant: Uuid, token: &str) -> Result<PublicProof, Fail> {
    let hash = secrets::token_hash(token);
    let act = Acting::new(Actor::System, &app.clock, &app.ids);
    let door = app.store.tenant(tenant);
    let view = door.write(move |tx| {
        let proof = linked(tx, &hash)?;
        proofs::by_link(tx, &act, &proof)?;
        let proof = rows::get(tx, proof.id)?;
        PublicProof::load(tx, &proof, act.now)
    });
    view.await
}
