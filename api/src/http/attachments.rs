//! `/v1/attachments`: files up and down.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    post,
    web::{Bytes, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::Upload,
    door::Door,
    problem::Problem,
    show::{FileBytes, moment},
    wire::{Answer, Reply, id},
};
use crate::{
    auth::needs,
    blobs,
    cases::scan,
    fail::Fail,
    ids,
    store::{
        Error, Tx, Uid,
        attachments::{self, Attachment},
    },
};

/// What an upload may measure.
pub const LARGEST: usize = 25 * 1024 * 1024;
/// Bytes of a file's name.
const LONGEST_NAME: usize = 255;

/// One file.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentView {
    #[schema(example = "att_0197f2a1c3d47b3e8a1f5c2d9e6b7a84")]
    pub id: String,
    #[schema(example = "permit.pdf")]
    pub name: String,
    #[schema(example = "application/pdf")]
    pub content_type: String,
    /// Bytes.
    #[schema(example = 48213)]
    pub size: i64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// The message's HTML shows it by this name (`cid:`).
    pub content_id: Option<String>,
    /// Meant to be seen inside the text.
    pub inline: bool,
    /// What a scanner found: `off` (nobody looks), `waiting`, `clean`, `infected` or `failed`.
    #[schema(example = "clean")]
    pub scan: String,
    /// What is in it, or why it could not be scanned.
    pub scan_detail: Option<String>,
    #[schema(format = DateTime, example = "2026-11-22T09:00:00Z")]
    pub created_at: String,
}

impl AttachmentView {
    pub fn of(a: &Attachment) -> Self {
        Self {
            id: ids::ATTACHMENT.show(a.id.0),
            name: a.name.clone(),
            content_type: a.content_type.clone(),
            size: a.size,
            sha256: blobs::to_hex(&a.sha256),
            content_id: a.content_id.clone(),
            inline: a.inline,
            scan: a.scan.clone(),
            scan_detail: a.scan_detail.clone(),
            created_at: moment(a.created_at),
        }
    }
}

/// A file that is part of a message, or that waits to be used by the credential that uploaded it.
fn named(tx: &mut Tx, path: &str, caller: &str) -> Result<Attachment, Fail> {
    let id = id(ids::ATTACHMENT, path)?;
    let file = attachments::get(tx, Uid(id)).map_err(|e| match e {
        Error::NotFound => Fail::NotFound("attachment"),
        e => e.into(),
    })?;
    let visible = file.message_id.is_some() || file.uploaded_by.as_deref() == Some(caller);
    if visible { Ok(file) } else { Err(Fail::NotFound("attachment")) }
}

/// The name in `Content-Disposition: attachment; filename="permit.pdf"` (RFC 6266), made harmless.
pub fn file_name(req: &HttpRequest) -> Result<String, Fail> {
    let missing = || Fail::field("Content-Disposition", "send the file's name: attachment; filename=\"permit.pdf\"");
    let sent = req.headers().get(header::CONTENT_DISPOSITION).ok_or_else(missing)?;
    let named = ContentDisposition::from_raw(sent).map_err(|_| missing())?;
    let extended = named.get_filename_ext().and_then(|e| String::from_utf8(e.value.clone()).ok());
    let name = extended.or_else(|| named.get_filename().map(str::to_owned)).ok_or_else(missing)?;
    tidy(&name).ok_or_else(missing)
}

/// A file's name without a path and control characters, of bearable length; none where nothing is left.
pub fn tidy(name: &str) -> Option<String> {
    let bare = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut tidy: String = bare.chars().filter(|c| !c.is_control()).collect();
    tidy.truncate(tidy.floor_char_boundary(LONGEST_NAME));
    Some(tidy).filter(|name| !name.trim().is_empty())
}

/// Uploads a file, to be sent with a message later.
///
/// The body is the file; its name stands in `Content-Disposition: attachment; filename="permit.pdf"`, its type in
/// `X-Content-Type` where it matters. Only the credential that uploaded it can use it, once; what no message uses within
/// a day is forgotten.
#[utoipa::path(tag = "attachments", operation_id = "upload_attachment",
    request_body(content = FileBytes, content_type = "application/octet-stream", description = "The file, at most 25 MiB, or less where the operator says so (`limits.attachment_bytes`)."),
    params(("Content-Disposition" = String, Header, description = "The file's name (RFC 6266).", example = "attachment; filename=\"permit.pdf\"")),
    responses((status = 201, description = "The file.", body = AttachmentView)))]
#[post("/attachments")]
pub async fn upload(door: Door<needs::AttachmentsWrite>, req: HttpRequest, body: Upload<LARGEST>) -> Answer {
    door.read(|_, _| Ok(())).await?;
    let name = file_name(&req)?;
    let typed = req.headers().get("x-content-type").and_then(|v| v.to_str().ok()).unwrap_or("application/octet-stream");
    let bytes: Bytes = body.0;
    let sha256 = blobs::of(&bytes);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let content_type: String = typed.chars().take(120).collect();
    let put = door.app().blobs.put(door.tenant(), &sha256, bytes.to_vec()).await;
    put.map_err(|e| Fail::Broken(e.to_string()))?;
    let scanning = door.app().intake.scanning;
    door.write(move |tx, who| {
        let file = Attachment {
            tenant_id: tx.tenant(),
            id: who.acting.id(),
            message_id: None,
            uploaded_by: Some(who.id()),
            name: name.clone(),
            content_type: content_type.clone(),
            size,
            sha256: sha256.to_vec(),
            content_id: None,
            inline: false,
            scan: scanning.first(),
            scan_detail: None,
            created_at: who.acting.now,
        };
        scan::keep(tx, &who.acting, std::slice::from_ref(&file))?;
        let view = AttachmentView::of(&file);
        Reply::created(format!("/v1/attachments/{}", view.id), &view)
    })
    .await
}

/// Reads what is known of a file.
#[utoipa::path(tag = "attachments", operation_id = "read_attachment", params(("id" = String, Path, description = "The file.")),
    responses((status = 200, description = "The file.", body = AttachmentView)))]
#[get("/attachments/{id}")]
pub async fn read(door: Door<needs::CasesRead>, path: Path<String>) -> Answer {
    door.read(move |tx, who| Reply::ok(&AttachmentView::of(&named(tx, &path, &who.id())?))).await
}

/// Downloads a file. It is never shown in the page: a stranger sent it.
///
/// Where the operator has files scanned, one that waits for that is refused with `file-not-scanned` (503, Retry-After), one
/// in which something was found with `infected-file`, and one that cannot be scanned with `unscannable-file` (both 403).
#[utoipa::path(tag = "attachments", operation_id = "download_attachment", params(("id" = String, Path, description = "The file.")),
    responses((status = 200, description = "The bytes.", body = FileBytes, content_type = "application/octet-stream")))]
#[get("/attachments/{id}/content")]
pub async fn download(door: Door<needs::CasesRead>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let scanning = door.app().intake.scanning;
    let file = door
        .read(move |tx, who| {
            let file = named(tx, &path, &who.id())?;
            scan::handed_out(scanning, &file).map(|()| file)
        })
        .await?;
    let broken = |why: String| Problem::from(Fail::Broken(why));
    let sha256 =
        file.sha256.as_slice().try_into().map_err(|_| broken("an attachment's hash has a wrong length".into()))?;
    let bytes = door.app().blobs.get(door.tenant(), &sha256).await.map_err(|e| broken(e.to_string()))?;
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(file.name.replace(|c: char| !c.is_ascii() || "\"\\".contains(c), "_")),
            DispositionParam::FilenameExt(header::ExtendedValue {
                charset: header::Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: file.name.into_bytes(),
            }),
        ],
    };
    Ok(HttpResponse::Ok().insert_header(disposition).content_type("application/octet-stream").body(bytes))
}
