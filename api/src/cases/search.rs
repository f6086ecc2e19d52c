//! Finding things by their words: the database says which rows hold them, here they are ranked and shown.

use std::collections::{HashMap, HashSet};

use super::words::{self, Question};
use crate::{
    fail::Fail,
    store::{
        Time, Tx, Uid, cases, contacts, messages,
        search::{self, Hit, MOST},
        tenant,
    },
};

/// Characters of an excerpt.
const EXCERPT: usize = 240;

/// One row that was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub kind: String,
    pub id: Uid,
    pub case_id: Option<Uid>,
    pub title: String,
    /// The place of the text that holds most of the words.
    pub excerpt: String,
    /// The words in the excerpt: where each begins and ends, in characters.
    pub marks: Vec<(usize, usize)>,
    pub at: Time,
    score: f64,
}

/// The best rows, and whether there were more than could be ranked.
#[derive(Clone, Debug, Default)]
pub struct Results {
    pub found: Vec<Found>,
    pub truncated: bool,
}

/// Looks for rows that hold all the words asked for, the best first.
pub fn find(tx: &mut Tx, asked: &str, kinds: &[String], most: usize) -> Result<Results, Fail> {
    let language = tenant::get(tx)?.locale;
    let question = words::question(asked, &[&language]);
    let exact = search::find(tx, &question.exact)?;
    let wide = search::find(tx, &question.wide)?;
    let truncated = exact.len() >= MOST || wide.len() >= MOST;
    let sure: HashSet<Uid> = exact.iter().map(|h| h.ref_id).collect();
    let mut hits = exact;
    hits.extend(wide.into_iter().filter(|h| !sure.contains(&h.ref_id)));
    hits.retain(|h| kinds.is_empty() || kinds.contains(&h.kind));
    let mut found = load(tx, &hits)?;
    for row in &mut found {
        rate(row, &question, sure.contains(&row.id), &language);
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.at.cmp(&a.at)).then(b.id.cmp(&a.id)));
    found.truncate(most);
    Ok(Results { found, truncated })
}

/// The rows behind the hits: `excerpt` holds the whole text until it is rated.
fn load(tx: &mut Tx, hits: &[Hit]) -> Result<Vec<Found>, Fail> {
    let of = |kind: &str| hits.iter().filter(|h| h.kind == kind).map(|h| h.ref_id).collect::<Vec<_>>();
    let mut texts: HashMap<Uid, (String, String)> = HashMap::new();
    for case in cases::get_all(tx, &of("case"))? {
        texts.insert(case.id, (case.reference, case.subject));
    }
    for message in messages::get_all(tx, &of("message"))? {
        texts.insert(message.id, (message.subject.unwrap_or_default(), message.fresh_text));
    }
    let people = of("contact");
    let identities = contacts::identities_of(tx, &people)?;
    for contact in contacts::get_all(tx, &people)? {
        let own = identities.iter().filter(|i| i.contact_id == contact.id).map(|i| i.value.as_str());
        texts.insert(contact.id, (contact.name.unwrap_or_default(), own.collect::<Vec<_>>().join(" ")));
    }
    let found = hits.iter().filter_map(|hit| {
        let (title, excerpt) = texts.remove(&hit.ref_id)?;
        let (kind, id, case_id, at) = (hit.kind.clone(), hit.ref_id, hit.case_id, hit.at);
        Some(Found { kind, id, case_id, title, excerpt, marks: Vec::new(), at, score: 0.0 })
    });
    Ok(found.collect())
}

/// Scores a row and cuts its excerpt: words as written weigh most, then words in the title, then how often.
fn rate(row: &mut Found, question: &Question, exact: bool, language: &str) {
    let wanted: HashSet<&str> = question.exact.iter().chain(&question.wide).map(String::as_str).collect();
    let matches = |word: &str| {
        let tokens = words::index(&[word], &[language]);
        tokens.split(' ').any(|t| {
            wanted.contains(t) || wanted.iter().any(|w| w.strip_suffix('*').is_some_and(|start| t.starts_with(start)))
        })
    };
    let in_title = spans(&row.title).into_iter().filter(|(_, _, w)| matches(w)).count();
    let in_text: Vec<(usize, usize)> =
        spans(&row.excerpt).into_iter().filter(|(_, _, w)| matches(w)).map(|(from, to, _)| (from, to)).collect();
    let often = u32::try_from(in_text.len().min(5)).unwrap_or(5);
    let titled = u32::try_from(in_title.min(5)).unwrap_or(5);
    row.score = f64::from(titled) * 3.0 + f64::from(often) + if exact { 10.0 } else { 0.0 };
    cut(row, &in_text);
}

/// Cuts the excerpt around the densest group of marks.
fn cut(row: &mut Found, marks: &[(usize, usize)]) {
    let best = marks.iter().max_by_key(|(from, _)| {
        let near = marks.iter().filter(|(other, _)| other >= from && *other < from + EXCERPT).count();
        (near, std::cmp::Reverse(*from))
    });
    let start = best.map_or(0, |(from, _)| from.saturating_sub(EXCERPT / 4));
    row.excerpt = row.excerpt.chars().skip(start).take(EXCERPT).collect();
    let inside = marks.iter().filter(|(from, to)| *from >= start && *to <= start + EXCERPT);
    row.marks = inside.map(|(from, to)| (from - start, to - start)).collect();
}

/// The words of a text between spaces: first and last character, and the word.
fn spans(text: &str) -> Vec<(usize, usize, &str)> {
    let mut spans = Vec::new();
    let (mut begin, mut at) = (None, 0);
    for (byte, c) in text.char_indices() {
        match (c.is_whitespace(), begin) {
            (false, None) => begin = Some((at, byte)),
            (true, Some((from, first))) => {
                spans.push((from, at, &text[first..byte]));
                begin = None;
            }
            _ => {}
        }
        at += 1;
    }
    if let Some((from, first)) = begin {
        spans.push((from, at, &text[first..]));
    }
    spans
}
