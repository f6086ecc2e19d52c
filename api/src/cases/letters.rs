//! Letters that CivicDesk writes by itself: what stands in them, and when none is written.

use std::sync::LazyLock;

use civicdesk_contract::{Capabilities, Party};
use jiff::{SignedDuration, Timestamp};
use minijinja::{Environment, UndefinedBehavior, context};

use super::{
    loops, reach,
    record::{self, Putting},
    reply,
    tokens::ReplyKey,
    written::Written,
};
use crate::{
    acting::Acting,
    blobs,
    fail::Fail,
    store::{
        self, Json, Store, Time, Tx,
        auto_letters::{self, AutoLetter},
        budgets,
        cases::Case,
        channels::Channel,
        messages::Message,
        tenant::Tenant,
    },
};

const ACKNOWLEDGEMENT: &str = "acknowledgement";
/// Letters of our own accord to one address on one day, of one tenant.
const A_DAY: i64 = 10;
/// Letters of our own accord to one address in one hour, of all tenants together.
const AN_HOUR: i64 = 3;

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("letters/", $name)))),+] };
}

const FILES: &[(&str, &str)] = files![
    "acknowledgement/en/subject.txt",
    "acknowledgement/en/text.txt",
    "acknowledgement/es/subject.txt",
    "acknowledgement/es/text.txt",
    "your_turn/en/text.txt",
    "your_turn/es/text.txt",
    "ready_to_collect/en/text.txt",
    "ready_to_collect/es/text.txt",
    "standing/en/text.txt",
    "standing/es/text.txt",
];

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in FILES {
        templates.add_template(name, text)?;
    }
    Ok(templates)
});

/// To whom and about what.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    pub tenant: &'a Tenant,
    pub channel: &'a Channel,
    pub case: &'a Case,
    /// The message that is acknowledged.
    pub message: &'a Message,
    pub to: &'a Party,
    /// The line by which it is counted.
    pub counted: &'a AutoLetter,
    pub language: &'a str,
}

/// The line by which letters of our own accord to an address are counted.
pub fn counted(tx: &Tx, act: &Acting, normal: &str, case: &Case, answered: &str) -> AutoLetter {
    let words: Vec<&str> = answered.split_whitespace().collect();
    AutoLetter {
        tenant_id: tx.tenant(),
        id: act.id(),
        address: normal.to_owned(),
        case_id: Some(case.id),
        kind: ACKNOWLEDGEMENT.to_owned(),
        answered: blobs::of(words.join(" ").as_bytes()).to_vec(),
        at: act.now,
    }
}

/// Why an address gets no acknowledgement now: it has had too many letters, or says the same thing again as a machine
/// without headers does.
pub fn refusal(tx: &mut Tx, letter: &AutoLetter) -> Result<Option<&'static str>, Fail> {
    let day_ago = Time(letter.at.0 - SignedDuration::from_hours(24));
    let before = auto_letters::before(tx, letter, day_ago)?;
    Ok(if before.lately >= A_DAY {
        Some("the address has had ten automatic mails within a day")
    } else if before.same_words {
        Some("the same words from its sender were acknowledged within a day")
    } else {
        None
    })
}

/// Whether a subject is that of an acknowledgement, of this installation or another.
pub fn is_acknowledgement(subject: &str) -> bool {
    let Some(reference) = loops::references(subject).pop() else { return false };
    let same = |language| {
        render(language, "subject", &reference, "").is_ok_and(|ours| ours.eq_ignore_ascii_case(subject.trim()))
    };
    ["en", "es"].into_iter().any(same)
}

/// Writes the acknowledgement of a new case. Nothing that the sender wrote stands in it: it may reach someone who never
/// wrote to us.
pub fn acknowledge(tx: &mut Tx, act: &Acting, written: &mut Written, about: Occasion) -> Result<(), Fail> {
    let mut letter = record::draft(act, about.case, "outbound");
    letter.channel_id = Some(about.channel.id);
    letter.sender = Json::of(&about.channel.address.as_ref().map(|own| Party {
        address: own.clone(),
        name: None,
        ..about.to.clone()
    }));
    letter.recipients = Json::of(&[about.to]);
    letter.subject = Some(render(about.language, "subject", &about.case.reference, &about.tenant.name)?);
    letter.text = render(about.language, "text", &about.case.reference, &about.tenant.name)?;
    letter.fresh_text.clone_from(&letter.text);
    letter.network_id = Some(reply::network_id(act, &letter, about.channel.address.as_deref()));
    letter.in_reply_to.clone_from(&about.message.network_id);
    letter.refs = Json::of(&reply::chain(about.message));
    letter.automatic = true;
    letter.letter = Some(ACKNOWLEDGEMENT.to_owned());
    letter.written_at = Some(act.now);
    auto_letters::insert(tx, about.counted)?;
    written.jobs.push(reply::deliver_job(act, &letter));
    record::put(tx, act, written, Putting { message: letter, files: Vec::new(), tokens: String::new() })
}

/// A letter of one line, such as fits into a text message.
pub fn short(kind: &str, language: &str, agency: &str, reference: &str, number: Option<i64>) -> Result<String, Fail> {
    let templates = TEMPLATES.as_ref().map_err(|e| Fail::Broken(format!("letters: {e}")))?;
    let rendered = templates
        .get_template(&format!("{kind}/{}/text.txt", known(language)))
        .and_then(|template| template.render(context! { agency, reference, number }));
    rendered.map(|text| text.trim().to_owned()).map_err(|e| Fail::Broken(format!("letters: {e}")))
}

/// How a case stands, in one sentence; without the reference where it is said aloud to whoever has just named it.
pub fn standing(language: &str, agency: &str, status: &str, reference: Option<&str>) -> Result<String, Fail> {
    let templates = TEMPLATES.as_ref().map_err(|e| Fail::Broken(format!("letters: {e}")))?;
    let rendered = templates
        .get_template(&format!("standing/{}/text.txt", known(language)))
        .and_then(|template| template.render(context! { agency, status, reference }));
    rendered.map(|text| text.trim().to_owned()).map_err(|e| Fail::Broken(format!("letters: {e}")))
}

/// A letter of one line to one address, ready to be queued or recorded.
pub fn brief(
    act: &Acting,
    (tenant, case): (&Tenant, &Case),
    (channel, can): (&Channel, &Capabilities),
    to: Option<&Party>,
    (kind, text): (&str, String),
) -> Message {
    let mut letter = record::draft(act, case, "outbound");
    letter.channel_id = Some(channel.id);
    letter.sender = Json::of(&reach::own_party(can, channel.address.as_deref()));
    letter.recipients = Json::of(&to.into_iter().collect::<Vec<_>>());
    letter.text = text;
    letter.fresh_text.clone_from(&letter.text);
    letter.subject = Some(format!("{} [{}]", tenant.name, case.reference));
    letter.network_id = Some(reply::network_id(act, &letter, channel.address.as_deref()));
    letter.letter = Some(kind.to_owned());
    letter.automatic = true;
    letter.written_at = Some(act.now);
    letter
}

/// The language of ours that is nearest.
fn known(language: &str) -> &'static str {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if primary == "es" { "es" } else { "en" }
}

fn render(language: &str, part: &str, reference: &str, agency: &str) -> Result<String, Fail> {
    let language = known(language);
    let templates = TEMPLATES.as_ref().map_err(|e| Fail::Broken(format!("letters: {e}")))?;
    let rendered = templates
        .get_template(&format!("{ACKNOWLEDGEMENT}/{language}/{part}.txt"))
        .and_then(|template| template.render(context! { reference, agency }));
    rendered.map(|text| text.trim().to_owned()).map_err(|e| Fail::Broken(format!("letters: {e}")))
}

/// Asked right before a letter of ours goes out, and counts it. `false`: the address has had its letters of this hour,
/// over all tenants; this one is not sent at all.
pub async fn may_send(store: &Store, key: &ReplyKey, normal: &str, now: Timestamp) -> Result<bool, store::Error> {
    let (name, hour) = (key.budget_name(normal), now.as_second().div_euclid(3600));
    store.control_write(move |control| budgets::take(control, &name, hour, AN_HOUR)).await
}
