//! What was said in private stays private: an answer that anyone can read repeats nothing of it.

use std::collections::HashSet;

use crate::{
    fail::Fail,
    ids,
    store::{
        Tx, Uid, attachments,
        cases::{self, Case},
        contacts,
        messages::{self, Message},
    },
};

/// Messages of a case that are looked at: the newest.
const LOOKED_AT: i64 = 200;
/// Characters of each.
const LOOKED_INTO: usize = 20_000;

/// Words in a row by which a sentence is known again.
const ROW: usize = 5;
/// A shorter text is known again as a whole, if it has so many words.
const LEAST: usize = 3;
/// A number of so many digits tells something: a telephone, an account, a file.
const TELLING: usize = 6;
/// The last digits of a longer number, by which it is compared.
const KEPT: usize = 9;

/// Something that was said in private, and what it is called.
#[derive(Clone, Debug)]
pub struct Private {
    pub what: String,
    pub text: String,
}

/// Why this message must not be read by anyone; none where it is for few eyes, or repeats nothing. `files`: its own, by
/// the hashes of their bytes.
pub fn refusal(tx: &mut Tx, case: &Case, message: &Message, files: &[Vec<u8>]) -> Result<Option<String>, Fail> {
    if !message.public {
        return Ok(None);
    }
    let mut said = messages::of_cases(tx, &[case.id], None, LOOKED_AT)?;
    said.retain(|other| other.id != message.id && other.letter.is_none());
    let (open, closed): (Vec<Message>, Vec<Message>) = said.into_iter().partition(|other| other.public);
    let closed_ids: Vec<Uid> = closed.iter().map(|other| other.id).collect();
    if attachments::of_messages(tx, &closed_ids)?.iter().any(|file| files.contains(&file.sha256)) {
        return Ok(Some("it carries a file of a private message, and anyone could read it".to_owned()));
    }
    let text = |m: &Message| m.fresh_text.replace(&case.reference, " ").chars().take(LOOKED_INTO).collect::<String>();
    let what = |m: &Message| match m.direction.as_str() {
        "note" => format!("the note {}", ids::MESSAGE.show(m.id.0)),
        _ => format!("the private message {}", ids::MESSAGE.show(m.id.0)),
    };
    let mut private: Vec<Private> = closed.iter().map(|m| Private { what: what(m), text: text(m) }).collect();
    let parties: Vec<Uid> = cases::parties_of(tx, case.id)?.into_iter().map(|party| party.contact_id).collect();
    let addresses =
        contacts::identities_of(tx, &parties)?.into_iter().filter(|i| i.kind == "email" || i.kind == "phone");
    private.extend(addresses.map(|i| Private { what: format!("an address ({}) of theirs", i.kind), text: i.value }));
    let html = message.html.as_deref().unwrap_or_default().replace(['<', '>'], " ");
    let own = format!("{}\n\n{html}", message.text).replace(&case.reference, " ");
    let open: Vec<String> = open.iter().map(text).collect();
    let found = repeated(&own, &private, &open);
    Ok(found.map(|what| format!("it repeats {what}, and anyone could read it")))
}

/// What of the private things an open text repeats. What was said in public too is no secret any more.
pub fn repeated<'a>(text: &str, private: &'a [Private], public: &[String]) -> Option<&'a str> {
    let (said, open) = (Said::of(text), Said::of(&public.join("\n\n")));
    let (said_rows, open_rows) = (said.rows(ROW), open.rows(ROW));
    let found = private.iter().find(|p| {
        let kept = Said::of(&p.text);
        let told = |t: &String| said.telling.contains(t) && !open.telling.contains(t);
        let whole = (LEAST..ROW).contains(&kept.words.len());
        kept.rows(ROW).iter().any(|row| said_rows.contains(row) && !open_rows.contains(row))
            || (whole && said.has(&kept.words) && !open.has(&kept.words))
            || kept.telling.iter().any(told)
    });
    found.map(|p| p.what.as_str())
}

/// A text as it is compared: however it is spelled, spaced or punctuated.
struct Said {
    words: Vec<String>,
    telling: HashSet<String>,
}

impl Said {
    fn of(text: &str) -> Self {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        Self { words: words.map(str::to_lowercase).collect(), telling: telling(text) }
    }

    fn rows(&self, long: usize) -> HashSet<&[String]> {
        self.words.windows(long).collect()
    }

    fn has(&self, row: &[String]) -> bool {
        self.words.windows(row.len()).any(|own| own == row)
    }
}

/// Addresses and long numbers, however a number is grouped, with its country or without.
fn telling(text: &str) -> HashSet<String> {
    let edge = |c: char| !c.is_alphanumeric();
    let addresses = text.split_whitespace().filter(|w| w.trim_matches(edge).contains('@'));
    let mut found: HashSet<String> = addresses.map(|a| a.trim_matches(edge).to_lowercase()).collect();
    for run in text.split(|c: char| !(c.is_ascii_digit() || " -./()+".contains(c))) {
        let digits: String = run.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= TELLING && !is_date(run.trim_matches(edge)) {
            found.insert(digits[digits.len().saturating_sub(KEPT)..].to_owned());
        }
    }
    found
}

/// `2026-11-22`, `22.11.2026`: everybody's.
fn is_date(run: &str) -> bool {
    let parts: Vec<usize> = run.split(['-', '.', '/']).map(str::len).collect();
    matches!(parts.as_slice(), [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeats(text: &str, private: &str, public: &str) -> bool {
        let private = [Private { what: "it".into(), text: private.into() }];
        repeated(text, &private, &[public.to_owned()]).is_some()
    }

    #[test]
    fn a_sentence_a_number_or_an_address_from_a_private_message_is_known_again() {
        let private = "I live at 12 Elm Street, second floor. My number is 555-010-9999 (ana@example.org).";
        for open in [
            "You wrote: i LIVE at 12 elm-street, so we come on Monday.",
            "We called you at +1 (555) 010 9999.",
            "We wrote to Ana@Example.org.",
        ] {
            assert!(repeats(open, private, ""), "{open}");
        }
        assert!(!repeats("The lamp on Elm Street is mended, thank you.", private, ""));
    }

    #[test]
    fn what_was_said_in_public_may_be_said_again() {
        let both = "The lamp at Elm Street 12 has been out since 2026-11-01.";
        assert!(!repeats("You say the lamp at Elm Street 12 has been out since 2026-11-01.", both, both));
    }

    #[test]
    fn a_short_message_counts_as_a_whole_and_a_greeting_does_not_count() {
        assert!(repeats("So your pin is four.", "Pin is four", ""));
        assert!(!repeats("Thank you for telling us.", "Thank you", ""));
    }
}
