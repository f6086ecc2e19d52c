//! How people are found in a directory, and what an entry says of them.

use civicdesk_contract::IdentityKind;
use ldap3::SearchEntry;

use crate::{
    directories::{
        Address, Entry,
        settings::{LdapSettings, PasswordBy},
    },
    people::addresses,
};

/// An account, and where in the directory it lies at the moment.
#[derive(Clone, Debug)]
pub struct Person {
    pub dn: String,
    pub entry: Entry,
}

/// A permanent lock by the password policy of OpenLDAP and others; every other time ends by itself, or with a new password.
const LOCKED_FOR_GOOD: &str = "000001010000Z";
/// ACCOUNTDISABLE among the bits of Active Directory's `userAccountControl`.
const ACCOUNT_DISABLE: i64 = 2;

/// The filter that finds an address. Spellings that a server does not know for one are looked for side by side.
pub fn by_address(settings: &LdapSettings, kind: IdentityKind, address: &str) -> Option<String> {
    let normal = addresses::normal(kind, address)?;
    let attributes = match kind {
        IdentityKind::Email => &settings.email_attributes,
        IdentityKind::Phone => &settings.phone_attributes,
        IdentityKind::Handle | IdentityKind::Account => return None,
    };
    let mut spellings = vec![normal];
    if spellings[0] != address.trim() {
        spellings.push(address.trim().to_owned());
    }
    let pairs = attributes.iter().flat_map(|name| spellings.iter().map(move |text| equals(name, text.as_bytes())));
    let pairs: String = pairs.collect();
    (!pairs.is_empty()).then(|| people(settings, &format!("(|{pairs})")))
}

/// The filter that finds a subject; none where it cannot be one of this directory.
pub fn by_subject(settings: &LdapSettings, subject: &str) -> Option<String> {
    let name = settings.id_attribute();
    let bytes = match settings.password {
        PasswordBy::UnicodePwd if is_binary(name) => from_hex(subject)?,
        _ => subject.as_bytes().to_vec(),
    };
    (!bytes.is_empty()).then(|| people(settings, &equals(name, &bytes)))
}

fn people(settings: &LdapSettings, which: &str) -> String {
    settings.filter.as_ref().map_or_else(|| which.to_owned(), |filter| format!("(&{filter}{which})"))
}

/// One comparison. Whatever is no letter and no digit is written as RFC 4515 writes bytes, so that nothing acts as a sign.
fn equals(attribute: &str, value: &[u8]) -> String {
    let mut text = format!("({attribute}=");
    for byte in value {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\{other:02x}")),
        }
    }
    text.push(')');
    text
}

/// What is read of an entry.
pub fn attributes(settings: &LdapSettings) -> Vec<String> {
    let marks = ["userAccountControl", "pwdAccountLockedTime", "nsAccountLock"].map(str::to_owned);
    let own = settings.disabled.iter().map(|mark| mark.attribute.clone());
    let names = settings.email_attributes.iter().chain(&settings.phone_attributes).cloned();
    names.chain([settings.id_attribute().to_owned()]).chain(marks).chain(own).collect()
}

/// What an entry says; nothing where it has no name that stays.
pub fn read(settings: &LdapSettings, found: SearchEntry) -> Option<Person> {
    let own = bytes(&found, settings.id_attribute()).into_iter().next()?;
    let subject = match is_binary(settings.id_attribute()) {
        true => own.iter().map(|byte| format!("{byte:02x}")).collect(),
        false => String::from_utf8(own).ok()?,
    };
    let all = |names: &[String], kind: IdentityKind| -> Vec<Address> {
        let values = names.iter().flat_map(|name| texts(&found, name));
        values.map(|value| Address { kind, value }).collect()
    };
    let mut addresses = all(&settings.email_attributes, IdentityKind::Email);
    addresses.extend(all(&settings.phone_attributes, IdentityKind::Phone));
    let active = !is_disabled(settings, &found);
    Some(Person { dn: found.dn, entry: Entry { subject, addresses, active } })
}

fn is_disabled(settings: &LdapSettings, found: &SearchEntry) -> bool {
    let has = |name: &str, is: &dyn Fn(&str) -> bool| texts(found, name).iter().any(|value| is(value));
    has("userAccountControl", &|bits| bits.parse::<i64>().is_ok_and(|bits| bits & ACCOUNT_DISABLE != 0))
        || has("pwdAccountLockedTime", &|since| since == LOCKED_FOR_GOOD)
        || has("nsAccountLock", &|locked| locked.eq_ignore_ascii_case("true"))
        || settings.disabled.as_ref().is_some_and(|mark| {
            has(&mark.attribute, &|value| mark.value.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(value)))
        })
}

/// Those among the entries whom the address means. A server may think two addresses one that we do not.
pub fn meant(found: Vec<Person>, kind: IdentityKind, address: &str) -> Vec<Person> {
    let Some(normal) = addresses::normal(kind, address) else { return Vec::new() };
    found.into_iter().filter(|person| person.entry.address(kind, &normal).is_some()).collect()
}

/// The one that was found. Of several none is the one.
pub fn only(mut found: Vec<Person>) -> Option<Person> {
    let first = found.pop()?;
    found.is_empty().then_some(first)
}

/// The values of an attribute, whose name servers may write in another case.
fn bytes(found: &SearchEntry, name: &str) -> Vec<Vec<u8>> {
    let text = found.attrs.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let binary = found.bin_attrs.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let text = text.flat_map(|(_, values)| values.iter().map(|value| value.clone().into_bytes()));
    text.chain(binary.flat_map(|(_, values)| values.iter().cloned())).collect()
}

fn texts(found: &SearchEntry, name: &str) -> Vec<String> {
    bytes(found, name).into_iter().filter_map(|value| String::from_utf8(value).ok()).collect()
}

/// Active Directory's name of an entry is 16 bytes, which are no text.
fn is_binary(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case("objectGUID")
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if digits.len().is_multiple_of(2) { pairs.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;
    use crate::directories::settings::{DirectorySettings, read as settings_of};

    fn settings(more: &serde_json::Value) -> LdapSettings {
        let mut all =
            json!({ "kind": "ldap", "host": "x.example", "bind_dn": "cn=s", "bind_password": "x", "base_dn": "dc=r" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let DirectorySettings::Ldap(settings) = settings_of(&all).unwrap() else { panic!("ldap") };
        *settings
    }

    fn entry(attributes: &[(&str, &str)]) -> SearchEntry {
        let attrs = attributes.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        SearchEntry { dn: "uid=m".to_owned(), attrs, bin_attrs: HashMap::new() }
    }

    #[test]
    fn no_sign_in_an_address_acts_in_a_filter() {
        let plain = settings(&json!({ "filter": "(objectClass=person)" }));
        assert_eq!(by_address(&plain, IdentityKind::Email, "*)(uid=*@x.example"), None, "it is no address");
        let filter = by_address(&plain, IdentityKind::Email, "\"*)(uid=*\"@x.example").unwrap();
        assert_eq!(filter, "(&(objectClass=person)(|(mail=\\22\\2a\\29\\28uid\\3d\\2a\\22\\40x\\2eexample)))");
        assert!(ldap3::parse_filter(&filter).is_ok());
        let subject = by_subject(&plain, "*)(uid=*\0").unwrap();
        assert_eq!(subject, "(&(objectClass=person)(entryUUID=\\2a\\29\\28uid\\3d\\2a\\00))");
        assert_eq!(by_subject(&plain, ""), None);
    }

    #[test]
    fn two_spellings_are_looked_for_side_by_side() {
        let filter = by_address(&settings(&json!({})), IdentityKind::Phone, "+1 555").unwrap();
        assert_eq!(filter, "(|(mobile=\\2b1555)(mobile=\\2b1\\20555))");
    }

    #[test]
    fn an_account_that_a_server_has_closed_is_not_active() {
        let own = settings(&json!({ "disabled": { "attribute": "employeeType", "value": "left" } }));
        let active = |more: (&str, &str)| read(&own, entry(&[("entryuuid", "1"), more])).unwrap().entry.active;
        for (name, value) in [
            ("userAccountControl", "514"),
            ("pwdAccountLockedTime", "000001010000Z"),
            ("nsAccountLock", "TRUE"),
            ("employeetype", "Left"),
        ] {
            assert!(!active((name, value)), "{name}");
        }
        for (name, value) in [
            ("userAccountControl", "512"),
            // Wrong guesses lock it for a while: a stranger could, and a new password is the way out.
            ("pwdAccountLockedTime", "20261122090000Z"),
            ("nsAccountLock", "FALSE"),
            ("employeeType", "clerk"),
        ] {
            assert!(active((name, value)), "{name}");
        }
        assert!(read(&own, entry(&[("mail", "a@x.example")])).is_none(), "without a name that stays it is nobody");
    }

    #[test]
    fn active_directorys_names_are_bytes() {
        let ad = settings(&json!({ "password": "unicode_pwd" }));
        let mut found = entry(&[("mail", "a@x.example")]);
        found.bin_attrs.insert("objectGUID".to_owned(), vec![vec![0, 255, 42]]);
        let subject = read(&ad, found).unwrap().entry.subject;
        assert_eq!(subject, "00ff2a");
        assert_eq!(by_subject(&ad, &subject).unwrap(), "(objectGUID=\\00\\ff\\2a)");
        for none in ["nobody", "0", "zz"] {
            assert_eq!(by_subject(&ad, none), None);
        }
    }
}
