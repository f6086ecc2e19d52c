//! `/v1/audit/checkpoint`: the newest seal over the agency's log, signed, to be kept elsewhere.

use actix_web::get;
use civicdesk_contract::equal::hex;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    door::Door,
    show::moment,
    wire::{Answer, Reply},
};
use crate::{audit::checkpoint::Checkpoint, auth::needs, fail::Fail, store::audit_seals};

/// The newest seal over the log. A seal is a hash over the lines since the one before, and over that one.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointView {
    /// The seal's number, without gaps.
    #[schema(example = 412)]
    seal: i64,
    /// The `seq` of the last event that it covers.
    #[schema(example = 9017)]
    last_seq: i64,
    /// SHA-256 in hexadecimal.
    #[schema(example = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4")]
    hash: String,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    sealed_at: String,
    /// All of this as a JWT that the installation signed. Keep it where nobody of the installation can change it, and hand
    /// it to `civicdesk audit verify` when it matters.
    #[schema(example = "eyJ0eXAiOiJhdWRpdC1jaGVja3BvaW50K2p3dCIsImFsZyI6IkVkRFNBIn0.e30.c2lnbmF0dXJl")]
    checkpoint: String,
}

/// Gives the newest seal over the log, signed. The log is sealed once a second.
#[utoipa::path(tag = "events", operation_id = "get_audit_checkpoint",
    responses((status = 200, description = "The newest seal.", body = CheckpointView)))]
#[get("/audit/checkpoint")]
pub async fn checkpoint(door: Door<needs::EventsRead>) -> Answer {
    let master = door.app().master.clone();
    door.read(move |tx, _| {
        let seal = audit_seals::last(tx)?.ok_or(Fail::NotFound("seal"))?;
        Reply::ok(&CheckpointView {
            seal: seal.n,
            last_seq: seal.last_seq,
            hash: hex(&seal.hash),
            sealed_at: moment(seal.sealed_at),
            checkpoint: Checkpoint::of(&seal).sign(&master)?,
        })
    })
    .await
}
