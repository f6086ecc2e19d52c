//! Letters that CivicDesk writes by itself: what stands in them, and when none is written.

use civicdesk_contract::{Capabilities, Party, segments};
use jiff::{SignedDuration, Timestamp};
use minijinja::{Value, context};

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
    texts::{Texts, texts},
};

const ACKNOWLEDGEMENT: &str = "acknowledgement";
/// Letters of our own accord to one address on one day, of one tenant.
const A_DAY: i64 = 10;
/// Letters of our own accord to one address in one hour, of all tenants together.
const AN_HOUR: i64 = 3;

/// Parts of a text at most, of what CivicDesk says by itself.
const MOST_PARTS: usize = 2;
/// Letters of an agency's name in a text.
const LONGEST_AGENCY: usize = 40;

static TEXTS: Texts = texts![
    "letters",
    "acknowledgement/en/subject.txt",
    "acknowledgement/en/text.txt",
    "acknowledgement/en/line.txt",
    "acknowledgement/es/subject.txt",
    "acknowledgement/es/text.txt",
    "acknowledgement/es/line.txt",
    "stop/en/text.txt",
    "stop/es/text.txt",
    "start/en/text.txt",
    "start/es/text.txt",
    "help/en/text.txt",
    "help/es/text.txt",
    "reset/en/text.txt",
    "reset/es/text.txt",
    "no_reset/en/text.txt",
    "no_reset/es/text.txt",
    "status/en/text.txt",
    "status/es/text.txt",
    "your_turn/en/text.txt",
    "your_turn/es/text.txt",
    "ready_to_collect/en/text.txt",
    "ready_to_collect/es/text.txt",
    "standing/en/text.txt",
    "standing/es/text.txt",
];

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
    /// It goes to a telephone, so that a line must do.
    pub texted: bool,
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
    let part = if about.texted { "line" } else { "text" };
    letter.text = render(about.language, part, &about.case.reference, &about.tenant.name)?;
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
    line(kind, language, &context! { agency, reference, number })
}

/// How a case stands, in one sentence; without the reference where it is said aloud to whoever has just named it.
pub fn standing(language: &str, agency: &str, status: &str, reference: Option<&str>) -> Result<String, Fail> {
    line("standing", language, &context! { agency, status, reference })
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

/// What answers a word to the service itself, in so few letters that no alphabet of a phone makes more than two parts of
/// it: `stop`, `start` or `help`. `mail`: where a person is reached beside this, as far as there is room for it.
pub fn answer(word: &str, language: &str, agency: &str, mail: Option<&str>) -> Result<String, Fail> {
    let agency = cut(agency);
    let whole = line(word, language, &context! { agency, mail })?;
    if mail.is_none() || fits_two_parts(&whole) {
        return Ok(whole);
    }
    line(word, language, &context! { agency, mail => None::<&str> })
}

/// What is said of somebody's cases to their phone.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// Empty where there is no room for it.
    pub agency: &'a str,
    /// How the case stands, and since which day.
    pub standing: Option<&'a str>,
    pub day: Option<&'a str>,
    /// Where more of it can be read.
    pub link: Option<&'a str>,
    /// They asked about one case, and have none such.
    pub asked: bool,
    /// The references of their open cases.
    pub open: &'a [String],
}

/// The answer to a question for the status; without the agency's name where two parts of a text cannot hold it.
pub fn status(language: &str, about: About) -> Result<String, Fail> {
    let About { standing, day, link, asked, open, .. } = about;
    let agency = cut(about.agency);
    let whole = line("status", language, &context! { agency, standing, day, link, asked, open => open.join(", ") })?;
    if agency.is_empty() || fits_two_parts(&whole) {
        return Ok(whole);
    }
    status(language, About { agency: "", ..about })
}

/// An agency's name as a text holds it.
fn cut(agency: &str) -> &str {
    agency.char_indices().nth(LONGEST_AGENCY).map_or(agency, |(end, _)| &agency[..end]).trim()
}

/// Whether a text goes out in two parts at most, whatever phone reads it.
pub fn fits_two_parts(text: &str) -> bool {
    segments::measure(text).parts <= MOST_PARTS
}

fn render(language: &str, part: &str, reference: &str, agency: &str) -> Result<String, Fail> {
    TEXTS.fill(ACKNOWLEDGEMENT, language, part, &context! { reference, agency })
}

fn line(letter: &str, language: &str, about: &Value) -> Result<String, Fail> {
    TEXTS.fill(letter, language, "text", about)
}

/// Asked right before a letter of ours goes out, and counts it. `false`: the address has had its letters of this hour,
/// over all tenants; this one is not sent at all.
pub async fn may_send(store: &Store, key: &ReplyKey, normal: &str, now: Timestamp) -> Result<bool, store::Error> {
    let (name, hour) = (key.budget_name(normal), now.as_second().div_euclid(3600));
    store.control_write(move |control| budgets::take(control, &name, hour, AN_HOUR)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_a_phone_is_two_parts_at_most_in_either_language_and_however_long_the_agencys_name() {
        let open = vec!["ABCDEF-2026-000001".to_owned(); 3];
        let mail = Some("a.rather.long.address@of-a-town-with-a-name.example");
        for agency in ["Riverton", "Ayuntamiento de León", "Ωmega", &"Ciudad de Mérida y sus pueblos ".repeat(6)] {
            for language in ["en", "es"] {
                let mut all: Vec<String> = ["stop", "start", "help", "reset", "no_reset"]
                    .map(|word| answer(word, language, agency, mail).unwrap())
                    .into();
                all.push(status(language, About { agency, asked: true, ..About::default() }).unwrap());
                all.push(status(language, About { agency, open: &open, ..About::default() }).unwrap());
                all.push(status(language, About { agency, ..About::default() }).unwrap());
                for text in all {
                    assert!(fits_two_parts(&text) && !text.contains('\n') && !text.is_empty(), "{text}");
                    assert!(!text.starts_with(':'), "{text}");
                }
            }
        }
    }
}
