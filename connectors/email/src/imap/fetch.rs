//! Fetches what a folder holds after a mark, in order, and never steps over a mail that it has not seen.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_imap::imap_proto::{AttributeValue, MessageSection, Response, SectionPath};
use civicdesk_contract::{Envelope, ExternalId, Place, RawItem, Result};
use jiff::{Timestamp, fmt::strtime};

use super::{
    cursor::{self, Mark},
    session::{Folder, PATIENCE, Reply, Session, refusal},
};

/// Mails larger than this are not taken whole: a batch lies in memory.
pub const MOST_BYTES: u32 = 64 << 20;
/// One answer of the server should not hold more than this many mails or bytes.
const CHUNK: (usize, u64) = (50, 8 << 20);
/// A batch ends here, though never before its first mail.
const BATCH_BYTES: u64 = 32 << 20;
/// How often the server may refuse to give out one mail before the rest of the folder goes on without it.
const STRIKES: u8 = 3;
const OPERATION: &str = "imap fetch";
const WHOLE: &str = "BODY.PEEK[]";
const HEADER: &str = "BODY.PEEK[HEADER]";

/// What stands before the header of a mail whose body could not be taken.
pub const INCOMPLETE: &str = "X-CivicDesk-Incomplete: ";

/// The mails that the server refused to give out, and how often.
pub type Refusals = Mutex<HashMap<ExternalId, u8>>;

/// One step through a folder.
pub struct Step {
    pub items: Vec<RawItem>,
    pub mark: Mark,
    pub more: bool,
}

struct Mail {
    uid: u32,
    size: u32,
    arrived: Option<Timestamp>,
}

/// A folder that is open, and what is needed to read on in it.
pub struct Reader<'a> {
    pub session: &'a mut Session,
    pub folder: &'a str,
    pub opened: Folder,
    pub refusals: &'a Refusals,
}

impl Reader<'_> {
    /// At most `most` mails from `mark` on.
    pub async fn step(&mut self, mark: Mark, most: usize) -> Result<Step> {
        let (mails, mut more) = self.list(mark.next, most).await?;
        let mut step = Step { items: Vec::new(), mark, more: false };
        let mut bytes = 0;
        for chunk in chunks(&mails) {
            let size = chunk.iter().map(|mail| u64::from(mail.size)).sum::<u64>();
            if bytes > 0 && bytes + size > BATCH_BYTES {
                more = true;
                break;
            }
            bytes += size;
            match self.take(chunk, step.items.is_empty()).await {
                Ok(taken) => {
                    step.mark.next = taken.next;
                    step.items.extend(taken.items);
                    if taken.stopped {
                        more = true;
                        break;
                    }
                }
                // What came before is whole; the trouble shows again when it is the first thing asked for.
                Err(_) if !step.items.is_empty() => {
                    more = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        step.more = more;
        Ok(step)
    }

    /// Whether there is any mail from `next` on.
    pub async fn has_any(&mut self, next: u32) -> Result<bool> {
        Ok(self.opened.exists > 0 && !self.list(next, 1).await?.0.is_empty())
    }

    /// The first `most` mails from `next` on in order, and whether there are more. The range asked for grows until
    /// enough is found, so that neither a full mailbox nor one with wide gaps costs much.
    async fn list(&mut self, next: u32, most: usize) -> Result<(Vec<Mail>, bool)> {
        let mut found: BTreeMap<u32, Mail> = BTreeMap::new();
        if self.opened.exists == 0 {
            return Ok((Vec::new(), false));
        }
        let mut width = u32::try_from(most).unwrap_or(u32::MAX).saturating_mul(2).max(100);
        let mut from = next;
        loop {
            let to = from.saturating_add(width);
            // Without a higher number to come, `*` also finds mail that arrived since the folder was opened.
            let last = self.opened.uidnext.is_none_or(|uidnext| to >= uidnext);
            let range = if last { format!("{from}:*") } else { format!("{from}:{to}") };
            let command = format!("UID FETCH {range} (UID RFC822.SIZE INTERNALDATE)");
            let reply = self.session.command(OPERATION, &command, PATIENCE, |response| {
                // `n:*` names the last mail even where its number is below n.
                if let Some(mail) = listed(response).filter(|mail| mail.uid >= from) {
                    found.insert(mail.uid, mail);
                    if found.len() > most + 1 {
                        found.pop_last();
                    }
                }
            });
            reply.await?.or_error(OPERATION)?;
            if last || found.len() > most || to == u32::MAX {
                break;
            }
            from = to + 1;
            width = width.saturating_mul(8);
        }
        let more = found.len() > most;
        Ok((found.into_values().take(most).collect(), more))
    }

    /// The mails of one chunk. Those that are gone meanwhile are passed over.
    async fn take(&mut self, chunk: &[Mail], first: bool) -> Result<Taken> {
        let mut taken = Taken { items: Vec::new(), next: 0, stopped: false };
        let whole = chunk.iter().all(|mail| mail.size <= MOST_BYTES);
        let mut bodies = if whole { self.ask(chunk, WHOLE).await?.0 } else { BTreeMap::new() };
        for mail in chunk {
            let raw = match bodies.remove(&mail.uid) {
                Some(Some(raw)) => Some(raw),
                _ => match self.single(mail).await? {
                    Single::Here(raw) => Some(raw),
                    Single::Gone => None,
                    Single::Refused(_) if !(first && taken.items.is_empty()) => {
                        taken.stopped = true;
                        break;
                    }
                    Single::Refused(words) => Some(self.strike(mail, &words).await?),
                },
            };
            taken.items.extend(raw.map(|raw| self.item(mail, raw)));
            taken.next = mail.uid.saturating_add(1);
        }
        if taken.next == 0 {
            taken.next = chunk.first().map_or(1, |mail| mail.uid);
        }
        Ok(taken)
    }

    /// One mail that did not come with the others: asked for once more before it is called gone.
    async fn single(&mut self, mail: &Mail) -> Result<Single> {
        if mail.size <= MOST_BYTES {
            return self.one(mail, WHOLE).await;
        }
        let why = format!("it has {} bytes, so only the header was fetched", mail.size);
        Ok(match self.one(mail, HEADER).await? {
            Single::Here(header) => Single::Here(incomplete(&why, &header)),
            other => other,
        })
    }

    async fn one(&mut self, mail: &Mail, what: &str) -> Result<Single> {
        let (mut bodies, reply) = self.ask(std::slice::from_ref(mail), what).await?;
        Ok(match (bodies.remove(&mail.uid), reply) {
            (Some(Some(raw)), _) => Single::Here(raw),
            (_, Reply::Refused { words, .. }) => Single::Refused(words),
            (Some(None), Reply::Ok) => Single::Refused("the server names the mail but gives no content".to_owned()),
            (None, Reply::Ok) => Single::Gone,
        })
    }

    /// The server refuses this mail. After some tries it becomes an item that says so, and the folder goes on.
    async fn strike(&mut self, mail: &Mail, words: &str) -> Result<Vec<u8>> {
        let id = cursor::id(self.folder, self.opened.uidvalidity, mail.uid);
        let strikes = {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            let strikes = refusals.entry(id.clone()).or_default();
            *strikes = strikes.saturating_add(1);
            *strikes
        };
        if strikes < STRIKES {
            return Err(refusal(OPERATION, &format!("mail {}: {words}", id.0)));
        }
        let why = format!("the server does not give out this mail: {words}");
        let header = match self.one(mail, HEADER).await? {
            Single::Here(header) => header,
            Single::Gone | Single::Refused(_) => Vec::new(),
        };
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        Ok(incomplete(&why, &header))
    }

    /// What the server gives of these mails; `None` for one that it names without content.
    async fn ask(&mut self, mails: &[Mail], what: &str) -> Result<(BTreeMap<u32, Option<Vec<u8>>>, Reply)> {
        let uids: Vec<String> = mails.iter().map(|mail| mail.uid.to_string()).collect();
        let largest = mails.iter().map(|mail| mail.size).max().unwrap_or(0);
        let patience = PATIENCE + Duration::from_secs(u64::from(largest) / (64 << 10));
        let mut found = BTreeMap::new();
        let command = format!("UID FETCH {} (UID {what})", uids.join(","));
        let reply = self.session.command(OPERATION, &command, patience, |response| {
            if let Some((uid, bytes)) = content(response)
                && mails.iter().any(|mail| mail.uid == uid)
            {
                found.insert(uid, bytes.map(<[u8]>::to_vec));
            }
        });
        let reply = reply.await?;
        Ok((found, reply))
    }

    fn item(&self, mail: &Mail, raw: Vec<u8>) -> RawItem {
        let uidvalidity = self.opened.uidvalidity;
        RawItem {
            id: cursor::id(self.folder, uidvalidity, mail.uid),
            place: Some(Place { folder: self.folder.to_owned(), epoch: uidvalidity.to_string() }),
            envelope: Envelope { from: None, to: Vec::new(), received_at: mail.arrived },
            raw,
        }
    }
}

struct Taken {
    items: Vec<RawItem>,
    next: u32,
    /// The next mail was refused, and is to be the first of a batch of its own.
    stopped: bool,
}

enum Single {
    Here(Vec<u8>),
    Gone,
    Refused(String),
}

/// Consecutive mails that may come in one answer; one that is too large stands alone.
fn chunks(mails: &[Mail]) -> Vec<&[Mail]> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    for (i, mail) in mails.iter().enumerate() {
        let size = u64::from(mail.size);
        if i > start && (i - start >= CHUNK.0 || bytes + size > CHUNK.1) {
            chunks.push(&mails[start..i]);
            (start, bytes) = (i, 0);
        }
        bytes += size;
    }
    if start < mails.len() {
        chunks.push(&mails[start..]);
    }
    chunks
}

fn listed(response: &Response<'_>) -> Option<Mail> {
    let Response::Fetch(_, attributes) = response else { return None };
    let (mut uid, mut size, mut arrived) = (None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(n) => uid = Some(*n),
            AttributeValue::Rfc822Size(n) => size = Some(*n),
            AttributeValue::InternalDate(text) => arrived = internal_date(text),
            _ => {}
        }
    }
    Some(Mail { uid: uid?, size: size?, arrived })
}

/// The bytes of a mail or of its header, in an answer that speaks of content at all.
fn content<'a>(response: &'a Response<'_>) -> Option<(u32, Option<&'a [u8]>)> {
    let Response::Fetch(_, attributes) = response else { return None };
    let uid = attributes.iter().find_map(|a| match a {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })?;
    let bytes = attributes.iter().find_map(|a| match a {
        AttributeValue::BodySection {
            section: None | Some(SectionPath::Full(MessageSection::Header)),
            index: None,
            data,
        } => Some(data.as_deref()),
        _ => None,
    })?;
    Some((uid, bytes))
}

fn incomplete(why: &str, header: &[u8]) -> Vec<u8> {
    [format!("{INCOMPLETE}{why}\r\n").as_bytes(), header].concat()
}

fn internal_date(text: &str) -> Option<Timestamp> {
    strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use super::{Mail, chunks, internal_date};

    #[test]
    fn a_large_mail_travels_alone_and_small_ones_together() {
        let sizes = [1, 2, 9 << 20, 3, 4 << 20, 5 << 20];
        let mails: Vec<Mail> = sizes.iter().zip(1..).map(|(&size, uid)| Mail { uid, size, arrived: None }).collect();
        let split: Vec<Vec<u32>> = chunks(&mails).iter().map(|c| c.iter().map(|m| m.uid).collect()).collect();
        assert_eq!(split, [vec![1, 2], vec![3], vec![4, 5], vec![6]]);
    }

    #[test]
    fn the_servers_date_is_understood_with_its_zone() {
        let at = |text| internal_date(text).unwrap().to_string();
        assert_eq!(at("17-Jul-1996 02:44:25 -0700"), "1996-07-17T09:44:25Z");
        assert_eq!(at(" 1-Nov-2026 00:00:00 +0000"), "2026-11-01T00:00:00Z");
        assert!(internal_date("yesterday").is_none());
    }
}
