//! Words to the service itself, STOP, START, HELP, STATUS and RESET: what each does, and the one short letter that answers
//! it.
//!
//! They count where texts are sent. What the network has taken for such a word it has answered as well, so that nothing of
//! ours goes out; and nothing but the confirmation goes to somebody who has just said STOP.

use civicdesk_contract::{IdentityKind, Keyword, Party};
use jiff::SignedDuration;
use serde_json::json;

use super::{filing::Desk, letters, parsing::Parsed, reset, status, written::Written};
use crate::{
    acting::{Acting, Actor},
    blobs,
    fail::Fail,
    ids,
    people::{
        addresses, consent,
        consents::{self, Source},
    },
    store::{
        Json, Time, Tx, Uid,
        auto_letters::{self, AutoLetter},
        contacts::Contact,
        inbound::Item,
        jobs::Job,
        notices::{self, Notice},
    },
};

/// The kind of job that sends an answer.
pub const NOTICE: &str = "notice";
/// Letters of our own accord to one address on one day.
const A_DAY: i64 = 10;

/// What somebody wants of the service itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Start,
    Help,
    /// Where the case of this reference stands; empty: which cases they have open.
    Status(String),
    /// A code to set a new password.
    Reset,
}

impl From<Keyword> for Wish {
    fn from(keyword: Keyword) -> Self {
        match keyword {
            Keyword::Stop => Self::Stop,
            Keyword::Start => Self::Start,
            Keyword::Help => Self::Help,
        }
    }
}

/// A word to the service itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    wish: Wish,
    /// The network took it for that, and has acted on it.
    by_network: bool,
    /// Whoever says it wants nothing on this channel already.
    stopped: bool,
}

impl Word {
    /// How it is called in the record, and the letter that answers it.
    fn name(&self) -> &'static str {
        match self.wish {
            Wish::Stop => "stop",
            Wish::Start => "start",
            Wish::Help => "help",
            Wish::Status(_) => "status",
            Wish::Reset => "reset",
        }
    }

    /// Whether staff who work on a case of theirs should see it there.
    pub fn is_for_staff(&self) -> bool {
        !matches!(self.wish, Wish::Status(_) | Wish::Reset)
    }
}

/// Who says it.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a> {
    pub contact: &'a Contact,
    /// Why no letter of ours may answer them.
    pub no_answer: Option<&'static str>,
}

/// What this message is to the service itself; none where it is a message like any other.
pub fn word(tx: &mut Tx, desk: &Desk, item: &Item, parsed: &Parsed) -> Result<Option<Word>, Fail> {
    let inbound = &parsed.inbound;
    let from = inbound.from.as_ref().filter(|from| from.kind != IdentityKind::Email);
    let Some(from) = from.filter(|_| desk.texting.contains(&item.channel_id) && !inbound.public) else {
        return Ok(None);
    };
    let by_network = inbound.keyword.is_some();
    let keyword = inbound.keyword.or_else(|| consent::keyword(said(parsed))).map(Wish::from);
    let reset = || reset::asked(said(parsed)).then_some(Wish::Reset);
    let wish = keyword.or_else(|| status::asked(said(parsed)).map(Wish::Status)).or_else(reset);
    let Some(wish) = wish else { return Ok(None) };
    let stopped = consents::stopped(tx, item.channel_id, from)?.is_some();
    // "Yes" from somebody who had stopped nothing answers a question of ours.
    let meant = wish != Wish::Start || by_network || stopped;
    Ok(meant.then_some(Word { wish, by_network, stopped }))
}

/// Does what the word says, and answers it where it is answered. Says what was done, for the ledger.
pub fn obey(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    desk: &Desk,
    (item, parsed): (&Item, &Parsed),
    (speaker, word): (Speaker, &Word),
) -> Result<String, Fail> {
    let Some(from) = parsed.inbound.from.as_ref() else { return Err(Fail::Broken("a word of nobody".to_owned())) };
    for channel in together(desk, item.channel_id) {
        match word.wish {
            Wish::Stop => consents::stop(tx, act, written, (channel, from), (Source::Keyword, None))?,
            Wish::Start => consents::resume(tx, act, written, (channel, from), (Source::Keyword, None))?,
            Wish::Help | Wish::Status(_) | Wish::Reset => false,
        };
    }
    let counted = counted(tx, act, from, word, said(parsed));
    let why = match silence(desk, item, speaker, word) {
        None => over_budget(tx, word, &counted)?,
        why => why,
    };
    let text = match why {
        Some(_) => None,
        None => Some(match &word.wish {
            Wish::Status(asked) => status::letter(tx, act, desk, (speaker.contact, from), asked)?,
            Wish::Stop | Wish::Start | Wish::Help => answered(desk, speaker, word.name())?,
            Wish::Reset => {
                written.jobs.extend(reset::job(tx, act, desk, from)?);
                answered(desk, speaker, reset::letter(desk))?
            }
        }),
    };
    let notice = notice(tx, act, item, (from, said(parsed)), (word.name(), text, why));
    notices::insert(tx, &notice)?;
    if notice.text.is_some() {
        auto_letters::insert(tx, &counted)?;
        written.jobs.push(job(act, &notice));
    }
    let mut event = Acting { actor: Actor::System, ..act.clone() }.event(tx, "keyword.taken");
    event.contact_id = Some(speaker.contact.id);
    event.data = Json(json!({
        "keyword": word.name(), "item_id": ids::ITEM.show(item.id.0), "channel_id": ids::CHANNEL.show(item.channel_id.0),
        "answered": notice.text.is_some(), "not_answered": why,
    }));
    written.events.push(event);
    Ok(format!("it is the word {} to the service itself", word.name().to_uppercase()))
}

/// A channel and those that send in its place, or for which it does: to a person they are one, whatever number is shown.
fn together(desk: &Desk, channel: Uid) -> Vec<Uid> {
    let mut all = vec![channel];
    let mut looked_at = 0;
    while let Some(one) = all.get(looked_at).copied() {
        let own = desk.channels.get(&one).and_then(|row| row.fallback_channel_id);
        let others = desk.channels.values().filter(|row| row.fallback_channel_id == Some(one)).map(|row| row.id);
        let new: Vec<Uid> = own.into_iter().chain(others).filter(|id| !all.contains(id)).collect();
        all.extend(new);
        looked_at += 1;
    }
    all
}

/// The letter of this name, in the person's language.
fn answered(desk: &Desk, speaker: Speaker, letter: &str) -> Result<String, Fail> {
    let language = speaker.contact.language.as_deref().unwrap_or(&desk.tenant.locale);
    letters::answer(letter, language, &desk.tenant.name, mail(desk))
}

/// What was said, without what it quotes.
fn said(parsed: &Parsed) -> &str {
    let inbound = &parsed.inbound;
    if inbound.fresh_text.trim().is_empty() { &inbound.text } else { &inbound.fresh_text }
}

/// Why nothing answers it.
fn silence(desk: &Desk, item: &Item, speaker: Speaker, word: &Word) -> Option<&'static str> {
    let sends = desk.senders.contains(&item.channel_id);
    match word.wish {
        _ if word.by_network => Some("the network has answered it"),
        _ if item.simulated => Some("a test key brought it in: nothing is sent"),
        _ if !sends => Some("the channel cannot send"),
        Wish::Stop if word.stopped => Some("that was confirmed before"),
        Wish::Help | Wish::Status(_) | Wish::Reset if word.stopped => Some("its sender wants nothing on this channel"),
        _ => speaker.no_answer,
    }
}

/// Why an address gets no more letters today. Only a machine asks for help in the same words twice a day. A stop ends all
/// letters, so that its confirmation, which comes once, is no part of a loop.
fn over_budget(tx: &mut Tx, word: &Word, counted: &AutoLetter) -> Result<Option<&'static str>, Fail> {
    let before = auto_letters::before(tx, counted, Time(counted.at.0 - SignedDuration::from_hours(24)))?;
    Ok(if word.wish == Wish::Stop {
        None
    } else if before.lately >= A_DAY {
        Some("the address has had ten automatic letters within a day")
    } else if word.wish == Wish::Help && before.same_words {
        Some("the same words from its sender were answered within a day")
    } else {
        None
    })
}

fn counted(tx: &Tx, act: &Acting, from: &Party, word: &Word, said: &str) -> AutoLetter {
    let words: Vec<&str> = said.split_whitespace().collect();
    AutoLetter {
        tenant_id: tx.tenant(),
        id: act.id(),
        address: addresses::normal(from.kind, &from.address).unwrap_or_default(),
        case_id: None,
        kind: word.name().to_owned(),
        answered: blobs::of(words.join(" ").as_bytes()).to_vec(),
        at: act.now,
    }
}

/// Where a person of the agency is reached by mail: its oldest address.
fn mail(desk: &Desk) -> Option<&str> {
    let mut all: Vec<_> = desk.channels.values().filter(|row| row.state == "active").collect();
    all.sort_by_key(|row| (row.created_at, row.id));
    let mut address = all.into_iter().filter_map(|row| row.address.as_deref());
    address.find(|address| addresses::normal(IdentityKind::Email, address).is_some())
}

fn notice(
    tx: &Tx,
    act: &Acting,
    item: &Item,
    (from, said): (&Party, &str),
    (word, text, why): (&str, Option<String>, Option<&str>),
) -> Notice {
    let id = act.id();
    Notice {
        tenant_id: tx.tenant(),
        id,
        channel_id: item.channel_id,
        item_id: item.id,
        kind: from.kind.as_str().to_owned(),
        normal: addresses::normal(from.kind, &from.address).unwrap_or_default(),
        word: word.to_owned(),
        said: said.to_owned(),
        party: Json::of(from),
        network_id: format!("{}@civicdesk.invalid", ids::NOTICE.show(id.0)),
        state: if text.is_some() { "queued" } else { "noted" }.to_owned(),
        text,
        state_detail: why.map(str::to_owned),
        state_at: act.now,
        attempts: 0,
        sent_id: None,
        created_at: act.now,
    }
}

fn job(act: &Acting, notice: &Notice) -> Job {
    Job {
        tenant_id: notice.tenant_id,
        id: act.id(),
        kind: NOTICE.to_owned(),
        subject_id: Some(notice.id),
        payload: Json(json!({})),
        due_at: act.now,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    }
}
