//! How a case begins, and how a message joins it.

use jiff::tz::TimeZone;

use super::{
    answers::Filled,
    fields::{Check, PRIORITIES},
    scan, words,
    written::Written,
};
use crate::{
    acting::Acting,
    fail::Fail,
    store::{
        Json, Time, Tx, Uid,
        attachments::Attachment,
        cases::{self, Case, PartyRow},
        messages::{self, Message},
        search::{self, Doc},
        tenant::{self, Tenant},
    },
};

/// A case in the making.
#[derive(Clone, Debug)]
pub struct Opening {
    pub subject: String,
    /// The person whose case it is.
    pub contact_id: Uid,
    /// The channel on which answers go out.
    pub channel_id: Option<Uid>,
    pub topic_id: Option<Uid>,
    /// Where none is named: the topic's team.
    pub team_id: Option<Uid>,
    pub assignee_id: Option<Uid>,
    pub priority: String,
    pub tags: Vec<String>,
    /// What was filled into the topic's form.
    pub fields: Vec<Filled>,
}

impl Opening {
    pub fn new(subject: impl Into<String>, contact_id: Uid) -> Self {
        Self {
            subject: subject.into(),
            contact_id,
            channel_id: None,
            topic_id: None,
            team_id: None,
            assignee_id: None,
            priority: "normal".to_owned(),
            tags: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// Begins a case: its reference, its requester, a line in the log, its words in the index.
pub fn open(tx: &mut Tx, act: &Acting, opening: Opening) -> Result<Case, Fail> {
    let tenant = tenant::get(tx)?;
    let mut written = Written::default();
    let case = open_in(tx, act, &mut written, &tenant, opening)?;
    written.flush(tx)?;
    Ok(case)
}

/// The same inside a larger change, which flushes `written` itself.
pub fn open_in(
    tx: &mut Tx,
    act: &Acting,
    written: &mut Written,
    tenant: &Tenant,
    opening: Opening,
) -> Result<Case, Fail> {
    let mut check = Check::default();
    let subject = check.subject(&opening.subject);
    check.one_of("/priority", &opening.priority, &PRIORITIES);
    let tags = check.tags(&opening.tags);
    let topic_team = check.topic(tx, opening.topic_id)?;
    check.team(tx, opening.team_id)?;
    check.assignee(tx, opening.assignee_id)?;
    check.done()?;

    let case = Case {
        tenant_id: tx.tenant(),
        id: act.id(),
        reference: written.next_reference(tx, year(tenant, act.now))?,
        subject,
        status: "new".to_owned(),
        outcome: None,
        priority: opening.priority,
        topic_id: opening.topic_id,
        team_id: opening.team_id.or(topic_team),
        assignee_id: opening.assignee_id,
        contact_id: opening.contact_id,
        channel_id: opening.channel_id,
        version: 1,
        created_at: act.now,
        updated_at: act.now,
        closed_at: None,
        merged_into: None,
        fields: Json::of(&opening.fields),
    };
    cases::insert(tx, &case)?;
    join(tx, act, &case, opening.contact_id, "requester")?;
    if !tags.is_empty() {
        cases::set_tags(tx, case.id, &tags)?;
    }
    let mut event = act.event(tx, "case.opened");
    event.case_id = Some(case.id);
    event.contact_id = Some(case.contact_id);
    event.data = Json(serde_json::json!({ "reference": case.reference, "subject": case.subject }));
    written.events.push(event);
    written.docs.push(doc(&case, &tenant.locale));
    Ok(case)
}

/// Makes a person a party of a case.
pub fn join(tx: &mut Tx, act: &Acting, case: &Case, contact_id: Uid, role: &str) -> Result<(), Fail> {
    let role = role.to_owned();
    let (tenant_id, case_id, through) = (case.tenant_id, case.id, contact_id);
    let row = PartyRow { tenant_id, case_id, contact_id, through, role, added_at: act.now };
    Ok(cases::add_party(tx, row)?)
}

/// The year in which the tenant lives at that moment; UTC where its time zone is not known.
pub fn year(tenant: &Tenant, at: Time) -> i16 {
    let zone = TimeZone::get(&tenant.time_zone).unwrap_or(TimeZone::UTC);
    at.0.to_zoned(zone).year()
}

/// What the search index holds of a case.
pub fn doc(case: &Case, language: &str) -> Doc {
    Doc {
        tenant_id: case.tenant_id,
        docid: search::docid(case.id),
        kind: "case".to_owned(),
        ref_id: case.id,
        case_id: Some(case.id),
        at: case.created_at,
        tokens: words::index(&[&case.reference, &case.subject], &[language]),
    }
}

/// What a person said to staff, or wrote in a request: it is theirs, though somebody else wrote it down.
pub fn told(tx: &mut Tx, act: &Acting, case: &Case, text: &str) -> Result<Case, Fail> {
    let mut check = Check::default();
    check.text("/text", text);
    check.done()?;
    let mut message = draft(act, case, "inbound");
    message.author_kind = "contact".to_owned();
    message.author_id = Some(case.contact_id);
    text.clone_into(&mut message.text);
    text.clone_into(&mut message.fresh_text);
    message.filing = Json(serde_json::json!({ "method": "written_down", "by": act.actor.kind() }));
    add_message(tx, act, case, message, Vec::new())
}

/// A message with nothing in it yet: `inbound`, `outbound` or `note`.
pub fn draft(act: &Acting, case: &Case, direction: &'static str) -> Message {
    let state = match direction {
        "inbound" => "received",
        "outbound" => "queued",
        _ => "noted",
    };
    Message {
        tenant_id: case.tenant_id,
        id: act.id(),
        case_id: case.id,
        direction: direction.to_owned(),
        channel_id: None,
        item_id: None,
        author_kind: act.actor.kind().to_owned(),
        author_id: act.actor.id(),
        sender: Json(serde_json::Value::Null),
        recipients: Json(serde_json::json!([])),
        copies: Json(serde_json::json!([])),
        subject: None,
        text: String::new(),
        fresh_text: String::new(),
        html: None,
        network_id: None,
        in_reply_to: None,
        refs: Json(serde_json::json!([])),
        automatic: false,
        letter: None,
        public: false,
        state: state.to_owned(),
        state_detail: None,
        state_at: act.now,
        attempts: 0,
        sent_id: None,
        written_at: None,
        filing: Json(serde_json::json!({})),
        first_channel_id: None,
        parts: None,
        billed_in: None,
        created_at: act.now,
    }
}

/// Adds a message to a case and counts the case's version up. What a person sends reopens a case that waits or is over.
pub fn add_message(
    tx: &mut Tx,
    act: &Acting,
    case: &Case,
    message: Message,
    files: Vec<Attachment>,
) -> Result<Case, Fail> {
    let tokens = tokens(tx, &message)?;
    let mut written = Written::default();
    let reopens = message.direction == "inbound" && !message.automatic;
    put(tx, act, &mut written, Putting { message, files, tokens })?;
    let case = touch(tx, act, &mut written, case, reopens)?;
    written.flush(tx)?;
    Ok(case)
}

/// A message and what was made ready with it.
#[derive(Clone, Debug)]
pub struct Putting {
    pub message: Message,
    pub files: Vec<Attachment>,
    /// Its words for the index.
    pub tokens: String,
}

/// Writes a message, its files, its line in the log and its words. The case itself is not touched.
pub fn put(tx: &mut Tx, act: &Acting, written: &mut Written, putting: Putting) -> Result<(), Fail> {
    let Putting { message, files, tokens } = putting;
    messages::insert(tx, &message)?;
    scan::keep(tx, act, &files)?;
    let kind = match message.direction.as_str() {
        "inbound" => "message.received",
        "outbound" => "message.queued",
        _ => "note.added",
    };
    let mut event = act.event(tx, kind);
    event.case_id = Some(message.case_id);
    event.message_id = Some(message.id);
    if message.author_kind == "contact" {
        event.contact_id = message.author_id;
    }
    if let Some(letter) = &message.letter {
        event.data = Json(serde_json::json!({ "letter": letter }));
    }
    written.events.push(event);
    if message.letter.is_none() {
        written.docs.push(with_tokens(&message, tokens));
    }
    Ok(())
}

/// What the search index holds of a message. A letter that we wrote ourselves is not looked for.
pub fn doc_of_message(message: &Message, language: &str) -> Option<Doc> {
    message.letter.is_none().then(|| with_tokens(message, cut(message, language)))
}

fn with_tokens(message: &Message, tokens: String) -> Doc {
    Doc {
        tenant_id: message.tenant_id,
        docid: search::docid(message.id),
        kind: "message".to_owned(),
        ref_id: message.id,
        case_id: Some(message.case_id),
        at: message.created_at,
        tokens,
    }
}

fn cut(message: &Message, language: &str) -> String {
    let subject = message.subject.as_deref().unwrap_or_default();
    let text = if message.fresh_text.trim().is_empty() { &message.text } else { &message.fresh_text };
    let writer = message.sender.0.get("address").and_then(|address| address.as_str()).unwrap_or_default();
    let writer = if message.direction == "inbound" { writer } else { "" };
    words::index(&[subject, text, writer], &[language])
}

/// The words of a message for the index.
pub fn tokens(tx: &mut Tx, message: &Message) -> Result<String, Fail> {
    Ok(cut(message, &tenant::get(tx)?.locale))
}

/// Marks a case as changed now. `reopens`: somebody outside wrote, so it is no longer waiting or over.
pub fn touch(tx: &mut Tx, act: &Acting, written: &mut Written, case: &Case, reopens: bool) -> Result<Case, Fail> {
    let mut row = Case { updated_at: act.now, ..case.clone() };
    if reopens && matches!(case.status.as_str(), "pending" | "resolved" | "closed") {
        row.status = "open".to_owned();
        row.outcome = None;
        row.closed_at = None;
        let mut event = act.event(tx, "case.changed");
        event.case_id = Some(case.id);
        event.data = Json(serde_json::json!({
            "changes": { "status": { "from": case.status, "to": "open" } },
            "reason": "a message from outside reopens a case",
        }));
        written.events.push(event);
    }
    Ok(cases::update(tx, &row)?)
}
