//! How a rule says no, in words that a caller can act on; `http` turns each into one problem type.

use serde::Serialize;

use crate::store;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Fail {
    /// No valid credential came with the request; the text says what to do.
    #[error("unauthenticated: {0}")]
    Unauthenticated(&'static str),
    /// The password was right, and the account asks for more; the text says what to do.
    #[error("second factor: {0}")]
    SecondFactor(&'static str),
    /// The operator has suspended the agency.
    #[error("suspended")]
    Suspended,
    /// Not there, not this tenant's, or not for this caller to know of.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// The caller may know of it but may not do this; the text says which right is missing.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// The request's form or content: every field at once.
    #[error("invalid: {0:?}")]
    Invalid(Vec<Field>),
    /// The state of things forbids it; the code is stable, the text says what to do.
    #[error("conflict: {code}: {detail}")]
    Conflict { code: &'static str, detail: String },
    /// `If-Match` named another version.
    #[error("changed meanwhile")]
    Stale,
    /// The tenant demands `If-Match`.
    #[error("a precondition is required")]
    PreconditionRequired,
    /// An idempotency key came back with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A scanner found this in a file.
    #[error("infected: {0}")]
    Infected(String),
    /// A file is not scanned yet: try again after this many seconds.
    #[error("not scanned yet")]
    NotScanned(u32),
    /// A file could not be scanned, and why.
    #[error("not scanned: {0}")]
    Unscannable(String),
    /// This caller asks too often: try again after this many seconds.
    #[error("too many")]
    TooMany(u32),
    /// The directory that holds the agency's accounts does not answer: try again after this many seconds.
    #[error("the directory is down")]
    DirectoryDown(u32),
    /// Too much at once: try again after this many seconds.
    #[error("too busy")]
    Busy(u32),
    /// Something of ours is broken; the text is for the log.
    #[error("broken: {0}")]
    Broken(String),
    #[error(transparent)]
    Store(store::Error),
}

/// One field that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Field {
    /// Where in the request, as a JSON Pointer (RFC 6901) such as `/contact/email`, or a parameter's name.
    #[schema(example = "/subject")]
    pub pointer: String,
    /// What is wrong and what would be right.
    #[schema(example = "must not be empty")]
    pub detail: String,
}

impl Fail {
    /// One field only.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Field { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Every wrong field at once; nothing where none is wrong.
    pub fn fields<P: Into<String>, D: Into<String>>(wrong: Vec<(P, D)>) -> Result<(), Self> {
        let field = |(pointer, detail): (P, D)| Field { pointer: pointer.into(), detail: detail.into() };
        if wrong.is_empty() { Ok(()) } else { Err(Self::Invalid(wrong.into_iter().map(field).collect())) }
    }

    /// The same, for a part of the request that lies under this pointer.
    pub fn under(self, pointer: &str) -> Self {
        match self {
            Self::Invalid(fields) => {
                let under = |f: Field| Field { pointer: format!("{pointer}{}", f.pointer), ..f };
                Self::Invalid(fields.into_iter().map(under).collect())
            }
            other => other,
        }
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }
}

impl From<store::Error> for Fail {
    fn from(e: store::Error) -> Self {
        match e {
            store::Error::NotFound => Self::NotFound("it"),
            store::Error::Stale => Self::Stale,
            store::Error::Busy => Self::Busy(1),
            e => Self::Store(e),
        }
    }
}

impl store::Failure for Fail {
    fn into_store(self) -> Result<store::Error, Self> {
        match self {
            Self::Store(e) => Ok(e),
            own => Err(own),
        }
    }
}
