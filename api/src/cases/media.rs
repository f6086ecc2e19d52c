//! Files of a message that lie at its network: fetched after it was filed, and kept beside it.

use civicdesk_contract::{InboundAttachment, Media};
use serde_json::json;
use uuid::Uuid;

use super::{intake::Deps, parsing, scan};
use crate::{
    acting::{Acting, Actor},
    blobs,
    fail::Fail,
    store::{
        Json, Tx, Uid,
        attachments::Attachment,
        events,
        jobs::{self, Job},
        messages::Message,
    },
};

/// The kind of job that fetches.
pub const FETCH: &str = "fetch";
/// Files of one message that are fetched.
const MOST: usize = 20;

/// The job that fetches a message's files; none where it has none.
pub fn job(act: &Acting, message: &Message, media: &[Media]) -> Option<Job> {
    let media = &media[..media.len().min(MOST)];
    (!media.is_empty()).then(|| Job {
        tenant_id: message.tenant_id,
        id: act.id(),
        kind: FETCH.to_owned(),
        subject_id: Some(message.id),
        payload: Json(json!({ "media": media })),
        due_at: act.now,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    })
}

/// What a job is to fetch.
pub fn of(job: &Job) -> Vec<Media> {
    serde_json::from_value(job.payload.0["media"].clone()).unwrap_or_default()
}

/// Keeps what was fetched with its message, says what could not be had, and ends the job, all in one commit.
pub async fn keep(
    deps: &Deps,
    tenant: Uuid,
    (job, message): (Uid, &Message),
    fetched: Vec<InboundAttachment>,
    missing: Vec<String>,
) -> Result<(), Fail> {
    let act = Acting::new(Actor::System, &deps.clock, &deps.ids);
    let mut rows = Vec::with_capacity(fetched.len());
    for attachment in fetched {
        let file = parsing::file(&attachment, blobs::of(&attachment.bytes));
        deps.blobs.put(tenant, &file.hash, attachment.bytes).await.map_err(|e| Fail::Broken(e.to_string()))?;
        rows.push(Attachment {
            tenant_id: message.tenant_id,
            id: act.id(),
            message_id: Some(message.id),
            uploaded_by: None,
            name: file.name,
            content_type: file.content_type,
            size: file.size,
            sha256: file.hash.to_vec(),
            content_id: file.content_id,
            inline: file.inline,
            scan: deps.scanning.first(),
            scan_detail: None,
            created_at: act.now,
        });
    }
    let message = message.clone();
    let write = move |tx: &mut Tx| {
        scan::keep(tx, &act, &rows)?;
        let mut event = act.event(tx, "message.files_fetched");
        event.case_id = Some(message.case_id);
        event.message_id = Some(message.id);
        event.data = Json(json!({ "files": rows.len(), "missing": missing }));
        events::append(tx, vec![event])?;
        Ok::<_, Fail>(jobs::done(tx, job)?)
    };
    deps.store.tenant(tenant).write(write).await
}
