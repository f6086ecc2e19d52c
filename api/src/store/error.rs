//! What can go wrong in the store, sorted by who can mend it.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

pub type Result<T> = std::result::Result<T, Error>;

/// A failed read or write.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not this tenant's.
    #[error("not found")]
    NotFound,
    /// A unique rule refused the row; the name is the constraint's or the columns', for the log only.
    #[error("already there: {0}")]
    Taken(String),
    /// A foreign key or check refused the row.
    #[error("refused by a rule of the database: {0}")]
    Constraint(String),
    /// The caller's own refusal: rolls back this change only. The text is a word that the caller knows.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// The row changed since it was read.
    #[error("changed meanwhile")]
    Stale,
    /// Too many writes are waiting for this tenant.
    #[error("too busy")]
    Busy,
    /// The database, its disk or its settings.
    #[error("{0}")]
    Unavailable(String),
}

impl Error {
    /// Only these undo one savepoint; anything else ends the whole transaction (a full disk does so on SQLite).
    pub fn is_own(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::Busy)
    }
}

/// The error of a caller's closure: its own words, with the store's errors inside.
pub trait Failure: From<Error> + Send + 'static {
    /// The store's own error where it is one, so that the queue can tell a refusal from a broken transaction.
    fn into_store(self) -> std::result::Result<Error, Self>;
}

impl Failure for Error {
    fn into_store(self) -> std::result::Result<Error, Self> {
        Ok(self)
    }
}

impl From<Diesel> for Error {
    fn from(e: Diesel) -> Self {
        match e {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, i) => {
                Self::Taken(i.constraint_name().unwrap_or(i.message()).to_owned())
            }
            Diesel::DatabaseError(
                DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::NotNullViolation,
                i,
            ) => Self::Constraint(i.constraint_name().unwrap_or(i.message()).to_owned()),
            e => Self::Unavailable(e.to_string()),
        }
    }
}
