//! What stands in the letters about accounts, in the citizen's language: long for mail, short for a phone.

use civicdesk_contract::IdentityKind;
use minijinja::Value;

use crate::{
    fail::Fail,
    recovery::letters::Written,
    texts::{Texts, texts},
};

static TEXTS: Texts = texts![
    "letters",
    "address/en/subject.txt",
    "address/en/text.txt",
    "address/en/short.txt",
    "address/es/subject.txt",
    "address/es/text.txt",
    "address/es/short.txt",
    "taken/en/subject.txt",
    "taken/en/text.txt",
    "taken/en/short.txt",
    "taken/es/subject.txt",
    "taken/es/text.txt",
    "taken/es/short.txt",
    "changed/en/subject.txt",
    "changed/en/text.txt",
    "changed/en/short.txt",
    "changed/es/subject.txt",
    "changed/es/text.txt",
    "changed/es/short.txt",
];

/// Writes a letter for this kind of address.
pub fn write(letter: &str, kind: IdentityKind, language: &str, about: &Value) -> Result<Written, Fail> {
    let part = |length: &str| TEXTS.fill(letter, language, length, about);
    match kind {
        IdentityKind::Email => Ok(Written { subject: Some(part("subject")?), text: part("text")? }),
        _ => Ok(Written { subject: None, text: part("short")? }),
    }
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;
    use crate::accounts::telling::ALL;

    #[test]
    fn every_letter_stands_in_every_language_and_length() {
        let about = |what: &str| {
            context! { agency => "City of Riverton", code => "1234 5678", minutes => 10, at => "2026-11-22, 09:00 (EST)", what,
            address => "maria@example.org" }
        };
        let letters = ["address", "taken"].map(|letter| (letter, ""));
        for (letter, what) in letters.into_iter().chain(ALL.map(|what| ("changed", what))) {
            let mut texts = Vec::new();
            for language in ["en-US", "es", "de"] {
                let mail = write(letter, IdentityKind::Email, language, &about(what)).unwrap();
                assert!(
                    mail.subject.unwrap().contains("Riverton") && mail.text.contains("Riverton"),
                    "{letter} {what}"
                );
                let text = write(letter, IdentityKind::Phone, language, &about(what)).unwrap().text;
                assert!(text.chars().count() <= 160, "{}: {text}", text.chars().count());
                texts.push((mail.text, text));
            }
            assert_ne!(texts[0], texts[1], "{letter} {what}");
            assert_eq!(texts[0], texts[2], "{letter} {what}");
        }
        let said = ALL.map(|what| write("changed", IdentityKind::Email, "en", &about(what)).unwrap().text);
        assert!(said.iter().enumerate().all(|(n, text)| !said[..n].contains(text)), "{said:#?}");
    }
}
