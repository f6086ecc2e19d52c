//! What can be wrong with something that a stranger fills in: one list, told to programs in English and on pages in the
//! reader's language.

use crate::{
    fail::{Fail, Field},
    store,
};

/// Why a field cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    Missing,
    TooLong(usize),
    Nul,
    NotText,
    NotNumber,
    NotDate,
    NotChoice,
    NotYesNo,
    NotEmail,
    NotPhone,
    NoField,
    NoTopic,
    NoUpload,
    TooManyFiles(usize),
}

impl Flaw {
    /// The word by which pages find their own sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong(_) => "too_long",
            Self::Nul | Self::NotText => "not_text",
            Self::NotNumber => "not_number",
            Self::NotDate => "not_date",
            Self::NotChoice => "not_choice",
            Self::NotYesNo => "not_yes_no",
            Self::NotEmail => "not_email",
            Self::NotPhone => "not_phone",
            Self::NoField | Self::NoTopic => "no_topic",
            Self::NoUpload => "no_upload",
            Self::TooManyFiles(_) => "too_many_files",
        }
    }

    /// The figure in the sentence, where there is one.
    pub fn most(self) -> Option<usize> {
        match self {
            Self::TooLong(most) | Self::TooManyFiles(most) => Some(most),
            _ => None,
        }
    }

    /// What is wrong and what would be right, for programs.
    pub fn detail(self) -> String {
        match self {
            Self::Missing => "must not be empty".to_owned(),
            Self::TooLong(most) => format!("must have at most {most} characters"),
            Self::Nul => "must not contain U+0000".to_owned(),
            Self::NotText => "must be a text".to_owned(),
            Self::NotNumber => "must be a number such as 12 or 3.5".to_owned(),
            Self::NotDate => "must be a date such as 2026-11-22".to_owned(),
            Self::NotChoice => "must be the key of one of the field's choices".to_owned(),
            Self::NotYesNo => "must be true or false".to_owned(),
            Self::NotEmail => "is no email address".to_owned(),
            Self::NotPhone => "is no phone number".to_owned(),
            Self::NoField => "the topic has no such field".to_owned(),
            Self::NoTopic => "there is no such topic".to_owned(),
            Self::NoUpload => "must be an upload that no message uses yet, each once".to_owned(),
            Self::TooManyFiles(most) => format!("must be at most {most} files"),
        }
    }
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where, as a JSON Pointer.
    pub pointer: String,
    pub flaw: Flaw,
}

/// Why something that was filled in is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// Every wrong field at once.
    Wrong(Vec<Wrong>),
    Fail(Fail),
}

impl From<Fail> for Refusal {
    fn from(fail: Fail) -> Self {
        Self::Fail(fail)
    }
}

impl From<store::Error> for Refusal {
    fn from(e: store::Error) -> Self {
        Self::Fail(e.into())
    }
}

impl store::Failure for Refusal {
    fn into_store(self) -> Result<store::Error, Self> {
        match self {
            Self::Fail(fail) => fail.into_store().map_err(Self::Fail),
            own => Err(own),
        }
    }
}

impl From<Refusal> for Fail {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong(all) => {
                Self::Invalid(all.into_iter().map(|w| Field { pointer: w.pointer, detail: w.flaw.detail() }).collect())
            }
            Refusal::Fail(fail) => fail,
        }
    }
}
