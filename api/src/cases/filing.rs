//! Filing one message that was read: into its case, into a new one, or onto the message that it reports about.

use std::collections::{HashMap, HashSet};

use civicdesk_contract::{Automatic, Party};
use serde_json::json;

use super::{
    bridging, duplicates,
    fields::LONGEST_SUBJECT,
    keywords::{self, Speaker, Word},
    known::Known,
    letters::{self, Occasion},
    loops::{self, Nature},
    media,
    parsing::Parsed,
    record::{self, Opening, Putting},
    reports,
    scan::Scanning,
    threading::{self, Choice, Found},
    tokens::{self, ReplyKey},
    written::Written,
};
use crate::{
    acting::{Acting, Actor},
    auth::seal::Seal,
    fail::Fail,
    people::{addresses, consents, contacts as people},
    store::{
        Json, Time, Tx, Uid,
        attachments::Attachment,
        auto_letters::AutoLetter,
        cases::Case,
        channels::Channel,
        contacts::Contact,
        inbound::{Item, Settled},
        messages::{self, Message},
        suggestions::{self, Suggestion},
        tenant::Tenant,
    },
};

/// People whom one message can make participants.
const MOST_COPIED: usize = 20;

/// What every filing of a tenant needs to know.
#[derive(Clone, Debug)]
pub struct Desk {
    pub tenant: Tenant,
    pub channels: HashMap<Uid, Channel>,
    /// Channels that can send.
    pub senders: HashSet<Uid>,
    /// Those of them that write to telephones.
    pub texting: HashSet<Uid>,
    /// Our own addresses, as the program compares them.
    pub own: HashSet<String>,
    pub key: ReplyKey,
    /// Where citizens find this installation.
    pub public_url: String,
    pub scanning: Scanning,
    pub seal: Seal,
}

impl Desk {
    /// What a message joins on this channel that leads to no case by itself.
    pub fn policy(&self, channel: Uid) -> &str {
        self.channels.get(&channel).map_or("thread", |row| row.case_policy.as_str())
    }

    pub(super) fn is_own(&self, party: &Party) -> bool {
        addresses::normal(party.kind, &tokens::without_tag(&party.address)).is_some_and(|a| self.own.contains(&a))
    }
}

/// Files one message and says how its item ended. Everything it writes is in this transaction or in `written`.
pub fn file(
    tx: &mut Tx,
    act: &Acting,
    (written, known): (&mut Written, &mut Known),
    desk: &Desk,
    (item, parsed): (&Item, &Parsed),
) -> Result<Settled, Fail> {
    if known.has_twin(item)
        && let Some(end) = duplicates::find(tx, act, written, item, parsed)?
    {
        return Ok(end);
    }
    if parsed.inbound.report.is_some() {
        return reports::file(tx, act, written, desk, parsed);
    }
    let from = parsed.inbound.from.as_ref();
    let own = from.is_some_and(|from| desk.is_own(from));
    if own && let Some(end) = duplicates::own_copy(tx, parsed)? {
        return Ok(end);
    }
    let nature = loops::nature(&parsed.inbound, &parsed.envelope, own);
    let word = keywords::word(tx, desk, item, parsed)?;
    let sender = from.and_then(|from| Some((from.kind, addresses::normal(from.kind, &from.address)?)));
    let sender = sender.and_then(|key| known.met.get(&key)?.as_ref()).map(|contact| contact.id);
    let choice = threading::choose(tx, desk, known, (item, parsed), sender)?;
    let contact = people::of_sender(tx, act, written, &mut known.met, from)?;
    let act = Acting { actor: Actor::Contact(contact.id.0), ..act.clone() };
    let filed = Filed { act, desk, item, parsed, nature, contact };
    if let Some(word) = word {
        return filed.obey(tx, written, known, &choice, &word);
    }
    let (message, case) = match &choice.taken {
        Some(found) => {
            let message = filed.join_case(tx, written, &found.case, &choice)?;
            bridging::join(tx, &filed.act, written, known, (parsed, filed.contact.id, found.case.id))?;
            (message, found.case.clone())
        }
        None => filed.open_case(tx, written, &choice)?,
    };
    filed.join_copied(tx, written, known, &case)?;
    known.learn(&message, &parsed.named());
    Ok(filed.settled(&message))
}

/// Where an acknowledgement goes.
struct Letter<'a> {
    channel: &'a Channel,
    to: &'a Party,
    counted: AutoLetter,
    language: &'a str,
}

/// A message on its way into a case.
struct Filed<'a> {
    act: Acting,
    desk: &'a Desk,
    item: &'a Item,
    parsed: &'a Parsed,
    nature: Nature,
    contact: Contact,
}

impl Filed<'_> {
    /// A word to the service itself opens no case. Where it belongs to an open one, staff see it there too.
    fn obey(
        &self,
        tx: &mut Tx,
        written: &mut Written,
        known: &mut Known,
        choice: &Choice,
        word: &Word,
    ) -> Result<Settled, Fail> {
        let open =
            choice.taken.as_ref().filter(|found| matches!(found.case.status.as_str(), "new" | "open" | "pending"));
        let shown = match open.filter(|_| word.is_for_staff()) {
            Some(found) => {
                let message = self.message(&found.case, choice, Some("it is a word to the service itself"));
                self.put(tx, written, &message)?;
                record::touch(tx, &self.act, written, &found.case, false)?;
                known.learn(&message, &self.parsed.named());
                Some(message)
            }
            None => None,
        };
        let speaker = Speaker { contact: &self.contact, no_answer: self.nature.no_answer };
        let reason = keywords::obey(tx, &self.act, written, self.desk, (self.item, self.parsed), (speaker, word))?;
        Ok(Settled {
            state: "filed",
            filed_as: Some(if shown.is_some() { "message" } else { "keyword" }),
            reason: Some(reason),
            network_id: Some(self.parsed.network_id.clone()),
            message_id: shown.as_ref().map(|message| message.id),
            case_id: shown.as_ref().map(|message| message.case_id),
            ..Settled::default()
        })
    }

    fn join_case(&self, tx: &mut Tx, written: &mut Written, case: &Case, choice: &Choice) -> Result<Message, Fail> {
        let message = self.message(case, choice, None);
        self.put(tx, written, &message)?;
        record::touch(tx, &self.act, written, case, !self.nature.machine)?;
        Ok(message)
    }

    fn open_case(&self, tx: &mut Tx, written: &mut Written, choice: &Choice) -> Result<(Message, Case), Fail> {
        let subject = self.parsed.inbound.subject.as_deref().unwrap_or_default();
        let subject: String = subject.chars().take(LONGEST_SUBJECT).collect();
        let subject = if subject.trim().is_empty() { "(no subject)".to_owned() } else { subject };
        let opening = Opening { channel_id: Some(self.item.channel_id), ..Opening::new(subject, self.contact.id) };
        let case = record::open_in(tx, &self.act, written, &self.desk.tenant, opening)?;
        let answerable = self.answerable(tx, &case)?;
        let message = self.message(&case, choice, answerable.as_ref().err().copied());
        self.put(tx, written, &message)?;
        if let Ok(Letter { channel, to, counted, language }) = answerable {
            let act = Acting { actor: Actor::System, now: after(self.act.now), ..self.act.clone() };
            let (tenant, case, message) = (&self.desk.tenant, &case, &message);
            let texted = self.desk.texting.contains(&channel.id);
            let about = Occasion { tenant, channel, case, message, to, counted: &counted, language, texted };
            letters::acknowledge(tx, &act, written, about)?;
        }
        for found in &choice.refused {
            self.suggest(tx, written, &message, found)?;
        }
        Ok((message, case))
    }

    /// Shows staff the case that the message speaks of though its sender is no party to it.
    fn suggest(&self, tx: &mut Tx, written: &mut Written, message: &Message, found: &Found) -> Result<(), Fail> {
        let row = Suggestion {
            tenant_id: tx.tenant(),
            id: self.act.id(),
            message_id: message.id,
            case_id: found.case.id,
            reason: found.reason(),
            state: "open".to_owned(),
            created_at: self.act.now,
        };
        suggestions::insert(tx, &row)?;
        let mut event = self.act.event(tx, "suggestion.made");
        event.case_id = Some(found.case.id);
        event.message_id = Some(message.id);
        event.data = Json(json!({ "method": found.method, "reason": row.reason }));
        written.events.push(event);
        Ok(())
    }

    /// Where the acknowledgement goes, or why there is none.
    fn answerable(&self, tx: &mut Tx, case: &Case) -> Result<Result<Letter<'_>, &'static str>, Fail> {
        if let Some(why) = self.nature.no_answer {
            return Ok(Err(why));
        }
        if self.item.simulated {
            return Ok(Err("a test key brought it in: nothing is sent"));
        }
        if self.parsed.inbound.public {
            return Ok(Err("it was written in public, and a letter is private"));
        }
        let Some(channel) = self.desk.channels.get(&self.item.channel_id).filter(|c| self.desk.senders.contains(&c.id))
        else {
            return Ok(Err("the channel cannot send"));
        };
        let to = self.parsed.inbound.from.as_ref();
        let Some((to, normal)) = to.and_then(|to| Some((to, addresses::normal(to.kind, &to.address)?))) else {
            return Ok(Err("it names no sender"));
        };
        if consents::stopped(tx, channel.id, to)?.is_some() {
            return Ok(Err("its sender wants nothing on this channel"));
        }
        let counted = letters::counted(tx, &self.act, &normal, case, self.words());
        if let Some(why) = letters::refusal(tx, &counted)? {
            return Ok(Err(why));
        }
        let language = self.contact.language.as_deref().unwrap_or(&self.desk.tenant.locale);
        Ok(Ok(Letter { channel, to, counted, language }))
    }

    /// What its sender says, in the fewest words there are.
    fn words(&self) -> &str {
        let inbound = &self.parsed.inbound;
        let texts =
            [inbound.fresh_text.as_str(), inbound.text.as_str(), inbound.subject.as_deref().unwrap_or_default()];
        texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default()
    }

    fn message(&self, case: &Case, choice: &Choice, no_answer: Option<&str>) -> Message {
        let inbound = &self.parsed.inbound;
        let mut message = record::draft(&self.act, case, "inbound");
        message.channel_id = Some(self.item.channel_id);
        message.item_id = Some(self.item.id);
        message.sender = Json::of(&inbound.from);
        message.recipients = Json::of(&inbound.to);
        message.copies = Json::of(&inbound.cc);
        message.subject.clone_from(&inbound.subject);
        message.text.clone_from(&inbound.text);
        message.fresh_text.clone_from(&inbound.fresh_text);
        message.html.clone_from(&inbound.html);
        message.network_id.clone_from(&inbound.message_id);
        message.in_reply_to = self.parsed.chain.first().cloned();
        message.refs = Json::of(&self.parsed.chain.iter().rev().collect::<Vec<_>>());
        message.automatic = self.nature.machine;
        message.public = inbound.public;
        message.written_at = inbound.sent_at.map(Time::new);
        let mut filing = choice.explain();
        filing["oddities"] = json!(inbound.oddities);
        if let Some(reply_to) = &inbound.reply_to {
            filing["reply_to"] = json!(reply_to);
        }
        if let Some(why) = no_answer {
            filing["no_acknowledgement"] = why.into();
        }
        message.filing = Json(filing);
        message
    }

    fn put(&self, tx: &mut Tx, written: &mut Written, message: &Message) -> Result<(), Fail> {
        let files = self.parsed.files.iter().map(|file| Attachment {
            tenant_id: message.tenant_id,
            id: self.act.id(),
            message_id: Some(message.id),
            uploaded_by: None,
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            size: file.size,
            sha256: file.hash.to_vec(),
            content_id: file.content_id.clone(),
            inline: file.inline,
            scan: self.desk.scanning.first(),
            scan_detail: None,
            created_at: self.act.now,
        });
        let files = files.collect();
        let tokens = self.parsed.tokens.clone();
        record::put(tx, &self.act, written, Putting { message: message.clone(), files, tokens })?;
        written.jobs.extend(media::job(&self.act, message, &self.parsed.inbound.media));
        Ok(messages::note_refs(tx, message.id, &self.parsed.named())?)
    }

    /// Whom a party writes to beside us takes part from then on. A machine's list of recipients makes nobody a party.
    fn join_copied(&self, tx: &mut Tx, written: &mut Written, known: &mut Known, case: &Case) -> Result<(), Fail> {
        if self.nature.machine || self.parsed.inbound.automatic != Automatic::No {
            return Ok(());
        }
        // A channel that was given no address is itself what is written to first.
        let nameless = self.desk.channels.get(&self.item.channel_id).is_some_and(|row| row.address.is_none());
        let to = self.parsed.inbound.to.iter().skip(usize::from(nameless));
        let copied = to.chain(&self.parsed.inbound.cc).filter(|party| !self.desk.is_own(party));
        for party in copied.take(MOST_COPIED) {
            if addresses::normal(party.kind, &party.address).is_some() {
                let contact = people::of_sender(tx, &self.act, written, &mut known.met, Some(party))?;
                record::join(tx, &self.act, case, contact.id, "participant")?;
            }
        }
        Ok(())
    }

    fn settled(&self, message: &Message) -> Settled {
        Settled {
            state: "filed",
            filed_as: Some("message"),
            network_id: Some(self.parsed.network_id.clone()),
            message_id: Some(message.id),
            case_id: Some(message.case_id),
            ..Settled::default()
        }
    }
}

/// The letter about a message stands after it.
fn after(now: Time) -> Time {
    Time(now.0 + jiff::SignedDuration::from_micros(1))
}
