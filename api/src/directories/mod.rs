//! Where an agency's accounts are held: in our own tables, in LDAP, or behind a program of the agency's own.
//!
//! A [`Directory`] finds who has an address, checks passwords and sets them; what recovery and signing in do with that is
//! the same for all. It knows no rules and no people. `builtin` our own tables · `ldap` OpenLDAP, Active Directory and
//! their like · `signed` JSON over signed HTTP, for everything else (`README.md` says it for those who write one) ·
//! `settings` what an agency says · `kit` what every directory has to keep.

pub mod builtin;
#[cfg(test)]
mod kit;
pub mod ldap;
pub mod open;
pub mod settings;
pub mod setup;
pub mod signed;
#[cfg(test)]
mod signed_tests;

use async_trait::async_trait;
use civicdesk_contract::{IdentityKind, Secret};

use crate::people::addresses;

/// A subject that no directory has. Whoever checks a password of nobody asks for this one, so that it takes as long.
pub const NOBODY: &str = "nobody";

/// Where accounts are held.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The one account to which an address leads. None where there is none, or where there are several.
    async fn find(&self, kind: IdentityKind, address: &str) -> Result<Option<Entry>, Down>;

    /// Whether this is the password of an account that may be used. No for a subject that is not there.
    async fn check(&self, subject: &str, password: &Secret) -> Result<bool, Down>;

    /// Sets a password, whatever the old one was.
    async fn set(&self, subject: &str, password: &Secret) -> Result<(), SetFailed>;

    /// Says that it answers, and in a word who.
    async fn health(&self) -> Result<String, Down>;
}

/// An account as its directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The directory's own name of the account, which stays when the person's name or address changes.
    pub subject: String,
    /// The addresses that the directory vouches for.
    pub addresses: Vec<Address>,
    /// It may be used.
    pub active: bool,
}

/// An address as the directory keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub kind: IdentityKind,
    pub value: String,
}

impl Entry {
    /// The kept address that was meant by one in its normal form. What is sent goes there, never to what was typed.
    pub fn address(&self, kind: IdentityKind, normal: &str) -> Option<&Address> {
        self.addresses.iter().find(|a| a.kind == kind && addresses::normal(kind, &a.value).as_deref() == Some(normal))
    }
}

/// The directory does not answer, or not as it must. For staff: it names no citizen and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Down(pub String);

/// Why a password was not set, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetFailed {
    /// By the directory's own rules, in words for the citizen. The old password holds.
    #[error("refused: {0}")]
    Refused(String),
    /// It certainly was not set.
    #[error("down: {0}")]
    Down(#[from] Down),
    /// The directory was told, and did not say what became of it.
    #[error("unsure: {0}")]
    Unsure(String),
}

/// What a directory says of itself, cut to what a line holds and without what could be a secret.
fn told(text: &str, secret: &Secret) -> String {
    const LONGEST: usize = 200;
    if !secret.expose().is_empty() && text.contains(secret.expose()) {
        return "it gave no reason that can be shown".to_owned();
    }
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_in_every_spelling_and_a_look_alike_is_not() {
        let kept = Address { kind: IdentityKind::Email, value: "Maria@Example.org".to_owned() };
        let entry = Entry { subject: "1".to_owned(), addresses: vec![kept.clone()], active: true };
        assert_eq!(entry.address(IdentityKind::Email, "maria@example.org"), Some(&kept));
        assert_eq!(entry.address(IdentityKind::Email, "m\u{430}ria@example.org"), None);
        assert_eq!(entry.address(IdentityKind::Phone, "maria@example.org"), None);
    }

    #[test]
    fn a_directorys_words_never_repeat_the_password() {
        let password = Secret::new("nine herons stood in the rain");
        assert!(!told("bad: nine herons stood in the rain", &password).contains("herons"));
        assert_eq!(told("too\nshort", &password), "too short");
        assert_eq!(told(&"x".repeat(500), &password).len(), 200);
    }
}
