//! `/v1/public/{tenant}/uploads`: files that a stranger sends ahead of a request.

use actix_web::{
    FromRequest, HttpRequest, post,
    web::{Bytes, Data, Path, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    attachments::{LARGEST, file_name},
    body::Upload,
    client,
    public::agency,
    show::FileBytes,
    wire::{Answer, Reply},
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    blobs,
    cases::uploads::{self, Sent},
    fail::Fail,
    store::Tx,
};

/// How many requests a file of a stranger is as heavy as.
const WEIGHT: u32 = 20;

/// A file that waits to be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicUpload {
    /// Names the file in a request, once, and proves that it is yours: keep it to yourself.
    #[schema(example = "att_0197f2a1c3d47b3e8a1f5c2d9e6b7a84.q83vEjRWeJCrze8SNFZ4kA")]
    pub id: String,
    #[schema(example = "lamp.jpg")]
    pub name: String,
    #[schema(example = "image/jpeg")]
    pub content_type: String,
    /// Bytes.
    #[schema(example = 48213)]
    pub size: i64,
}

/// Uploads a file, to be sent with a request within a day.
///
/// The body is the file; its name stands in `Content-Disposition: attachment; filename="lamp.jpg"`, its type in
/// `X-Content-Type` where it matters. A file is as heavy as twenty requests.
#[utoipa::path(tag = "public", operation_id = "upload_public_file", security(()),
    request_body(content = FileBytes, content_type = "application/octet-stream", description = "The file, at most 25 MiB, or less where the operator says so (`limits.attachment_bytes`)."),
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("Content-Disposition" = String, Header, description = "The file's name (RFC 6266).", example = "attachment; filename=\"lamp.jpg\"")),
    responses((status = 201, description = "The file waits.", body = PublicUpload)))]
#[post("/public/{tenant}/uploads")]
pub async fn upload(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Payload) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    weigh(&app, &req)?;
    let name = file_name(&req)?;
    let typed = req.headers().get("x-content-type").and_then(|v| v.to_str().ok()).unwrap_or("application/octet-stream");
    let body = Upload::<LARGEST>::from_request(&req, &mut body.into_inner()).await?;
    let upload = keep(&app, tenant, name, typed, body.0).await?;
    Ok(Reply::created(format!("/v1/public/{}/uploads", *slug), &upload)?)
}

/// Takes a file's weight from what a stranger may do in a minute.
pub fn weigh(app: &App, req: &HttpRequest) -> Result<(), Fail> {
    let from = client::address(req, &app.trusted_proxies).map(|ip| ip.to_string()).unwrap_or_default();
    app.quotas.take_some(&format!("public {from}"), WEIGHT, app.now()).1
}

/// Keeps a file until a request takes it.
pub async fn keep(app: &App, tenant: Uuid, name: String, typed: &str, bytes: Bytes) -> Result<PublicUpload, Fail> {
    let content_type: String = typed.chars().filter(|c| !c.is_control()).take(120).collect();
    let (sha256, size) = (blobs::of(&bytes), i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    app.blobs.put(tenant, &sha256, bytes.to_vec()).await.map_err(|e| Fail::Broken(e.to_string()))?;
    let secret = URL_SAFE_NO_PAD.encode(app.ids.bytes::<16>());
    let act = Acting::new(Actor::System, &app.clock, &app.ids);
    let sent = Sent { name: name.clone(), content_type: content_type.clone(), size, sha256 };
    let scanning = app.intake.scanning;
    let write = move |tx: &mut Tx| uploads::wait(tx, &act, scanning, (&sent, &secret));
    let id = app.store.tenant(tenant).write(write).await?;
    Ok(PublicUpload { id, name, content_type, size })
}
