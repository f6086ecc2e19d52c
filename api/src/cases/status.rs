//! `STATUS` by text: where one's case stands, or which cases one has open. The answer goes to the number that asks, so that
//! whoever holds the number is proof enough.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Party;
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    filing::Desk,
    letters::{self, About},
    standing::{self, Standing},
};
use crate::{
    acting::Acting,
    blobs,
    fail::Fail,
    store::{
        Time, Tx, Uid,
        cases::{self, Case},
        contacts::Contact,
        links::{self, Link},
    },
};

/// The words that ask it.
const WORDS: [&str; 2] = ["STATUS", "ESTADO"];
/// Bytes of such a text at most.
const LONGEST: usize = 64;
/// Digits that a reference has at least: the year's, and one.
const DIGITS: usize = 5;
/// Open cases that one letter names.
const NAMED: usize = 3;
/// For so long the link in a letter holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The reference that somebody asks about, empty where they ask about all of their cases; none where the text is a message
/// like any other. "Status of the lamp on Elm Street?" is one.
pub fn asked(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_uppercase).collect();
    let (first, rest) = words.split_first().filter(|(first, _)| WORDS.contains(&first.as_str()))?;
    let number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    let digits: usize = rest.iter().map(|word| word.bytes().filter(u8::is_ascii_digit).count()).sum();
    let after = rest.iter().skip(1).all(number);
    let is_reference = (1..=3).contains(&rest.len()) && after && digits >= DIGITS && first.is_ascii();
    (rest.is_empty() || is_reference).then(|| rest.join("-"))
}

/// The letter that answers it. A case of others is answered as one that does not exist.
pub fn letter(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    (contact, from): (&Contact, &Party),
    asked: &str,
) -> Result<String, Fail> {
    let language = contact.language.as_deref().unwrap_or(&desk.tenant.locale);
    let agency = desk.tenant.name.as_str();
    if asked.is_empty() {
        let open = open_of(tx, contact.id)?;
        return letters::status(language, About { agency, open: &open, ..About::default() });
    }
    let Some(found) = standing::of(tx, asked, from)? else {
        return letters::status(language, About { agency, asked: true, ..About::default() });
    };
    let token = URL_SAFE_NO_PAD.encode(act.ids.bytes::<16>());
    let link = Link {
        tenant_id: tx.tenant(),
        hash: blobs::of(token.as_bytes()).to_vec(),
        case_id: found.case.id,
        contact_id: contact.id,
        kind: links::STATUS.to_owned(),
        created_at: act.now,
        expires_at: act.now.0.checked_add(HOLDS).ok().map(Time),
    };
    links::insert(tx, &link)?;
    let link = format!("{}/t/{}/requests/{token}", desk.public_url, desk.tenant.slug);
    shortest(desk, language, &found, &link)
}

/// With everything, as far as two parts of a text hold it.
fn shortest(desk: &Desk, language: &str, found: &Standing, link: &str) -> Result<String, Fail> {
    let zone = TimeZone::get(&desk.tenant.time_zone).unwrap_or(TimeZone::UTC);
    let day = found.case.updated_at.0.to_zoned(zone).date().to_string();
    let mut written = String::new();
    // The reference alone names no agency, but whoever asked knows whom they asked.
    for (agency, link) in [(desk.tenant.name.as_str(), Some(link)), ("", Some(link)), ("", None)] {
        let standing = letters::standing(language, agency, &found.case.status, Some(&found.case.reference))?;
        let about = About { standing: Some(&standing), day: Some(&day), link, ..About::default() };
        written = letters::status(language, about)?;
        if letters::fits_two_parts(&written) {
            break;
        }
    }
    Ok(written)
}

/// The references of a person's open cases, the last changed first.
fn open_of(tx: &mut Tx, contact: Uid) -> Result<Vec<String>, Fail> {
    let ids = cases::of_party(tx, contact)?;
    let mut open = cases::get_all(tx, &ids)?;
    open.retain(|case| case.merged_into.is_none() && matches!(case.status.as_str(), "new" | "open" | "pending"));
    open.sort_by_key(|case| std::cmp::Reverse((case.updated_at, case.id)));
    Ok(open.into_iter().take(NAMED).map(|case: Case| case.reference).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_for_the_status_is_known_however_the_reference_is_written() {
        for text in ["STATUS RIV-2026-004217", "status riv 2026 4217", "Estado: 2026-004217", "estado #20264217?"] {
            assert!(asked(text).is_some_and(|asked| !asked.is_empty()), "{text}");
        }
        assert_eq!(asked("STATUS RIV-2026-004217").as_deref(), Some("RIV-2026-004217"));
        assert_eq!(asked(" Status. ").as_deref(), Some(""));
        for text in [
            "Status of the lamp on Elm Street?",
            "status quo",
            "Status 2026",
            "What is the status of RIV-2026-004217?",
            "Status RIV-2026-004217 and why does nobody answer",
            "",
        ] {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
