//! The blank for a new password, and what can be wrong with one.

use crate::{
    auth::passwords::Weak,
    pages::{blanks::Blank, reader::Reader, sent::Sent},
    recovery::policy::Policy,
};

/// The blank. What was typed into it never comes back.
pub fn blank(reader: &Reader, policy: &Policy) -> Blank {
    let blank = Blank::usual(reader, "code", "password", "line", &Sent::default());
    let hint = reader.word("code", "password_hint").replace("{least}", &policy.least(false).to_string());
    blank.hint(hint).typed("password", "new-password")
}

/// The word by which the pages find their sentence.
pub fn flaw(weak: Weak) -> &'static str {
    match weak {
        Weak::Length(_) => "password_length",
        Weak::Common => "password_common",
        Weak::Pattern => "password_pattern",
        Weak::Names => "password_names",
    }
}
