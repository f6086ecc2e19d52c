//! A connector's error answers three questions: what is wrong, may it be tried again, and may the message have gone out.

use std::{fmt, time::Duration};

pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in words that the person who can mend it understands. Never holds a secret or a citizen's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    pub kind: Kind,
    pub retry: Retry,
    /// The step that failed, such as `imap login`.
    pub operation: &'static str,
    pub detail: String,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The settings cannot be right.
    Settings,
    /// The network refused our password or token.
    Credentials,
    /// A provider's call whose signature does not hold.
    Forged,
    /// The channel does not declare this.
    Unsupported,
    /// The network refused this message for good.
    Refused,
    /// The person has told the network that they want nothing more from us there. The host writes it down as if they had
    /// told us.
    OptedOut,
    /// The network asks us to slow down.
    Limited,
    /// The network cannot be reached or broke off.
    Unreachable,
    /// What came in cannot be understood.
    Malformed,
}

/// May the same step be tried again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// Yes; the network named a time to wait.
    After(Duration),
    /// Yes, when the host thinks best.
    Later,
    /// The message may have gone out already: again only where sending is idempotent.
    Unsure,
}

impl Kind {
    /// The word used in the API, in logs and in a channel's health.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Credentials => "credentials",
            Self::Forged => "forged",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
            Self::OptedOut => "opted_out",
            Self::Limited => "limited",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
        }
    }
}

impl Error {
    pub fn new(kind: Kind, retry: Retry, operation: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, retry, operation, detail: detail.into() }
    }

    pub fn settings(detail: impl Into<String>) -> Self {
        Self::new(Kind::Settings, Retry::Never, "settings", detail)
    }

    pub fn unsupported(operation: &'static str) -> Self {
        Self::new(Kind::Unsupported, Retry::Never, operation, "this channel does not declare it")
    }

    pub fn unreachable(operation: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Unreachable, Retry::Later, operation, detail)
    }

    pub fn malformed(operation: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, Retry::Never, operation, detail)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.operation, self.detail, self.kind.as_str())
    }
}

impl std::error::Error for Error {}
