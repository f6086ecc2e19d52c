//! From stored bytes to a message that can be filed: on a bounded thread, and without harm from any bytes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use civicdesk_contract::{
    Automatic, Connector, Envelope, ExternalId, Inbound, InboundAttachment, Party, Place, RawItem,
};

use super::{fields::one_line, intake::Deps, plain, words};
use crate::{
    blobs::{self, Hash},
    fail::Fail,
    store::inbound::Item,
};

/// Bytes of text or HTML that a message's row holds; the stored item holds all of it.
const LONGEST_TEXT: usize = 1024 * 1024;
/// Bytes of an id that another system gave; a longer one is replaced by its hash.
const LONGEST_ID: usize = 500;
/// Ids of the chain that are looked at: the nearest.
const CHAIN: usize = 30;
/// Thread time that reading one message should never need.
const SLOW: Duration = Duration::from_secs(2);

/// What became of the bytes.
#[derive(Clone, Debug)]
pub enum Read {
    Message(Box<Parsed>),
    /// Nobody can read it; why, in words for staff.
    Wreck(String),
    /// It cannot be taken whole; why, and from whom and about what it is.
    Outline(String, Box<Inbound>),
}

impl Read {
    pub fn message(&self) -> Option<&Parsed> {
        match self {
            Self::Message(parsed) => Some(parsed),
            Self::Wreck(_) | Self::Outline(..) => None,
        }
    }
}

/// A message that can be filed: clean, its words cut, its files put away.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Without its attachments' bytes.
    pub inbound: Inbound,
    pub envelope: Envelope,
    pub files: Vec<File>,
    pub tokens: String,
    /// The network's id of it, or one made of its bytes where it has none.
    pub network_id: String,
    /// Ids of the messages it answers and of the chain before it, nearest first.
    pub chain: Vec<String>,
    /// The network's own name of the conversation, under the channel on which it is one.
    pub conversation: Option<String>,
}

impl Parsed {
    /// Everything by which other messages of the same conversation may be found.
    pub fn named(&self) -> Vec<String> {
        self.chain.iter().chain(&self.conversation).cloned().collect()
    }
}

/// A file of a message; its bytes are in the blob store.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub content_type: String,
    pub size: i64,
    pub hash: Hash,
    pub content_id: Option<String>,
    pub inline: bool,
}

/// Reads one item. `Err`: the bytes cannot be had now; they may be later.
pub async fn read(
    deps: &Deps,
    item: &Item,
    connector: Option<Arc<dyn Connector>>,
    language: &str,
) -> Result<Read, Fail> {
    let reader = match connector {
        _ if item.simulated => Reader::Plain,
        Some(connector) => Reader::Of(connector),
        None => return Ok(Read::Wreck("the connector of its channel is not part of this program".to_owned())),
    };
    let raw = match &item.raw {
        Some(raw) => raw.clone(),
        None => match stored(deps, item).await {
            Ok(raw) => raw,
            Err(blobs::Error::Unavailable(why)) => return Err(Fail::Broken(why)),
            Err(lost) => return Ok(Read::Wreck(lost.to_string())),
        },
    };
    let raw = RawItem {
        id: ExternalId(item.external_id.clone()),
        place: item.folder.clone().zip(item.epoch.clone()).map(|(folder, epoch)| Place { folder, epoch }),
        envelope: item.envelope.read(),
        raw,
    };
    let language = language.to_owned();
    let parsed = deps.parsing.run(move || parse(&reader, raw, &language)).await;
    let (mut parsed, attachments) = match parsed {
        Ok(Ok(parsed)) => parsed,
        Ok(Err((unread, None))) => return Ok(Read::Wreck(unread.to_string())),
        Ok(Err((unread, Some(outline)))) => return Ok(Read::Outline(unread.to_string(), outline)),
        Err(_) => return Ok(Read::Wreck("reading it made the connector panic; see the log".to_owned())),
    };
    let conversation = parsed.inbound.thread.key.as_deref().map(id).filter(|key| !key.is_empty());
    parsed.conversation = conversation.map(|key| format!("{}#{key}", item.channel_id.0.simple()));
    if parsed.inbound.message_id.is_none() {
        parsed.network_id = format!("sha256.{}", blobs::to_hex(&item.sha256));
    }
    for (attachment, hash) in attachments {
        deps.blobs.put(item.tenant_id.0, &hash, attachment.bytes).await.map_err(|e| Fail::Broken(e.to_string()))?;
    }
    Ok(Read::Message(Box::new(parsed)))
}

async fn stored(deps: &Deps, item: &Item) -> Result<Vec<u8>, blobs::Error> {
    let hash = Hash::try_from(item.sha256.as_slice()).map_err(|_| blobs::Error::Missing)?;
    deps.blobs.get(item.tenant_id.0, &hash).await
}

type WithFiles = (Parsed, Vec<(InboundAttachment, Hash)>);
type Unread = (civicdesk_contract::Error, Option<Box<Inbound>>);

/// What turns one stored item into a message.
enum Reader {
    /// It lies in our own form.
    Plain,
    Of(Arc<dyn Connector>),
}

impl Reader {
    fn read(&self, raw: &RawItem) -> civicdesk_contract::Result<Inbound> {
        match self {
            Self::Plain => plain::read(raw),
            Self::Of(connector) => connector.read(raw),
        }
    }

    fn outline(&self, raw: &RawItem) -> Option<Inbound> {
        match self {
            Self::Plain => None,
            Self::Of(connector) => connector.outline(raw),
        }
    }
}

fn parse(reader: &Reader, raw: RawItem, language: &str) -> Result<WithFiles, Unread> {
    let begin = Instant::now();
    let mut inbound = match reader.read(&raw) {
        Ok(inbound) => inbound,
        Err(unread) => {
            let mut outline = reader.outline(&raw).map(Box::new);
            outline.iter_mut().for_each(|inbound| clean(inbound));
            return Err((unread, outline));
        }
    };
    clean(&mut inbound);
    let attachments: Vec<_> = inbound.attachments.drain(..).map(|a| (blobs::of(&a.bytes), a)).collect();
    let files = attachments.iter().map(|(hash, a)| file(a, *hash)).collect();
    let shown = if inbound.fresh_text.trim().is_empty() { &inbound.text } else { &inbound.fresh_text };
    let writer = inbound.from.as_ref().map_or("", |from| from.address.as_str());
    let tokens = words::index(&[inbound.subject.as_deref().unwrap_or_default(), shown, writer], &[language]);
    let mut chain: Vec<String> = Vec::new();
    for id in inbound.thread.in_reply_to.iter().chain(&inbound.thread.references) {
        if chain.len() < CHAIN && !id.is_empty() && !chain.contains(id) {
            chain.push(id.clone());
        }
    }
    if begin.elapsed() > SLOW {
        inbound.oddities.push(format!("reading it took {} seconds", begin.elapsed().as_secs()));
    }
    let network_id = inbound.message_id.clone().unwrap_or_default();
    let parsed = Parsed { inbound, envelope: raw.envelope, files, tokens, network_id, chain, conversation: None };
    Ok((parsed, attachments.into_iter().map(|(hash, a)| (a, hash)).collect()))
}

pub fn file(attachment: &InboundAttachment, hash: Hash) -> File {
    let name: String = one_line(&attachment.name).chars().take(200).collect();
    File {
        name: if name.is_empty() { "unnamed".to_owned() } else { name },
        content_type: one_line(&attachment.content_type).chars().take(200).collect(),
        size: i64::try_from(attachment.bytes.len()).unwrap_or(i64::MAX),
        hash,
        content_id: attachment.content_id.as_deref().map(id),
        inline: attachment.inline,
    }
}

/// Takes out what a database cannot hold, and bounds what a row should.
fn clean(inbound: &mut Inbound) {
    for text in [&mut inbound.text, &mut inbound.fresh_text].into_iter().chain(&mut inbound.html) {
        if text.contains('\0') {
            *text = text.replace('\0', "");
        }
    }
    if cut(&mut inbound.text) | cut(&mut inbound.fresh_text) {
        inbound.oddities.push("its text over 1 MiB is not shown; the stored message holds it".to_owned());
    }
    if inbound.html.as_ref().is_some_and(|html| html.len() > LONGEST_TEXT) {
        // Cut HTML would no longer be safe HTML.
        inbound.html = None;
        inbound.oddities.push("its HTML over 1 MiB is not shown; the stored message holds it".to_owned());
    }
    inbound.subject = inbound.subject.as_deref().map(one_line);
    inbound.message_id = inbound.message_id.as_deref().map(id).filter(|id| !id.is_empty());
    for reference in inbound.thread.in_reply_to.iter_mut().chain(&mut inbound.thread.references) {
        *reference = id(reference);
    }
    if let Some(report) = &mut inbound.report {
        report.original_message_id = report.original_message_id.as_deref().map(id);
    }
    let parties = inbound.from.iter_mut().chain(&mut inbound.reply_to).chain(&mut inbound.to).chain(&mut inbound.cc);
    parties.for_each(clean_party);
    if inbound.report.is_some() {
        inbound.automatic = Automatic::Report;
    }
}

fn clean_party(party: &mut Party) {
    party.address = one_line(&party.address);
    party.name = party.name.as_deref().map(one_line).filter(|name| !name.is_empty());
}

fn cut(text: &mut String) -> bool {
    let long = text.len() > LONGEST_TEXT;
    if long {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    }
    long
}

/// An id that another system gave, as the program stores and compares it.
pub fn id(given: &str) -> String {
    let given = given.trim().replace('\0', "");
    if given.len() <= LONGEST_ID { given } else { format!("sha256.{}", blobs::to_hex(&blobs::of(given.as_bytes()))) }
}
