//! Files of messages: names and hashes; the bytes lie in the blob store.

use diesel::prelude::*;

use super::{Error, Result, Time, Tx, Uid, connection::each, schema::attachments};

/// One file.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
pub struct Attachment {
    pub tenant_id: Uid,
    pub id: Uid,
    /// Empty between upload and use.
    pub message_id: Option<Uid>,
    /// The credential that uploaded it: only it may use the file, and only once.
    pub uploaded_by: Option<String>,
    pub name: String,
    pub content_type: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub content_id: Option<String>,
    pub inline: bool,
    /// `off`, `waiting`, `clean`, `infected` or `failed`.
    pub scan: String,
    /// What was found in it, or why it could not be scanned.
    pub scan_detail: Option<String>,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx, rows: &[Attachment]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let into = tx.insert(attachments::table);
    each!(tx.conn(), c => into.values(rows).execute(c))?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Attachment> {
    let query = tx.of(attachments::table).filter(attachments::id.eq(id));
    Ok(query.select(Attachment::as_select()).first(tx.conn())?)
}

/// Files that wait to be scanned, the oldest first.
pub fn unscanned(tx: &mut Tx, limit: i64) -> Result<Vec<Attachment>> {
    let query = tx.of(attachments::table).filter(attachments::scan.eq("waiting"));
    Ok(query.order(attachments::id).limit(limit).select(Attachment::as_select()).load(tx.conn())?)
}

/// Files of these bytes that wait to be scanned.
pub fn unscanned_of(tx: &mut Tx, sha256: &[u8]) -> Result<Vec<Attachment>> {
    let query = tx.of(attachments::table).filter(attachments::sha256.eq(sha256.to_vec()));
    let query = query.filter(attachments::scan.eq("waiting")).order(attachments::id);
    Ok(query.select(Attachment::as_select()).load(tx.conn())?)
}

/// Notes what a scan found of all waiting files of these bytes.
pub fn set_scan(tx: &mut Tx, sha256: &[u8], scan: &str, detail: Option<&str>) -> Result<()> {
    let query = tx.of(attachments::table).filter(attachments::sha256.eq(sha256.to_vec()));
    diesel::update(query.filter(attachments::scan.eq("waiting")))
        .set((attachments::scan.eq(scan.to_owned()), attachments::scan_detail.eq(detail.map(str::to_owned))))
        .execute(tx.conn())?;
    Ok(())
}

pub fn of_messages(tx: &mut Tx, messages: &[Uid]) -> Result<Vec<Attachment>> {
    let query = tx.of(attachments::table).filter(attachments::message_id.eq_any(messages.to_vec()));
    Ok(query.order((attachments::created_at, attachments::id)).select(Attachment::as_select()).load(tx.conn())?)
}

/// Gives an uploaded file to a message. It must be the uploader's and not be used yet.
pub fn claim(tx: &mut Tx, id: Uid, message: Uid, uploader: &str) -> Result<()> {
    let target = tx.of(attachments::table).filter(attachments::id.eq(id));
    let target =
        target.filter(attachments::message_id.is_null()).filter(attachments::uploaded_by.eq(uploader.to_owned()));
    let n = diesel::update(target).set(attachments::message_id.eq(Some(message))).execute(tx.conn())?;
    if n == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Forgets up to `most` uploads from before this moment that no message has used, and says how many those were.
pub fn forget_unused(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let unused = tx.of(attachments::table).filter(attachments::message_id.is_null());
    let unused = unused.filter(attachments::created_at.lt(before)).limit(most);
    let unused: Vec<Uid> = unused.select(attachments::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(attachments::table).filter(attachments::id.eq_any(unused))).execute(tx.conn())?)
}

/// Those of these hashes that a row names.
pub fn named(tx: &mut Tx, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let same = tx.of(attachments::table).filter(attachments::sha256.eq_any(hashes.to_vec()));
    Ok(same.select(attachments::sha256).distinct().load(tx.conn())?)
}
