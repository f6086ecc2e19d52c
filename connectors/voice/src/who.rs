//! Who calls: a number in international form, or nobody where it is withheld.

use civicdesk_contract::{IdentityKind, Party, form::Form};

/// What Twilio writes where the number is withheld: the words ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a
/// keypad.
const WITHHELD: [&str; 5] = ["+266696687", "+7378742833", "+2562533", "+8566696", "+86282452253"];
/// The network's word that the caller may use this number: the highest of its three levels.
const ATTESTED: &str = "TN-Validation-Passed-A";

/// A number with its country, as it is dialled.
pub fn number(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('+')?;
    let right = digits.bytes().all(|byte| byte.is_ascii_digit()) && (7..=15).contains(&digits.len());
    (right && !digits.starts_with('0') && !WITHHELD.contains(&text)).then_some(text)
}

pub fn party(text: &str) -> Option<Party> {
    number(text).map(|number| Party { kind: IdentityKind::Phone, address: number.to_owned(), name: None })
}

/// Whether the network vouches for the number in a call that has just come in.
pub fn is_attested(form: &Form) -> bool {
    form.get("StirVerstat") == Some(ATTESTED)
}
