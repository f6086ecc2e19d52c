//! What a call wants to know of the host before it can be answered, and what it is told.

use serde::{Deserialize, Serialize};

use crate::Party;

/// Who asks, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Who calls; nobody where the number is withheld.
    pub who: Option<Party>,
    /// The network vouches for it that the call comes from there. A number that is only shown can be forged.
    pub attested: bool,
    /// The language of the talk, where it is chosen.
    pub language: Option<String>,
    /// The case that they ask about: its reference as it was said or keyed.
    pub reference: Option<String>,
    /// They forgot the password of their account, and want a code to set a new one.
    #[serde(default)]
    pub wants_code: bool,
}

/// What the host tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The agency's name.
    pub agency: String,
    /// The language in which the agency writes to this person, where that is known.
    pub language: Option<String>,
    /// How the case stands, where one was asked about.
    pub standing: Option<Standing>,
    /// It was heard that they want a code. That says nothing of whether they have an account: a code is texted to the number
    /// of those who have.
    #[serde(default)]
    pub code_heard: bool,
}

/// How a case stands, as far as whoever asks may hear it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may be told here. The reference is the whole one.
    Said { reference: String, words: String },
    /// Nothing proves who asks: it went to the address that the case knows, if there is one. Say it so that whoever asks
    /// does not learn which.
    Texted,
    /// No case of this person has this reference.
    Unknown,
}
