//! Addresses of people as they stand in headers and commands: ASCII only, and nothing that could be more than an address.

use civicdesk_contract::{Error, IdentityKind, Kind, Party, Result, Retry};
use lettre::{Address, message::Mailbox};

use crate::text::plain_line;

/// Longest name shown beside an address, in characters.
const LONGEST_NAME: usize = 120;

/// Reads an address. A domain in any script becomes its ASCII form; the part before it must be ASCII already.
pub fn address(text: &str) -> Result<Address> {
    let text = text.trim();
    let no = |why: &str| {
        let shown = plain_line(text, 254);
        Err(Error::new(Kind::Refused, Retry::Never, "compose", format!("`{shown}` {why}")))
    };
    let Some((local, domain)) = text.rsplit_once('@') else { return no("is not an email address") };
    if !local.is_ascii() {
        return no("cannot be written to: letters outside ASCII before the @ are not supported by our mail server");
    }
    if !local.chars().chain(domain.chars()).all(|c| !c.is_control()) {
        return no("is not an email address");
    }
    let Ok(domain) = idna::domain_to_ascii(domain) else { return no("has no valid domain") };
    match Address::new(local, &domain) {
        Ok(address) if AsRef::<str>::as_ref(&address).len() <= 254 => Ok(address),
        _ => no("is not an email address"),
    }
}

/// A person with name and address.
pub fn mailbox(name: Option<&str>, text: &str) -> Result<Mailbox> {
    let name = name.map(|name| plain_line(name, LONGEST_NAME)).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address(text)?))
}

pub fn mailboxes(parties: &[Party]) -> Result<Vec<Mailbox>> {
    parties
        .iter()
        .map(|party| match party.kind {
            IdentityKind::Email => mailbox(party.name.as_deref(), &party.address),
            other => Err(Error::new(
                Kind::Refused,
                Retry::Never,
                "compose",
                format!("mail cannot go to a {}", other.as_str()),
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_domain_in_any_script_becomes_ascii() {
        assert_eq!(address("Info@Bürger.Example").unwrap().to_string(), "Info@xn--brger-kva.example");
        assert_eq!(address("  o'brien+tag@a-b.example ").unwrap().to_string(), "o'brien+tag@a-b.example");
    }

    #[test]
    fn letters_outside_ascii_before_the_at_are_refused_with_words() {
        assert!(address("bürger@a.example").unwrap_err().detail.contains("ASCII"));
    }

    #[test]
    fn what_is_more_than_an_address_is_none() {
        for bad in [
            "a@b.example\r\nBcc: c@d.example",
            "\"a\r\n\"@b.example",
            "a@b.example>,<c@d.example",
            "a b@c.example",
            "a@b.example, c@d.example",
            "@b.example",
            "a@",
            "a",
            "a@b\0.example",
            "a@b\u{2028}c.example",
        ] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }
}
