//! Phone numbers as somebody in a country dials them, brought to E.164: one number is one spelling.

use civicdesk_contract::{IdentityKind, Party};

use crate::store::tenant::Tenant;

/// How a country dials: its code, what stands before a number within the country, and before one abroad.
struct Plan(&'static str, &'static str, &'static str, &'static str);

const PLANS: [Plan; 40] = [
    Plan("AR", "54", "0", "00"),
    Plan("AT", "43", "0", "00"),
    Plan("AU", "61", "0", "0011"),
    Plan("BE", "32", "0", "00"),
    Plan("BG", "359", "0", "00"),
    Plan("BR", "55", "0", "00"),
    Plan("CA", "1", "1", "011"),
    Plan("CH", "41", "0", "00"),
    Plan("CL", "56", "", "00"),
    Plan("CO", "57", "", "00"),
    Plan("CY", "357", "", "00"),
    Plan("CZ", "420", "", "00"),
    Plan("DE", "49", "0", "00"),
    Plan("DK", "45", "", "00"),
    Plan("EE", "372", "", "00"),
    Plan("ES", "34", "", "00"),
    Plan("FI", "358", "0", "00"),
    Plan("FR", "33", "0", "00"),
    Plan("GB", "44", "0", "00"),
    Plan("GR", "30", "", "00"),
    Plan("HR", "385", "0", "00"),
    Plan("HU", "36", "06", "00"),
    Plan("IE", "353", "0", "00"),
    Plan("IL", "972", "0", "00"),
    Plan("IN", "91", "0", "00"),
    Plan("IT", "39", "", "00"),
    Plan("JP", "81", "0", "010"),
    Plan("LT", "370", "0", "00"),
    Plan("LV", "371", "", "00"),
    Plan("MX", "52", "", "00"),
    Plan("NL", "31", "0", "00"),
    Plan("NO", "47", "", "00"),
    Plan("NZ", "64", "0", "00"),
    Plan("PL", "48", "", "00"),
    Plan("PT", "351", "", "00"),
    Plan("RO", "40", "0", "00"),
    Plan("SE", "46", "0", "00"),
    Plan("UA", "380", "0", "00"),
    Plan("US", "1", "1", "011"),
    Plan("ZA", "27", "0", "00"),
];

/// Digits of a number with its country, at least and at most.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The number in E.164, as it is dialled in this country; none where it is no number that can be reached from abroad.
pub fn e164(text: &str, country: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().any(|c| !(c.is_ascii_digit() || c.is_whitespace() || "+-()./".contains(c))) {
        return None;
    }
    // `+44 (0)20 …`: the zero is for callers at home.
    let abroad = text.strip_prefix('+').map(|rest| digits(&rest.replace("(0)", "")));
    let whole = match (abroad, PLANS.iter().find(|plan| plan.0 == country)) {
        (Some(whole), _) => whole,
        (None, Some(Plan(_, code, trunk, away))) => {
            let dialled = digits(text);
            match dialled.strip_prefix(away) {
                Some(whole) => whole.to_owned(),
                None => format!("{code}{}", dialled.strip_prefix(trunk).unwrap_or(&dialled)),
            }
        }
        (None, None) => return None,
    };
    (DIGITS.contains(&whole.len()) && !whole.starts_with('0')).then(|| format!("+{whole}"))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The name of the agency's setting.
pub const SETTING: &str = "phone_country";

/// The countries (ISO 3166) of which it is known how they dial.
pub fn countries() -> Vec<&'static str> {
    PLANS.iter().map(|plan| plan.0).collect()
}

/// Whether it is known how this country (ISO 3166, in capital letters) dials.
pub fn is_known(country: &str) -> bool {
    PLANS.iter().any(|plan| plan.0 == country)
}

/// The country whose numbers are meant where none is named: the agency's setting, or else the region of its language.
pub fn country(tenant: &Tenant) -> String {
    let set = tenant.settings.0.get(SETTING).and_then(|country| country.as_str());
    let region = tenant.locale.split(['-', '_']).skip(1).find(|part| part.len() == 2);
    set.or(region).unwrap_or_default().to_ascii_uppercase()
}

/// An address with its number in E.164, where it is one and can be brought there.
pub fn fitted(party: Party, country: &str) -> Party {
    let number = (party.kind == IdentityKind::Phone).then(|| e164(&party.address, country)).flatten();
    Party { address: number.unwrap_or(party.address), ..party }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_one_spelling_however_it_is_dialled() {
        for text in ["(555) 010-9999", "1-555-010-9999", "+1 555 010 9999", "011 1 555 010 9999"] {
            assert_eq!(e164(text, "US").as_deref(), Some("+15550109999"), "{text}");
        }
        for text in ["020 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "+442079460018"] {
            assert_eq!(e164(text, "GB").as_deref(), Some("+442079460018"), "{text}");
        }
        assert_eq!(e164("612 345 678", "ES").as_deref(), Some("+34612345678"));
        assert_eq!(e164("06 1234 5678", "IT").as_deref(), Some("+390612345678"), "the zero is part of it there");
    }

    #[test]
    fn what_cannot_be_reached_from_abroad_is_no_number() {
        for text in ["", "112", "call me", "555 010 9999 ext. 7", "+0 123 456 789", "123456789012345678"] {
            assert_eq!(e164(text, "US"), None, "{text}");
        }
        assert_eq!(e164("020 7946 0018", "XX"), None, "nobody knows whose number it is");
    }
}
