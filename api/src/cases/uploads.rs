//! Files that a stranger sends ahead of a request: each can be used once, by whoever holds its secret, and waits a day.

use sha2::{Digest, Sha256};

use super::{
    flaws::{Flaw, Wrong},
    scan::{self, Scanning},
};
use crate::{
    acting::Acting,
    blobs,
    fail::Fail,
    ids,
    store::{
        Error, Result, Tx, Uid,
        attachments::{self, Attachment},
    },
};

/// Files of one request.
pub const MOST: usize = 10;

/// A file whose bytes are put already.
#[derive(Clone, Debug)]
pub struct Sent {
    pub name: String,
    pub content_type: String,
    pub size: i64,
    pub sha256: [u8; 32],
}

/// A file that waits, as its sender names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub id: Uid,
    /// Who may use it, as the row says.
    holder: String,
}

impl Ticket {
    /// `att_….secret`, as the sender was given it.
    pub fn read(shown: &str) -> Option<Self> {
        let (id, secret) = shown.split_once('.')?;
        Some(Self { id: Uid(ids::ATTACHMENT.read(id)?), holder: holder(secret) })
    }
}

fn holder(secret: &str) -> String {
    format!("public:{}", blobs::to_hex(&Sha256::digest(secret)))
}

/// Lets a file wait; the answer is what its sender keeps.
pub fn wait(
    tx: &mut Tx,
    act: &Acting,
    scanning: Scanning,
    (sent, secret): (&Sent, &str),
) -> std::result::Result<String, Fail> {
    let id = act.id();
    let row = Attachment {
        tenant_id: tx.tenant(),
        id,
        message_id: None,
        uploaded_by: Some(holder(secret)),
        name: sent.name.clone(),
        content_type: sent.content_type.clone(),
        size: sent.size,
        sha256: sent.sha256.to_vec(),
        content_id: None,
        inline: false,
        scan: scanning.first(),
        scan_detail: None,
        created_at: act.now,
    };
    scan::keep(tx, act, &[row])?;
    Ok(format!("{}.{secret}", ids::ATTACHMENT.show(id.0)))
}

/// The files of these names, where each still waits for its holder.
pub fn waiting(tx: &mut Tx, wrong: &mut Vec<Wrong>, shown: &[String]) -> Result<Vec<Ticket>> {
    if shown.len() > MOST {
        wrong.push(Wrong { pointer: "/attachments".into(), flaw: Flaw::TooManyFiles(MOST) });
        return Ok(Vec::new());
    }
    let mut tickets: Vec<Ticket> = Vec::new();
    for (n, shown) in shown.iter().enumerate() {
        match Ticket::read(shown) {
            Some(ticket) if !tickets.contains(&ticket) && file(tx, &ticket)?.is_some() => tickets.push(ticket),
            _ => wrong.push(Wrong { pointer: format!("/attachments/{n}"), flaw: Flaw::NoUpload }),
        }
    }
    Ok(tickets)
}

/// A file that waits for this holder.
pub fn file(tx: &mut Tx, ticket: &Ticket) -> Result<Option<Attachment>> {
    match attachments::get(tx, ticket.id) {
        Ok(file) => {
            let waits = file.message_id.is_none() && file.uploaded_by.as_deref() == Some(ticket.holder.as_str());
            Ok(waits.then_some(file))
        }
        Err(Error::NotFound) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Gives the files to a message, whose case tells what a scanner found in them before.
pub fn claim(tx: &mut Tx, act: &Acting, tickets: &[Ticket], message: Uid) -> std::result::Result<(), Fail> {
    for ticket in tickets {
        attachments::claim(tx, ticket.id, message, &ticket.holder)?;
        let file = attachments::get(tx, ticket.id)?;
        scan::tell(tx, act, &[file])?;
    }
    Ok(())
}
