//! Addresses in the one form in which the program compares them.

use civicdesk_contract::IdentityKind;
use idna::AsciiDenyList;
use unicode_normalization::UnicodeNormalization;

/// No address that a network delivers to is longer.
const LONGEST: usize = 320;

/// The form of an address by which two spellings are found to name the same person. `None`: it names nobody.
///
/// Email: Unicode NFC; ASCII letters of the local part in lower case (a server may tell `Ana@` from `ana@`, none that
/// serves people does; beyond ASCII there is no agreed folding, so such letters stay); the domain as A-labels in lower
/// case. A `+tag` stays: what a domain means by it is its own affair.
pub fn normal(kind: IdentityKind, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return None;
    }
    match kind {
        IdentityKind::Email => email(text),
        IdentityKind::Phone => phone(text),
        IdentityKind::Handle => Some(text.trim_start_matches('@').to_ascii_lowercase()).filter(|h| !h.is_empty()),
        IdentityKind::Account => Some(text.nfc().collect()),
    }
}

fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let local = unquoted(local)?.nfc().collect::<String>().to_ascii_lowercase();
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let domain = if domain.starts_with('[') && domain.ends_with(']') {
        domain.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL).ok().filter(|d| !d.is_empty())?.into_owned()
    };
    Some(format!("{local}@{domain}"))
}

/// The local part without quotes that it does not need; quotes that it needs stay.
fn unquoted(local: &str) -> Option<&str> {
    let plain = |l: &str| !l.is_empty() && !l.chars().any(|c| c.is_whitespace() || "\"(),:;<>@[\\]".contains(c));
    match local.strip_prefix('"').and_then(|l| l.strip_suffix('"')) {
        Some(inside) if plain(inside) => Some(inside),
        Some(_) => Some(local),
        None => Some(local).filter(|l| plain(l)),
    }
}

/// `+` and digits. Numbers without a country are kept apart from those with one.
fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let odd = text.chars().any(|c| !(c.is_ascii_digit() || c.is_whitespace() || "+-().".contains(c)));
    let plus = if text.starts_with('+') { "+" } else { "" };
    (!odd && (3..=15).contains(&digits.len())).then(|| format!("{plus}{digits}"))
}

/// The domain of an email address as the program compares it.
pub fn domain(address: &str) -> Option<String> {
    email(address.trim()).and_then(|normal| normal.rsplit_once('@').map(|(_, domain)| domain.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> Option<String> {
        normal(IdentityKind::Email, text)
    }

    #[test]
    fn two_spellings_of_one_mailbox_are_one_address() {
        assert_eq!(mail(" Ana.Lopez@Example.ORG. ").as_deref(), Some("ana.lopez@example.org"));
        assert_eq!(mail("\"ana\"@example.org"), mail("ANA@EXAMPLE.org"));
        assert_eq!(mail("jo\u{308}rg@müller.de"), mail("j\u{f6}rg@xn--mller-kva.de"));
    }

    #[test]
    fn different_mailboxes_stay_different() {
        assert_ne!(mail("ana+roads@example.org"), mail("ana@example.org"));
        assert_ne!(mail("\"a b\"@example.org"), mail("ab@example.org"));
    }

    #[test]
    fn what_names_nobody_is_no_address() {
        for text in ["", "ana", "@example.org", "ana@", "a b@example.org", "a@b\0.org", "a@ex ample.org"] {
            assert_eq!(mail(text), None, "{text:?}");
        }
        assert_eq!(mail(&format!("{}@example.org", "a".repeat(400))), None);
    }

    #[test]
    fn a_number_is_its_digits() {
        let phone = |text| normal(IdentityKind::Phone, text);
        assert_eq!(phone("+1 (555) 010-9999").as_deref(), Some("+15550109999"));
        assert_eq!(phone("5550109999").as_deref(), Some("5550109999"));
        assert_eq!(phone("call me"), None);
    }
}
