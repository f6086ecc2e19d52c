//! What may stand in a case: each field checked, and every wrong one named at once.

use crate::{
    fail::{Fail, Field},
    store::{Tx, Uid, assigning},
};

pub const STATUSES: [&str; 5] = ["new", "open", "pending", "resolved", "closed"];
pub const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
pub const OUTCOMES: [&str; 3] = ["done", "declined", "referred"];

/// Characters of an answer, a note or a report.
pub const LONGEST_TEXT: usize = 200_000;
/// Characters of a subject.
pub const LONGEST_SUBJECT: usize = 500;
/// Characters of a tag.
const LONGEST_TAG: usize = 60;
/// Tags of a case.
const MOST_TAGS: usize = 50;

/// Collects what is wrong, so that a caller hears of it all at once.
#[derive(Debug, Default)]
pub struct Check(Vec<Field>);

impl Check {
    pub fn wrong(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(Field { pointer: pointer.to_owned(), detail: detail.into() });
    }

    pub fn one_of(&mut self, pointer: &str, value: &str, known: &[&str]) {
        if !known.contains(&value) {
            self.wrong(pointer, format!("must be one of: {}", known.join(", ")));
        }
    }

    /// What a person or staff wrote.
    pub fn text(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            self.wrong(pointer, "must not be empty");
        } else if text.chars().count() > LONGEST_TEXT {
            self.wrong(pointer, format!("must have at most {LONGEST_TEXT} characters"));
        } else if text.contains('\0') {
            self.wrong(pointer, "must not contain U+0000");
        }
    }

    /// The subject as it is kept: one line, no spaces around.
    pub fn subject(&mut self, subject: &str) -> String {
        let tidy = one_line(subject);
        if tidy.is_empty() {
            self.wrong("/subject", "must not be empty");
        } else if tidy.chars().count() > LONGEST_SUBJECT {
            self.wrong("/subject", format!("must have at most {LONGEST_SUBJECT} characters"));
        }
        tidy
    }

    /// The tags as they are kept: in order, each once.
    pub fn tags(&mut self, tags: &[String]) -> Vec<String> {
        let mut tidy: Vec<String> = tags.iter().map(|t| one_line(t)).collect();
        tidy.sort_unstable();
        tidy.dedup();
        if tidy.iter().any(|t| t.is_empty() || t.chars().count() > LONGEST_TAG) {
            self.wrong("/tags", format!("each tag must have 1 to {LONGEST_TAG} characters"));
        }
        if tidy.len() > MOST_TAGS {
            self.wrong("/tags", format!("must be at most {MOST_TAGS}"));
        }
        tidy
    }

    /// The team that looks after the topic.
    pub fn topic(&mut self, tx: &mut Tx, topic: Option<Uid>) -> Result<Option<Uid>, Fail> {
        let Some(topic) = topic else { return Ok(None) };
        let team = assigning::team_of_topic(tx, topic)?;
        if team.is_none() {
            self.wrong("/topic_id", "there is no such topic");
        }
        Ok(team.flatten())
    }

    pub fn team(&mut self, tx: &mut Tx, team: Option<Uid>) -> Result<(), Fail> {
        if let Some(team) = team
            && !assigning::has_team(tx, team)?
        {
            self.wrong("/team_id", "there is no such team");
        }
        Ok(())
    }

    pub fn assignee(&mut self, tx: &mut Tx, member: Option<Uid>) -> Result<(), Fail> {
        if let Some(member) = member
            && !assigning::has_active_staff(tx, member)?
        {
            self.wrong("/assignee_id", "there is no such member of the staff, or they are disabled");
        }
        Ok(())
    }

    pub fn done(self) -> Result<(), Fail> {
        if self.0.is_empty() { Ok(()) } else { Err(Fail::Invalid(self.0)) }
    }
}

/// A text on one line, without control characters and without spaces around or doubled.
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
