//! What citizens ask on the telephone, at the counter or through the form: a case at once, with the person behind it.

use civicdesk_contract::Party;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    answers::Filled,
    fields::{Check, LONGEST_SUBJECT, one_line},
    hold, letters, moving,
    reach::{self, Kinds},
    record::{self, Opening, Putting},
    reply,
    written::Written,
};
use crate::{
    acting::Acting,
    fail::Fail,
    people::{change as people, contacts as strangers, likely},
    store::{
        Json, Time, Tx, Uid,
        cases::{self, Case},
        channels::{self, Channel},
        contacts,
        jobs::Job,
        links::{self, Link},
        messages::Message,
        tenant::{self, Tenant},
        visits::{self, Visit},
    },
};

/// The letter that calls a visitor to the counter.
const YOUR_TURN: &str = "your_turn";
/// Characters of a subject that is taken from what was said.
const TAKEN: usize = 80;

/// What somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The first words of the text where it is left out.
    pub subject: Option<String>,
    pub text: String,
    pub name: Option<String>,
    /// How they are reached, the surest first.
    pub parties: Vec<Party>,
    pub topic_id: Option<Uid>,
    pub priority: Option<String>,
    /// The case that they ask about; a new one where none is named.
    pub case_id: Option<Uid>,
    /// What was filled into the topic's form.
    pub fields: Vec<Filled>,
}

/// The oldest channel of this connector that is at work.
pub fn channel(tx: &mut Tx, connector: &str) -> Result<Option<Channel>, Fail> {
    let all = channels::list(tx)?;
    Ok(all.into_iter().find(|row| row.connector == connector && row.state == "active"))
}

/// Writes down what a person said to staff. Staff know whom they speak to: all the addresses are the person's.
pub fn note(tx: &mut Tx, act: &Acting, channel: Option<&Channel>, asked: &Asked) -> Result<(Case, Message), Fail> {
    let contact = people::found_or_made(tx, act, &asked.parties, asked.name.as_deref())?;
    let by = json!({ "method": "written_down", "by": act.actor.kind() });
    said(tx, act, channel, asked, (contact.id, by))
}

/// Takes a request in from somebody whom nobody has seen. Only the first address tells who it is: a form must not put a
/// stranger's number beside another person's name.
pub fn request(
    tx: &mut Tx,
    act: &Acting,
    channel: &Channel,
    asked: &Asked,
    hash: &[u8],
) -> Result<(Case, Message), Fail> {
    let (contact, given) = match asked.parties.split_first() {
        Some((first, given)) => (strangers::find_or_make(tx, act, first)?, given),
        None => (people::found_or_made(tx, act, &[], asked.name.as_deref())?, &[] as &[Party]),
    };
    likely::note_given(tx, act, contact.id, given)?;
    let by = json!({ "method": "request_form", "also_given": given, "name_given": asked.name });
    let (case, message) = said(tx, act, Some(channel), asked, (contact.id, by))?;
    let (tenant_id, kind) = (tx.tenant(), links::STATUS.to_owned());
    let (case_id, contact_id, hash) = (case.id, contact.id, hash.to_vec());
    links::insert(tx, &Link { tenant_id, hash, case_id, contact_id, kind, created_at: act.now, expires_at: None })?;
    Ok((case, message))
}

fn said(
    tx: &mut Tx,
    act: &Acting,
    channel: Option<&Channel>,
    asked: &Asked,
    (contact, filing): (Uid, serde_json::Value),
) -> Result<(Case, Message), Fail> {
    let mut check = Check::default();
    check.text("/text", &asked.text);
    check.done()?;
    let case = match asked.case_id {
        Some(id) => cases::get(tx, id).map_err(|_| Fail::field("/case_id", "there is no such case"))?,
        None => {
            let mut opening = Opening::new(subject(asked), contact);
            opening.channel_id = channel.map(|row| row.id);
            opening.topic_id = asked.topic_id;
            opening.fields.clone_from(&asked.fields);
            opening.priority = asked.priority.clone().unwrap_or(opening.priority);
            record::open(tx, act, opening)?
        }
    };
    moving::goes_on(&case)?;
    record::join(tx, act, &case, contact, "participant")?;
    let mut message = record::draft(act, &case, "inbound");
    message.author_kind = "contact".to_owned();
    message.author_id = Some(contact);
    message.channel_id = channel.map(|row| row.id);
    message.sender = Json::of(&asked.parties.first());
    message.text.clone_from(&asked.text);
    message.fresh_text.clone_from(&asked.text);
    message.filing = Json(filing);
    let case = record::add_message(tx, act, &case, message.clone(), Vec::new())?;
    Ok((case, message))
}

/// The subject that was given, or the first words.
pub fn subject(asked: &Asked) -> String {
    let given = asked.subject.as_deref().map(one_line).filter(|subject| !subject.is_empty());
    let first = asked.text.lines().map(one_line).find(|line| !line.is_empty()).unwrap_or_default();
    let taken: String = first.chars().take(TAKEN).collect();
    given.unwrap_or(taken).chars().take(LONGEST_SUBJECT).collect()
}

/// Begins a visit, with a number where one is wanted.
pub fn visit(tx: &mut Tx, act: &Acting, counter: &Channel, case: &Case, numbered: bool) -> Result<Visit, Fail> {
    let day = day(&tenant::get(tx)?, act.now);
    let number = numbered.then(|| visits::next_number(tx, counter.id, &day)).transpose()?;
    let row = Visit {
        tenant_id: tx.tenant(),
        id: act.id(),
        channel_id: counter.id,
        case_id: case.id,
        day,
        number,
        state: "waiting".to_owned(),
        version: 1,
        created_at: act.now,
        updated_at: act.now,
    };
    visits::insert(tx, &row)?;
    Ok(row)
}

fn day(tenant: &Tenant, at: Time) -> String {
    let zone = TimeZone::get(&tenant.time_zone).unwrap_or(TimeZone::UTC);
    at.0.to_zoned(zone).date().to_string()
}

/// Tells a visitor that it is their turn, or that their papers lie ready: a letter through the outbox, by text where a
/// channel of the agency can. `test`: recorded, never sent.
pub fn tell(
    tx: &mut Tx,
    act: &Acting,
    kinds: &Kinds,
    visit: &Visit,
    (what, test): (&str, bool),
) -> Result<Message, Fail> {
    let case = cases::get(tx, visit.case_id)?;
    let contact = contacts::get(tx, case.contact_id)?;
    // Whoever stands at the counter is awake.
    let soon = what == YOUR_TURN;
    let Some((channel, can)) = reach::texting(tx, kinds, contact.id, soon)? else {
        let why = "no channel of yours reaches this visitor: add a phone number, or call the number aloud";
        return Err(Fail::conflict("unreachable", why));
    };
    let to = reach::addresses_on(tx, channel.id, &can, contact.id)?;
    let tenant = tenant::get(tx)?;
    let language = contact.language.as_deref().unwrap_or(&tenant.locale);
    let text = letters::short(what, language, &tenant.name, &case.reference, visit.number)?;
    let mut letter = letters::brief(act, (&tenant, &case), (&channel, &can), to.first(), (what, text));
    let mut written = Written::default();
    if test {
        letter.state = "sent".to_owned();
        letter.state_detail = Some("written with a test key: recorded, never sent".to_owned());
    } else {
        let job = reply::deliver_job(act, &letter);
        written.jobs.push(if soon { Job { payload: Json(hold::urgent()), ..job } } else { job });
    }
    record::put(tx, act, &mut written, Putting { message: letter.clone(), files: Vec::new(), tokens: String::new() })?;
    written.flush(tx)?;
    Ok(letter)
}
