//! What stands in the letters of recovery, in the citizen's language: long for mail, short for a phone.

use civicdesk_contract::IdentityKind;
use minijinja::Value;

use crate::{
    fail::Fail,
    texts::{Texts, texts},
};

static TEXTS: Texts = texts![
    "letters",
    "contact/en/text.txt",
    "contact/es/text.txt",
    "code/en/subject.txt",
    "code/en/text.txt",
    "code/en/short.txt",
    "code/es/subject.txt",
    "code/es/text.txt",
    "code/es/short.txt",
    "changed/en/subject.txt",
    "changed/en/text.txt",
    "changed/en/short.txt",
    "changed/es/subject.txt",
    "changed/es/text.txt",
    "changed/es/short.txt",
    "staff/en/subject.txt",
    "staff/en/text.txt",
    "staff/es/subject.txt",
    "staff/es/text.txt",
    "staff_changed/en/subject.txt",
    "staff_changed/en/text.txt",
    "staff_changed/es/subject.txt",
    "staff_changed/es/text.txt",
];

/// One letter, written.
#[derive(Clone, Debug)]
pub struct Written {
    pub subject: Option<String>,
    pub text: String,
}

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
    use minijinja::{context, value::Serde};

    use super::*;
    use crate::store::tenants::ContactDetails;

    #[test]
    fn every_letter_stands_in_every_language_and_length() {
        let contact = ContactDetails { phone: Some("+1 555 010 0100".to_owned()), ..ContactDetails::default() };
        let about = context! {
            agency => "City of Riverton", code => "1234 5678", registers => false, minutes => 10, at => "today",
            link => "https://desk.example/t/riverton/recover/x", contact => Serde(contact), page => None::<&str>,
            by_staff => false, object => "https://desk.example/t/riverton/object/x",
        };
        for letter in ["code", "changed"] {
            for language in ["en-US", "es", "de"] {
                let mail = write(letter, IdentityKind::Email, language, &about).unwrap();
                assert!(mail.subject.unwrap().contains("Riverton") && mail.text.contains("Riverton"));
                assert!(mail.text.ends_with("+1 555 010 0100"), "{}", mail.text);
                let text = write(letter, IdentityKind::Phone, language, &about).unwrap().text;
                assert!(text.chars().count() <= if letter == "code" { 160 } else { 306 }, "{text}");
            }
        }
    }
}
