//! Notes that a mail is signed or encrypted. It is kept as it is and never decrypted.

use mail_parser::{Message, MimeHeaders};

const SIGNED: &str = "It is signed; the signature was not checked";
const ENCRYPTED: &str = "It is encrypted; only someone with the key can read it";

pub(super) fn note(message: &Message<'_>, text: &str, oddities: &mut Vec<String>) {
    let mut notes: Vec<&str> = Vec::new();
    for part in &message.parts {
        let Some(found) = part.content_type() else { continue };
        let kind = found.attribute("smime-type").unwrap_or_default();
        match (found.ctype(), found.subtype().unwrap_or_default()) {
            ("multipart", "signed") => notes.push(SIGNED),
            ("multipart", "encrypted") => notes.push(ENCRYPTED),
            ("application", "pkcs7-mime" | "x-pkcs7-mime") if kind.eq_ignore_ascii_case("signed-data") => {
                notes.push(SIGNED)
            }
            ("application", "pkcs7-mime" | "x-pkcs7-mime") => notes.push(ENCRYPTED),
            _ => {}
        }
    }
    if text.lines().any(|line| line.trim_end() == "-----BEGIN PGP MESSAGE-----") {
        notes.push(ENCRYPTED);
    }
    if text.lines().any(|line| line.trim_end() == "-----BEGIN PGP SIGNED MESSAGE-----") {
        notes.push(SIGNED);
    }
    for note in [SIGNED, ENCRYPTED] {
        if notes.contains(&note) {
            oddities.push(note.to_owned());
        }
    }
}
