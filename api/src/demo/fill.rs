//! Fills the gaps of a mail or an answer: dates of the last two weeks, and what CivicDesk itself made up meanwhile.

use std::collections::HashMap;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};

use super::conversation::When;

/// The clock of both agencies.
const OFFSET: Offset = Offset::constant(-5);
/// How long ago the story began.
const BEGAN: SignedDuration = SignedDuration::from_hours(13 * 24);

/// What has been told so far.
#[derive(Debug)]
pub struct Facts {
    began: Date,
    told: HashMap<&'static str, Told>,
}

/// What later mails may say of a mail or an answer.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub when: When,
    /// The reference of the case in which it is.
    pub reference: Option<String>,
    /// The Message-ID that CivicDesk gave it.
    pub id: Option<String>,
    /// Where a mail of ours asks for answers, and for reports of failure.
    pub reply_to: Option<String>,
    pub return_path: Option<String>,
}

impl Facts {
    pub fn new(now: Timestamp) -> Self {
        Self { began: OFFSET.to_datetime(now - BEGAN).date(), told: HashMap::new() }
    }

    pub fn add(&mut self, name: &'static str, told: Told) {
        self.told.insert(name, told);
    }

    pub fn at(&self, (day, hour, minute): When) -> Timestamp {
        let time = self.day(day).to_datetime(Time::constant(hour, minute, 0, 0));
        OFFSET.to_timestamp(time).unwrap_or_default()
    }

    fn day(&self, day: i8) -> Date {
        self.began.saturating_add(jiff::Span::new().days(day))
    }

    /// The text with every `{{gap}}` filled and every line ended by CRLF, as mail travels.
    pub fn mail(&self, raw: &[u8], when: When) -> Result<Vec<u8>, String> {
        let filled = self.fill(raw, when)?;
        Ok(filled.split_inclusive(|b| *b == b'\n').flat_map(crlf).collect())
    }

    /// A short text with every gap filled.
    pub fn text(&self, text: &str, when: When) -> Result<String, String> {
        let filled = self.fill(text.as_bytes(), when)?;
        String::from_utf8(filled).map_err(|e| e.to_string())
    }

    /// Works on bytes, because not every mail is UTF-8.
    fn fill(&self, raw: &[u8], when: When) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(open) = find(rest, b"{{") {
            let gap = &rest[open + 2..];
            let close = find(gap, b"}}").ok_or("a gap is not closed")?;
            out.extend_from_slice(&rest[..open]);
            out.extend_from_slice(self.word(&String::from_utf8_lossy(&gap[..close]), when)?.as_bytes());
            rest = &gap[close + 2..];
        }
        out.extend_from_slice(rest);
        Ok(out)
    }

    fn word(&self, gap: &str, when: When) -> Result<String, String> {
        let (kind, about) = gap.split_once(' ').unwrap_or((gap, ""));
        let told = || self.told.get(about).ok_or_else(|| format!("`{gap}`: nothing of that name has happened yet"));
        let known = |fact: Option<String>| fact.ok_or_else(|| format!("`{gap}`: it has none"));
        let day = || about.parse().map(|n| self.day(n)).map_err(|_| format!("`{gap}` names no day"));
        match kind {
            "date" => Ok(self.zoned(when).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()),
            "when" => Ok(self.zoned(told()?.when).strftime("%a, %-d %b %Y at %H:%M").to_string()),
            "day" => Ok(day()?.strftime("%A, %-d %B").to_string()),
            "d" => Ok(day()?.day().to_string()),
            "m" => Ok(day()?.month().to_string()),
            "ics" => Ok(day()?.strftime("%Y%m%d").to_string()),
            "year" => {
                about.parse().map(|n: i16| (self.began.year() + n).to_string()).map_err(|_| format!("`{gap}`: no year"))
            }
            "ref" => known(told()?.reference.clone()),
            "id" => known(told()?.id.clone()),
            "reply-to" => known(told()?.reply_to.clone()),
            "return-path" => known(told()?.return_path.clone()),
            _ => Err(format!("`{gap}` is no gap")),
        }
    }

    fn zoned(&self, when: When) -> jiff::Zoned {
        self.at(when).to_zoned(TimeZone::fixed(OFFSET))
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|w| w == part)
}

/// A line with the end that mail demands.
fn crlf(line: &[u8]) -> Vec<u8> {
    match line.strip_suffix(b"\n") {
        Some(line) => [line, b"\r\n"].concat(),
        None => line.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::conversation::{Step, moments};

    fn facts() -> Facts {
        Facts::new("2026-11-22T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_gap_of_the_story_can_be_filled_from_what_happened_before() {
        let mut facts = facts();
        for (_, moment) in moments() {
            let told = Told {
                when: moment.when,
                reference: Some("RIV-2026-000001".into()),
                id: Some("1@riverton.example".into()),
                reply_to: Some("help+1@riverton.example".into()),
                return_path: Some("help+b1@riverton.example".into()),
            };
            match moment.step {
                Step::Mail { name, to, raw, .. } => {
                    let mail = facts.mail(raw, moment.when).unwrap();
                    assert!(find(&mail, b"{{").is_none(), "{name}");
                    let bare = mail.windows(2).filter(|w| w[1] == b'\n' && w[0] != b'\r').count();
                    assert_eq!(bare, 0, "{name}");
                    to.iter().for_each(|to| assert!(facts.text(to, moment.when).unwrap().contains('@')));
                    facts.add(name, told);
                }
                Step::Reply { name, text, .. } => {
                    facts.text(text, moment.when).unwrap();
                    facts.add(name, told);
                }
                Step::Note { text, .. } => assert!(!facts.text(text, moment.when).unwrap().is_empty()),
                Step::Again { .. } | Step::Change { .. } => {}
            }
        }
    }

    #[test]
    fn the_story_happened_in_the_last_two_weeks() {
        let now: Timestamp = "2026-11-22T00:30:00Z".parse().unwrap();
        let facts = Facts::new(now);
        for (_, moment) in moments() {
            let age = now.duration_since(facts.at(moment.when));
            assert!(age.is_positive() && age < SignedDuration::from_hours(14 * 24), "{moment:?}");
        }
        let date = facts.text("{{date}}", (0, 9, 12)).unwrap();
        assert_eq!(date, "Sun, 08 Nov 2026 09:12:00 -0500");
    }

    #[test]
    fn a_gap_that_nothing_fills_is_an_error() {
        for text in ["{{id nobody}}", "{{day x}}", "{{other}}", "{{date"] {
            assert!(facts().text(text, (0, 0, 0)).is_err(), "{text}");
        }
    }
}
