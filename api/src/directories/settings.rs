//! What an agency says about the directory that holds its citizens' accounts, and whether it can be right.

use std::{net::IpAddr, sync::Arc, time::Duration};

use civicdesk_contract::{Secret, Tools, webhooks};
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Directory, ldap::Ldap, signed::Signed};
use crate::{fail::Fail, ids::Ids};

/// The directory of one agency.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename_all = "snake_case", tag = "kind")]
pub enum DirectorySettings {
    /// OpenLDAP, 389 Directory Server, Active Directory and their like.
    Ldap(Box<LdapSettings>),
    /// A program of the agency's own that speaks signed HTTP.
    SignedHttp(SignedSettings),
}

/// A server that speaks LDAP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapSettings {
    pub host: String,
    /// Usually left out: 636 with `tls`, else 389.
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    /// Allows `security: none` to a server that is not on this machine. Passwords then travel readable.
    #[serde(default)]
    pub allow_unencrypted: bool,
    /// Certificate authorities to trust beside those of the machine, as PEM.
    pub ca: Option<String>,
    /// Whom we sign in as: an entry that may read people and set their passwords, and nothing else.
    pub bind_dn: String,
    pub bind_password: Secret,
    /// Below this entry lie the people.
    pub base_dn: String,
    /// Only entries that this filter of RFC 4515 fits are people, such as `(objectClass=inetOrgPerson)`.
    pub filter: Option<String>,
    /// The attributes whose addresses the agency vouches for.
    #[serde(default = "email_attributes")]
    pub email_attributes: Vec<String>,
    /// The same for telephones. Numbers are found by their E.164 form, such as `+15550109999`.
    #[serde(default = "phone_attributes")]
    pub phone_attributes: Vec<String>,
    /// How a password is set.
    #[serde(default)]
    pub password: PasswordBy,
    /// The attribute that names an entry for good. Usually left out: `entryUUID`, or `objectGUID` with `unicode_pwd`.
    pub id_attribute: Option<String>,
    /// What marks an account that may not be used, beside what servers mark it with by themselves.
    pub disabled: Option<Mark>,
    /// How long an answer may take.
    #[serde(default = "timeout")]
    pub timeout_seconds: u8,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Encrypted from the first byte.
    #[default]
    Tls,
    /// Encrypted by a command before anything else is said; refused where the server cannot.
    StartTls,
    /// Not encrypted: only to this very machine, unless allowed expressly.
    None,
}

/// How a directory is told a new password.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PasswordBy {
    /// The extended operation of RFC 3062: OpenLDAP, 389 Directory Server and most others.
    #[default]
    PasswordModify,
    /// Active Directory.
    UnicodePwd,
}

/// An attribute that marks an account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub attribute: String,
    /// Any value, where it is left out.
    pub value: Option<String>,
}

/// A program that answers signed HTTP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedSettings {
    /// Where it listens.
    pub url: String,
    /// The secret that both sides sign with: `whsec_` and 24 to 64 bytes in base64.
    pub secret: Secret,
    /// Allows plain HTTP to a program that is not on this machine. Passwords then travel readable.
    #[serde(default)]
    pub allow_unencrypted: bool,
    /// How long an answer may take.
    #[serde(default = "timeout")]
    pub timeout_seconds: u8,
}

fn email_attributes() -> Vec<String> {
    vec!["mail".to_owned()]
}

fn phone_attributes() -> Vec<String> {
    vec!["mobile".to_owned()]
}

fn timeout() -> u8 {
    10
}

impl LdapSettings {
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 636,
            Security::StartTls | Security::None => 389,
        })
    }

    pub fn id_attribute(&self) -> &str {
        self.id_attribute.as_deref().unwrap_or(match self.password {
            PasswordBy::PasswordModify => "entryUUID",
            PasswordBy::UnicodePwd => "objectGUID",
        })
    }

    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        let mut wrong = patience_wrong(self.timeout_seconds);
        let name = self.host.trim_matches(['[', ']']);
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || "/@?#%".contains(c)) {
            wrong.push(("/host", "must be a host's name or address alone"));
        }
        if self.security == Security::None && !self.allow_unencrypted && !is_here(&self.host) {
            wrong.push(("/security", "must be tls or starttls, or allow_unencrypted must say otherwise"));
        }
        if self.bind_dn.trim().is_empty() || self.bind_password.expose().is_empty() {
            wrong.push(("/bind_dn", "must be an entry with a password: an empty one signs nobody in"));
        }
        if self.base_dn.trim().is_empty() {
            wrong.push(("/base_dn", "must name the entry below which the people lie"));
        }
        if self.filter.as_deref().is_some_and(|filter| ldap3::parse_filter(filter).is_err()) {
            wrong.push(("/filter", "must be one filter of RFC 4515 in parentheses"));
        }
        let named = self.email_attributes.iter().chain(&self.phone_attributes).map(String::as_str);
        let named = named.chain([self.id_attribute()]).chain(self.disabled.iter().map(|mark| mark.attribute.as_str()));
        if !named.into_iter().all(is_attribute) {
            wrong.push(("/email_attributes", "attributes are letters, digits and hyphens"));
        }
        if self.email_attributes.is_empty() && self.phone_attributes.is_empty() {
            wrong.push(("/email_attributes", "must name an attribute, or nobody is found"));
        }
        wrong
    }
}

impl SignedSettings {
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        let mut wrong = patience_wrong(self.timeout_seconds);
        match Url::parse(&self.url) {
            Ok(url) if url.scheme() == "https" && url.has_host() => {}
            Ok(url) if url.scheme() == "http" && (self.allow_unencrypted || url.host_str().is_some_and(is_here)) => {}
            _ => wrong.push(("/url", "must be an https address, or allow_unencrypted must say otherwise")),
        }
        if webhooks::Key::read(&self.secret).is_none() {
            wrong.push(("/secret", "must be whsec_ with 24 to 64 bytes in base64"));
        }
        wrong
    }
}

fn patience_wrong(seconds: u8) -> Vec<(&'static str, &'static str)> {
    let right = (1..=30).contains(&seconds);
    if right { Vec::new() } else { vec![("/timeout_seconds", "must be 1 to 30")] }
}

/// Whether a host is this very machine.
fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_attribute(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Reads settings, and says of each field what cannot be right.
pub fn read(given: &Value) -> Result<DirectorySettings, Fail> {
    let mut own = given.clone();
    let kind = own.as_object_mut().and_then(|all| all.remove("kind"));
    let settings = match kind.as_ref().and_then(Value::as_str) {
        Some("ldap") => DirectorySettings::Ldap(Box::new(part(&own)?)),
        Some("signed_http") => DirectorySettings::SignedHttp(part(&own)?),
        _ => return Err(Fail::field("/kind", "must be ldap or signed_http")),
    };
    Fail::fields(match &settings {
        DirectorySettings::Ldap(ldap) => ldap.wrong(),
        DirectorySettings::SignedHttp(signed) => signed.wrong(),
    })?;
    Ok(settings)
}

fn part<'de, T: Deserialize<'de>>(given: &'de Value) -> Result<T, Fail> {
    serde_path_to_error::deserialize(given).map_err(|e| {
        let (path, why) = (e.path().to_string(), e.inner().to_string());
        let pointer = if path == "." { String::new() } else { format!("/{}", path.replace('.', "/")) };
        // Other words of serde's repeat the value, which may be a secret.
        let tells = ["missing field", "unknown field"].iter().any(|start| why.starts_with(start));
        Fail::field(pointer, if tells { why } else { "has not the form that it must have".to_owned() })
    })
}

/// Makes the directory that settings speak of. Nothing is asked of it yet.
pub fn open(settings: DirectorySettings, tools: &Tools, ids: &Ids) -> Result<Arc<dyn Directory>, Fail> {
    Ok(match settings {
        DirectorySettings::Ldap(settings) => Arc::new(Ldap::new(*settings, tools)?),
        DirectorySettings::SignedHttp(settings) => Arc::new(Signed::new(settings, tools, ids)?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(given: &Value) -> String {
        match read(given).unwrap_err() {
            Fail::Invalid(fields) => fields.into_iter().map(|f| f.pointer).collect::<Vec<_>>().join(" "),
            other => panic!("{other}"),
        }
    }

    fn ldap(more: &Value) -> Value {
        let mut all = json!({ "kind": "ldap", "host": "ldap.riverton.example", "bind_dn": "cn=service", "bind_password": "x",
            "base_dn": "dc=riverton" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    }

    #[test]
    fn a_password_travels_unencrypted_only_within_a_machine_or_where_somebody_says_so() {
        assert!(read(&ldap(&json!({}))).is_ok());
        assert_eq!(refused(&ldap(&json!({ "security": "none" }))), "/security");
        for more in [json!({ "host": "localhost" }), json!({ "host": "[::1]" }), json!({ "allow_unencrypted": true })] {
            let mut all = ldap(&json!({ "security": "none" }));
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert!(read(&all).is_ok(), "{more}");
        }
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let http = |url: &str| json!({ "kind": "signed_http", "url": url, "secret": secret });
        assert!(read(&http("https://accounts.riverton.example/")).is_ok());
        assert!(read(&http("http://127.0.0.1:80/")).is_ok());
        assert_eq!(refused(&http("http://accounts.riverton.example/")), "/url");
    }

    #[test]
    fn what_cannot_be_right_is_named_and_no_secret_is_repeated() {
        assert_eq!(refused(&ldap(&json!({ "bind_password": "" }))), "/bind_dn");
        assert_eq!(refused(&ldap(&json!({ "filter": "(a=b" }))), "/filter");
        assert_eq!(
            refused(&ldap(&json!({ "email_attributes": ["mail)(x"], "timeout_seconds": 0 }))),
            "/timeout_seconds /email_attributes"
        );
        assert_eq!(refused(&ldap(&json!({ "host": "ldap.example/x" }))), "/host");
        let wrong = read(&ldap(&json!({ "bind_password": ["hunter2"] }))).unwrap_err();
        assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
        assert_eq!(
            refused(&json!({ "kind": "signed_http", "url": "https://x.example", "secret": "hunter2" })),
            "/secret"
        );
        assert!(read(&json!({ "kind": "paper" })).is_err());
    }

    #[test]
    fn active_directory_names_its_entries_otherwise() {
        let DirectorySettings::Ldap(plain) = read(&ldap(&json!({}))).unwrap() else { panic!("ldap") };
        assert_eq!((plain.id_attribute(), plain.port()), ("entryUUID", 636));
        let DirectorySettings::Ldap(ad) =
            read(&ldap(&json!({ "password": "unicode_pwd", "security": "starttls" }))).unwrap()
        else {
            panic!("ldap")
        };
        assert_eq!((ad.id_attribute(), ad.port()), ("objectGUID", 389));
    }
}
