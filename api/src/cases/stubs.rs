//! A case for what could not be taken whole, so that staff see where they work that somebody wrote, who, and about what.

use civicdesk_contract::Inbound;

use super::{
    fields::LONGEST_SUBJECT,
    filing::Desk,
    known::Known,
    record::{self, Opening, Putting},
    words,
    written::Written,
};
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    people::contacts as people,
    store::{Tx, Uid, inbound::Item},
};

/// Where staff find an item that lies in quarantine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stub {
    pub case: Option<Uid>,
    pub message: Option<Uid>,
}

/// Opens a case with a note, once for an item. Its sender is the requester, and the note bears the message's id, so that
/// what answers it, and the item itself once it is replayed with success, joins the case. Nobody is written to.
pub fn open(
    tx: &mut Tx,
    act: &Acting,
    (written, known): (&mut Written, &mut Known),
    desk: &Desk,
    item: &Item,
    (why, outline): (&str, &Inbound),
) -> Result<Stub, Fail> {
    let before = Stub { case: item.case_id, message: item.message_id };
    let Some(from) = outline.from.as_ref().filter(|from| !desk.is_own(from)) else { return Ok(before) };
    if before.case.is_some() || known.has_twin(item) {
        return Ok(before);
    }
    let contact = people::of_sender(tx, act, written, &mut known.met, Some(from))?;
    let subject = outline.subject.as_deref().map(str::trim).filter(|subject| !subject.is_empty());
    let title: String = subject.unwrap_or("(no subject)").chars().take(LONGEST_SUBJECT).collect();
    let opening = Opening { channel_id: Some(item.channel_id), ..Opening::new(title, contact.id) };
    let case = record::open_in(tx, act, written, &desk.tenant, opening)?;
    let mut note = record::draft(act, &case, "note");
    note.item_id = Some(item.id);
    note.subject = outline.subject.clone();
    note.network_id = outline.message_id.clone();
    note.text = format!(
        "A message from {} could not be taken whole: {why}. What came, {}, is kept in the ledger as {}.",
        from.address,
        size(item.size),
        ids::ITEM.show(item.id.0)
    );
    note.fresh_text.clone_from(&note.text);
    let tokens = words::index(&[&note.text], &[&desk.tenant.locale]);
    let stub = Stub { case: Some(case.id), message: Some(note.id) };
    record::put(tx, act, written, Putting { message: note, files: Vec::new(), tokens })?;
    Ok(stub)
}

fn size(bytes: i64) -> String {
    match bytes {
        ..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}
