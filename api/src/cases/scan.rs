//! Files of strangers: what a scanner found in them, and who may have them.

use serde_json::json;

use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    store::{
        Json, Tx,
        attachments::{self, Attachment},
        events,
        inbound::{self, Item},
        jobs::{self, Job},
        messages,
    },
};

/// The kind of job that has files scanned.
pub const SCAN: &str = "scan";
/// Seconds after which a file that waits may have been scanned.
const SOON: u32 = 10;

/// Whether files are scanned, and what becomes of those that cannot be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scanning {
    #[default]
    Off,
    /// What was not scanned is handed to nobody.
    Hold,
    /// What cannot be scanned is handed out as it is.
    Pass,
}

impl Scanning {
    /// The state in which a file begins.
    pub fn first(self) -> String {
        if self == Self::Off { "off" } else { "waiting" }.to_owned()
    }
}

/// What a scan ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Scanning was switched off meanwhile.
    Off,
    Clean,
    /// The name of what is in it.
    Infected(String),
    /// It cannot be scanned, and why.
    Failed(String),
}

impl Found {
    /// The state of a file, and the word by which it is counted.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Clean => "clean",
            Self::Infected(_) => "infected",
            Self::Failed(_) => "failed",
        }
    }

    fn detail(&self) -> Option<&str> {
        match self {
            Self::Off | Self::Clean => None,
            Self::Infected(detail) | Self::Failed(detail) => Some(detail),
        }
    }
}

/// Writes files, and asks for their scan where they wait for one.
pub fn keep(tx: &mut Tx, act: &Acting, files: &[Attachment]) -> Result<(), Fail> {
    attachments::insert(tx, files)?;
    if files.iter().any(|file| file.scan == "waiting") {
        let job = Job {
            tenant_id: tx.tenant(),
            id: act.id(),
            kind: SCAN.to_owned(),
            subject_id: None,
            payload: Json(json!({})),
            due_at: act.now,
            attempts: 0,
            leased_until: None,
            last_error: None,
            created_at: act.now,
        };
        jobs::enqueue_once(tx, &job)?;
    }
    Ok(())
}

/// Writes down what was found in all waiting files of these bytes.
pub fn settle(tx: &mut Tx, act: &Acting, sha256: &[u8], found: &Found) -> Result<(), Fail> {
    let mut files = attachments::unscanned_of(tx, sha256)?;
    attachments::set_scan(tx, sha256, found.word(), found.detail())?;
    for file in &mut files {
        file.scan = found.word().to_owned();
        file.scan_detail = found.detail().map(str::to_owned);
    }
    tell(tx, act, &files)
}

/// Says in the history of each file's case what staff must know of it: that something is in it, or that nobody could look.
pub fn tell(tx: &mut Tx, act: &Acting, files: &[Attachment]) -> Result<(), Fail> {
    let mut lines = Vec::new();
    for file in files {
        let kind = match file.scan.as_str() {
            "infected" => "attachment.infected",
            "failed" => "attachment.not_scanned",
            _ => continue,
        };
        let mut event = act.event(tx, kind);
        event.message_id = file.message_id;
        event.case_id = file.message_id.map(|id| messages::get(tx, id)).transpose()?.map(|message| message.case_id);
        let id = ids::ATTACHMENT.show(file.id.0);
        event.data = Json(json!({ "attachment_id": id, "name": file.name, "found": file.scan_detail }));
        lines.push(event);
    }
    Ok(events::append(tx, lines)?)
}

/// Whether a file may be handed out: never one in which something was found.
pub fn handed_out(scanning: Scanning, file: &Attachment) -> Result<(), Fail> {
    let detail = || file.scan_detail.clone().unwrap_or_default();
    match (file.scan.as_str(), scanning) {
        ("infected", _) => Err(Fail::Infected(detail())),
        ("waiting", Scanning::Hold | Scanning::Pass) => Err(Fail::NotScanned(SOON)),
        ("failed", Scanning::Hold) => Err(Fail::Unscannable(detail())),
        _ => Ok(()),
    }
}

/// Whether an original may be handed out as it came. One that holds what a scanner refused is for few: `trusted`.
pub fn original(tx: &mut Tx, scanning: Scanning, item: &Item, trusted: bool) -> Result<(), Fail> {
    let message = match (item.message_id, item.duplicate_of) {
        (None, Some(first)) => inbound::get(tx, first)?.message_id,
        (own, _) => own,
    };
    let Some(message) = message else { return Ok(()) };
    for file in attachments::of_messages(tx, &[message])? {
        match handed_out(scanning, &file) {
            Err(Fail::Infected(_) | Fail::Unscannable(_)) if trusted => {}
            checked => checked?,
        }
    }
    Ok(())
}

/// Whether files may be sent out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sendable {
    Yes,
    /// One of them is not scanned yet.
    Later,
    /// Why never.
    No(String),
}

pub fn sendable(scanning: Scanning, files: &[Attachment]) -> Sendable {
    let mut later = false;
    for file in files {
        match handed_out(scanning, file) {
            Ok(()) => {}
            Err(Fail::NotScanned(_)) => later = true,
            Err(_) => {
                let found = file.scan_detail.as_deref().unwrap_or_default();
                return Sendable::No(format!("the file {} is {}: {found}", file.name, file.scan));
            }
        }
    }
    if later { Sendable::Later } else { Sendable::Yes }
}
