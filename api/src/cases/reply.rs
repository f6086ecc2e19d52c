//! What staff write: answers that go out on a channel, and notes that stay.

use civicdesk_contract::{Capabilities, Party, Visibility};

use super::{
    fields::{Check, one_line},
    hold, moving, privacy,
    reach::{self, Kinds},
    record::{self, Putting},
    written::Written,
};
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    people::{addresses, consents, contacts as people},
    store::{
        Json, Time, Tx, Uid, attachments,
        cases::{self, Case},
        channels::{self, Channel},
        jobs::Job,
        messages::{self, Message},
    },
};

/// The chain of ids that an answer carries: the first and the newest of a longer one.
const CHAIN: usize = 20;
/// Addresses of one answer.
const MOST_RECIPIENTS: usize = 50;

/// An answer in the making.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub text: String,
    /// Sanitized already.
    pub html: Option<String>,
    /// Where it goes out; the case's channel where none is named.
    pub channel_id: Option<Uid>,
    /// Empty: who wrote last on that channel, or else the requester.
    pub to: Vec<Party>,
    pub cc: Vec<Party>,
    /// Files uploaded before, by the credential named in `uploader`.
    pub attachments: Vec<Uid>,
    pub uploader: String,
    /// Whether anyone may read it; as the message that it answers where nothing is said.
    pub public: Option<bool>,
    /// It waits for no quiet hours.
    pub urgent: bool,
    /// Recorded but never sent: the credential is for testing.
    pub test: bool,
}

/// What was written, and the case as it is now.
#[derive(Clone, Debug)]
pub struct Posted {
    pub case: Case,
    pub message: Message,
}

/// Queues an answer: the message with its stable id, and the job that delivers it. Whoever is written to is a party from
/// then on, so that what they answer gets in.
pub fn reply(tx: &mut Tx, act: &Acting, kinds: &Kinds, case: &Case, reply: Reply) -> Result<Posted, Fail> {
    let mut check = Check::default();
    check.text("/text", &reply.text);
    check.done()?;
    let (channel, can) = way(tx, act, kinds, case, &reply)?;
    let fitted = |all: &[Party]| all.iter().map(|party| reach::fitted(party.clone(), &can)).collect::<Vec<_>>();
    let (to, cc) = (fitted(&reply.to), fitted(&reply.cc));
    let mut check = Check::default();
    check_parties(&mut check, "/to", &to);
    check_parties(&mut check, "/cc", &cc);
    carried(&mut check, &can, &reply);
    check.done()?;

    let answered = messages::last_threaded(tx, case.id, channel.id, reply.public == Some(true))?;
    let to = if to.is_empty() { whom(tx, case, (&channel, &can), answered.as_ref())? } else { to };
    if let Some(why) = consents::refusal(tx, channel.id, to.iter().chain(&cc))? {
        return Err(opted_out(tx, kinds, case, &why)?);
    }
    if to.is_empty() {
        return Err(match unwilling(tx, kinds, case, Some(channel.id))? {
            Some(opted_out) => opted_out,
            None => Fail::field("/to", "the requester has no address that this channel reaches: name one"),
        });
    }
    let mut message = record::draft(act, case, "outbound");
    message.channel_id = Some(channel.id);
    message.sender = Json::of(&reach::own_party(&can, channel.address.as_deref()));
    message.recipients = Json::of(&to);
    message.copies = Json::of(&cc);
    message.subject = Some(subject(case));
    message.fresh_text.clone_from(&reply.text);
    message.text = reply.text;
    message.html = reply.html;
    message.public = openly(&can, answered.as_ref(), reply.public)?;
    message.network_id = Some(network_id(act, &message, channel.address.as_deref()));
    if let Some(answered) = &answered {
        (message.in_reply_to, message.refs) = (answered.network_id.clone(), Json::of(&chain(answered)));
    }
    message.written_at = Some(act.now);
    if reply.test {
        message.state = "sent".to_owned();
        message.state_detail = Some("written with a test key: recorded, never sent".to_owned());
    }
    let mut files = Vec::with_capacity(reply.attachments.len());
    for file in &reply.attachments {
        let Ok(file) = attachments::get(tx, *file) else { continue };
        if file.scan == "infected" {
            let found = file.scan_detail.unwrap_or_default();
            return Err(Fail::field(
                "/attachments",
                format!("a scanner found {found} in {}: it is not sent", file.name),
            ));
        }
        files.push(file.sha256);
    }
    if let Some(why) = privacy::refusal(tx, case, &message, &files)? {
        return Err(Fail::field("/text", why));
    }
    let held = if reply.urgent || reply.test { None } else { hold_back(tx, act, &can, case, &mut message)? };
    let job = (!reply.test).then(|| Job { due_at: held.unwrap_or(act.now), ..deliver_job(act, &message) });
    let job = job.map(|job| if reply.urgent { Job { payload: Json(hold::urgent()), ..job } } else { job });
    let case = post(tx, act, case, message.clone(), job)?;
    for file in &reply.attachments {
        let claimed = attachments::claim(tx, *file, message.id, &reply.uploader);
        claimed.map_err(|_| Fail::field("/attachments", "each must be an upload of yours that no message uses yet"))?;
    }
    // Whoever wrote what is answered is a party already, named or not.
    let writer: Option<Party> = answered.as_ref().and_then(|message| message.sender.read());
    for party in to.iter().chain(&cc).filter(|party| Some(*party) != writer.as_ref()) {
        let contact = people::find_or_make(tx, act, party)?;
        record::join(tx, act, &case, contact.id, "participant")?;
    }
    Ok(Posted { case, message })
}

/// Until when it waits for the end of somebody's quiet hours; the message says so.
fn hold_back(
    tx: &mut Tx,
    act: &Acting,
    can: &Capabilities,
    case: &Case,
    message: &mut Message,
) -> Result<Option<Time>, Fail> {
    let Some(channel) = message.channel_id else { return Ok(None) };
    let to: Vec<Party> = message.recipients.read();
    let heard = reach::heard(tx, &to, case.id, channel)?;
    let Some(held) = hold::until(tx, can, &to, heard, act.now)? else { return Ok(None) };
    message.state_detail = Some(held.why);
    Ok(Some(held.due))
}

/// The refusal to write to somebody who wants nothing there, with the ways that are left.
fn opted_out(tx: &mut Tx, kinds: &Kinds, case: &Case, why: &str) -> Result<Fail, Fail> {
    let ways = reach::other_ways(tx, kinds, case.contact_id)?;
    Ok(Fail::conflict("opted-out", format!("{why}; {ways}")))
}

/// The same where that is the only reason why nobody is reached: on one channel, or on all.
fn unwilling(tx: &mut Tx, kinds: &Kinds, case: &Case, on: Option<Uid>) -> Result<Option<Fail>, Fail> {
    let said = consents::of_contact(tx, case.contact_id)?.into_iter();
    let mut stopped = said.filter(|(_, said)| said.state == "stopped" && on.is_none_or(|on| said.channel_id == on));
    let why = stopped.next().map(|(identity, said)| consents::words(&said, &identity.value));
    why.map(|why| opted_out(tx, kinds, case, &why)).transpose()
}

/// Refuses what the network cannot carry whole.
fn carried(check: &mut Check, can: &Capabilities, reply: &Reply) {
    let is = can.text_unit.count(&reply.text);
    if let Some(most) = can.max_text.filter(|most| is > *most) {
        check.wrong("/text", format!("has {is} characters as this network counts them; it carries {most}"));
    }
    if reply.html.is_some() && !can.html {
        check.wrong("/html", "this channel carries no HTML");
    }
    if !reply.attachments.is_empty() && !can.attachments {
        check.wrong("/attachments", "this channel carries no files");
    }
}

/// The channel on which an answer goes out, and what it can do.
fn way(tx: &mut Tx, act: &Acting, kinds: &Kinds, case: &Case, reply: &Reply) -> Result<(Channel, Capabilities), Fail> {
    let channel = match reply.channel_id {
        Some(id) => Some(channels::get(tx, id).map_err(|_| Fail::field("/channel_id", "there is no such channel"))?),
        None if reply.to.is_empty() => reach::pick(tx, kinds, case, act.now)?,
        None => case.channel_id.map(|id| channels::get(tx, id)).transpose()?,
    };
    let Some(channel) = channel else {
        return Err(match unwilling(tx, kinds, case, None)? {
            Some(opted_out) => opted_out,
            None => {
                Fail::field("/channel_id", "no channel of yours reaches the requester: name one, and whom to write to")
            }
        });
    };
    match kinds(&channel.connector) {
        Some(can) if can.send => Ok((channel, can)),
        _ => Err(Fail::field("/channel_id", "this channel sends nothing: name another one")),
    }
}

/// Whether anyone may read an answer: only one to what was written in public, and only where staff do not say otherwise.
fn openly(can: &Capabilities, answered: Option<&Message>, wanted: Option<bool>) -> Result<bool, Fail> {
    let open = answered.is_some_and(|message| message.public);
    match (can.visibility, wanted) {
        (Visibility::Private, Some(true)) => Err(Fail::field("/public", "nothing on this channel is public")),
        (Visibility::Private, _) => Ok(false),
        (Visibility::Public, Some(false)) => {
            Err(Fail::field("/public", "everything on this channel can be read by anyone: name another channel"))
        }
        (Visibility::Public, _) | (Visibility::Both, Some(true)) if !open => {
            Err(Fail::field("/public", "only an answer to what was written in public can be public"))
        }
        (Visibility::Public, _) => Ok(true),
        (Visibility::Both, wanted) => Ok(wanted.unwrap_or(open)),
    }
}

/// Adds a note that only staff see.
pub fn note(tx: &mut Tx, act: &Acting, case: &Case, text: &str) -> Result<Posted, Fail> {
    let mut check = Check::default();
    check.text("/text", text);
    check.done()?;
    let mut message = record::draft(act, case, "note");
    text.clone_into(&mut message.text);
    text.clone_into(&mut message.fresh_text);
    let case = post(tx, act, case, message.clone(), None)?;
    Ok(Posted { case, message })
}

/// Writes the message and, where it is to go out, its job. A first answer opens a new case.
fn post(tx: &mut Tx, act: &Acting, case: &Case, message: Message, job: Option<Job>) -> Result<Case, Fail> {
    moving::goes_on(case)?;
    let mut written = Written::default();
    let tokens = record::tokens(tx, &message)?;
    let answers = message.direction == "outbound";
    written.jobs.extend(job);
    record::put(tx, act, &mut written, Putting { message, files: Vec::new(), tokens })?;
    let row = Case { updated_at: act.now, ..case.clone() };
    let row = if answers && case.status == "new" {
        let mut event = act.event(tx, "case.changed");
        event.case_id = Some(case.id);
        event.data = Json(serde_json::json!({
            "changes": { "status": { "from": "new", "to": "open" } },
            "reason": "the first answer opens a case",
        }));
        written.events.push(event);
        Case { status: "open".to_owned(), ..row }
    } else {
        row
    };
    let row = cases::update(tx, &row)?;
    written.flush(tx)?;
    Ok(row)
}

/// The job that sends a queued message.
pub fn deliver_job(act: &Acting, message: &Message) -> Job {
    Job {
        tenant_id: message.tenant_id,
        id: act.id(),
        kind: "deliver".to_owned(),
        subject_id: Some(message.id),
        payload: Json(serde_json::json!({})),
        due_at: act.now,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    }
}

/// Who is answered: the writer of the channel's last message where it came from a person, or else the requester.
fn whom(
    tx: &mut Tx,
    case: &Case,
    (channel, can): (&Channel, &Capabilities),
    answered: Option<&Message>,
) -> Result<Vec<Party>, Fail> {
    if let Some(message) = answered.filter(|m| !m.automatic) {
        let reply_to: Option<Party> = serde_json::from_value(message.filing.0["reply_to"].clone()).ok();
        let sender: Option<Party> = message.sender.read();
        if let Some(party) = reply_to.or(sender) {
            return Ok(vec![party]);
        }
    }
    let mut known = reach::addresses_on(tx, channel.id, can, case.contact_id)?;
    known.truncate(1);
    Ok(known)
}

/// `Re: Streetlight out [RIV-2026-004217]`: the reference brings back answers whose mail program drops the chain.
fn subject(case: &Case) -> String {
    let bare = one_line(&case.subject);
    let bare = strip_prefix(&bare).replace(&format!("[{}]", case.reference), "");
    format!("Re: {} [{}]", bare.trim(), case.reference)
}

fn strip_prefix(subject: &str) -> &str {
    let starts = subject.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("re:"));
    if starts { subject[3..].trim_start() } else { subject }
}

/// The id that a message keeps over every attempt to send it.
pub fn network_id(act: &Acting, message: &Message, address: Option<&str>) -> String {
    let random = u64::from_be_bytes(act.ids.bytes());
    format!("{}.{random:016x}@{}", ids::MESSAGE.show(message.id.0), domain(address))
}

/// Where the ids of a channel's messages belong: the domain of its address, or one that is nobody's.
pub fn domain(address: Option<&str>) -> String {
    address.and_then(addresses::domain).unwrap_or_else(|| "civicdesk.invalid".to_owned())
}

/// The chain before an answer, oldest first.
pub fn chain(answered: &Message) -> Vec<String> {
    let mut chain: Vec<String> = answered.refs.read();
    chain.retain(|id| Some(id) != answered.network_id.as_ref());
    chain.extend(answered.network_id.clone());
    if chain.len() > CHAIN {
        chain.drain(1..=chain.len() - CHAIN);
    }
    chain
}

fn check_parties(check: &mut Check, pointer: &str, parties: &[Party]) {
    if parties.len() > MOST_RECIPIENTS {
        check.wrong(pointer, format!("must be at most {MOST_RECIPIENTS}"));
    }
    for (i, party) in parties.iter().enumerate() {
        if addresses::normal(party.kind, &party.address).is_none() {
            check.wrong(&format!("{pointer}/{i}"), format!("is no {} address", party.kind.as_str()));
        }
    }
}
