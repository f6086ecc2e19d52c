//! What a tenant says about a mailbox, and whether it can be right.

use std::net::IpAddr;

use civicdesk_contract::{Error, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// One mailbox: where mail comes in, where it goes out, or both.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// The address citizens write to, such as `service@riverton.example`.
    pub address: String,
    /// The name shown beside the address.
    pub name: Option<String>,
    /// Where mail is fetched. Leave it out for a channel that only sends.
    pub imap: Option<ImapSettings>,
    /// The folders to fetch, in order. The server pushes news of the first one; the others are looked at every minute.
    #[serde(default = "inbox")]
    pub folders: Vec<String>,
    /// What happens to a mail on the server once it is safely stored here.
    #[serde(default)]
    pub after: After,
    /// Where mail is handed over for delivery. Leave it out for a channel that only receives.
    pub smtp: Option<SmtpSettings>,
    /// Sign-in with OAuth 2 instead of a password, for every server above that has no password.
    pub oauth: Option<OAuthSettings>,
    /// A PEM file with certificate authorities to trust beside those of the machine.
    pub ca_file: Option<String>,
}

/// The mailbox's IMAP server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImapSettings {
    pub host: String,
    /// Usually left out: 993 with `tls`, else 143.
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    /// Allows `security: none` to a server that is not on this machine. Passwords then travel readable.
    #[serde(default)]
    pub allow_unencrypted: bool,
    pub username: String,
    /// Leave it out to sign in with `oauth`.
    pub password: Option<Secret>,
}

/// The server that takes mail for delivery.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    pub host: String,
    /// Usually left out: 465 with `tls`, 587 with `starttls`, 25 with `none`.
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    /// Allows `security: none` to a server that is not on this machine.
    #[serde(default)]
    pub allow_unencrypted: bool,
    /// Leave it out where the server asks nobody to sign in.
    pub username: Option<String>,
    /// Leave it out to sign in with `oauth`.
    pub password: Option<Secret>,
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

/// What happens to a mail on the server once it is stored.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum After {
    /// Nothing.
    #[default]
    Leave,
    /// It is marked as read.
    Flag,
    /// It is moved to another folder.
    Move {
        /// The folder, which must exist and not be among those fetched.
        folder: String,
    },
}

/// An OAuth 2 client that was given a refresh token for the mailbox.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuthSettings {
    /// Where a refresh token buys an access token.
    pub token_url: String,
    pub client_id: String,
    /// Leave it out for a public client.
    pub client_secret: Option<Secret>,
    pub refresh_token: Secret,
    /// Only where the provider asks for it.
    pub scope: Option<String>,
}

fn inbox() -> Vec<String> {
    vec!["INBOX".to_owned()]
}

impl ImapSettings {
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 993,
            Security::StartTls | Security::None => 143,
        })
    }
}

impl SmtpSettings {
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        })
    }
}

impl EmailSettings {
    /// Everything that can be known to be wrong without asking a server.
    pub fn checked(self) -> Result<Self> {
        if self.imap.is_none() && self.smtp.is_none() {
            return Err(Error::settings("give `imap`, `smtp` or both"));
        }
        if let Some(imap) = &self.imap {
            server("imap", &imap.host, imap.security, imap.allow_unencrypted)?;
            line("imap.username", &imap.username)?;
            if imap.password.is_none() && self.oauth.is_none() {
                return Err(Error::settings("imap needs a `password`, or `oauth` beside it"));
            }
        }
        if let Some(smtp) = &self.smtp {
            server("smtp", &smtp.host, smtp.security, smtp.allow_unencrypted)?;
            smtp_sign_in(smtp, self.oauth.is_some())?;
        }
        if let Some(oauth) = &self.oauth {
            oauth_url(&oauth.token_url)?;
        }
        self.folders_checked()?;
        Ok(self)
    }

    fn folders_checked(&self) -> Result<()> {
        if self.imap.is_some() && self.folders.is_empty() {
            return Err(Error::settings("`folders` is empty; leave it out to fetch INBOX"));
        }
        for (i, folder) in self.folders.iter().enumerate() {
            line("folders", folder)?;
            if self.folders[..i].iter().any(|other| same_folder(other, folder)) {
                return Err(Error::settings(format!("`folders` names {folder} twice")));
            }
        }
        if let After::Move { folder } = &self.after {
            line("after.move.folder", folder)?;
            if self.folders.iter().any(|fetched| same_folder(fetched, folder)) {
                return Err(Error::settings(format!("mail cannot be moved to {folder}, which is fetched itself")));
            }
        }
        Ok(())
    }
}

/// Only INBOX is the same in any case.
fn same_folder(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

fn server(part: &str, host: &str, security: Security, allow_unencrypted: bool) -> Result<()> {
    line(part, host)?;
    if host.contains(|c: char| c.is_whitespace() || c == '/') {
        return Err(Error::settings(format!("{part}.host must be a host name alone, such as mail.riverton.example")));
    }
    if security == Security::None && !allow_unencrypted && !is_loopback(host) {
        return Err(Error::settings(format!(
            "{part}.security `none` would send the password readable to {host}; use `tls` or `starttls`"
        )));
    }
    Ok(())
}

fn smtp_sign_in(smtp: &SmtpSettings, oauth: bool) -> Result<()> {
    match (&smtp.username, &smtp.password) {
        (None, Some(_)) => Err(Error::settings("smtp has a `password` but no `username`")),
        (Some(_), None) if !oauth => Err(Error::settings("smtp has a `username` but neither `password` nor `oauth`")),
        (Some(name), _) => line("smtp.username", name),
        (None, None) => Ok(()),
    }
}

fn oauth_url(text: &str) -> Result<()> {
    let url = reqwest::Url::parse(text).map_err(|e| Error::settings(format!("oauth.token_url: {e}")))?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_loopback));
    if safe { Ok(()) } else { Err(Error::settings("oauth.token_url must begin with https://")) }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// One line of text that can stand in a command.
fn line(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::settings(format!("{field} is empty")));
    }
    if text.contains(char::is_control) {
        return Err(Error::settings(format!("{field} contains a control character")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{After, EmailSettings};
    use civicdesk_contract::{Kind, Settings};

    fn opened(change: impl FnOnce(&mut Value)) -> Result<EmailSettings, String> {
        let mut value = json!({
            "address": "service@riverton.example",
            "imap": {"host": "mail.riverton.example", "username": "service", "password": "secret"},
            "smtp": {"host": "mail.riverton.example", "username": "service", "password": "secret"},
        });
        change(&mut value);
        Settings(value).read::<EmailSettings>().and_then(EmailSettings::checked).map_err(|e| {
            assert_eq!(e.kind, Kind::Settings);
            e.detail
        })
    }

    #[test]
    fn the_least_settings_mean_inbox_over_tls_and_leave_the_mail_alone() {
        let settings = opened(|_| ()).unwrap();
        assert_eq!(settings.folders, ["INBOX"]);
        assert_eq!(settings.after, After::Leave);
        assert_eq!((settings.imap.unwrap().port(), settings.smtp.unwrap().port()), (993, 465));
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert!(opened(|s| s["imap"]["passwort"] = json!("x")).unwrap_err().contains("passwort"));
    }

    #[test]
    fn a_password_does_not_leave_this_machine_unencrypted_unless_allowed() {
        let plain = |host: &'static str, allow: bool| {
            opened(move |s| {
                s["imap"]["security"] = json!("none");
                s["imap"]["host"] = json!(host);
                s["imap"]["allow_unencrypted"] = json!(allow);
            })
        };
        assert!(plain("mail.riverton.example", false).unwrap_err().contains("tls"));
        assert!(plain("10.0.0.7", false).is_err());
        assert!(plain("127.0.0.1", false).is_ok());
        assert!(plain("localhost", false).is_ok());
        assert!(plain("mail.riverton.example", true).is_ok());
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_words() {
        let refused = |change: fn(&mut Value), word: &str| {
            let words = opened(change).unwrap_err();
            assert!(words.contains(word), "{words}");
        };
        refused(|s| s["imap"] = json!({"host": "h", "username": "u"}), "password");
        refused(|s| s["smtp"] = json!({"host": "h", "password": "p"}), "username");
        refused(|s| s["imap"]["username"] = json!("a\r\nb"), "control");
        refused(|s| s["folders"] = json!([]), "folders");
        refused(|s| s["folders"] = json!(["INBOX", "inbox"]), "twice");
        refused(|s| s["after"] = json!({"move": {"folder": "Inbox"}}), "fetched");
        refused(|s| s["imap"]["host"] = json!("https://mail"), "host");
        refused(
            |s| s["oauth"] = json!({"token_url": "http://a.example", "client_id": "c", "refresh_token": "r"}),
            "https",
        );
        refused(
            |s| {
                s.as_object_mut().unwrap().retain(|k, _| k == "address");
            },
            "imap",
        );
    }

    #[test]
    fn the_form_marks_every_secret_as_write_only() {
        let schema = serde_json::to_string(&schemars::schema_for!(EmailSettings)).unwrap();
        assert_eq!(schema.matches("writeOnly").count(), 4);
    }
}
