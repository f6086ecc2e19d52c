//! `RESET` by text: whoever forgot the password of an account gets a code texted to the number that asks. What answers the
//! word is the same whether or not there is an account.

use civicdesk_contract::Party;

use super::filing::Desk;
use crate::{
    acting::Acting,
    fail::Fail,
    people::names,
    recovery::{
        asking::{self, Asked, By, RECOVER},
        policy::Policy,
    },
    store::{Tx, jobs::Job},
};

/// The words that ask for it, without case, accents and signs. The whole message is the word.
const WORDS: [&str; 7] =
    ["reset", "reset password", "new password", "clave", "restablecer", "restablecer clave", "nueva clave"];
/// Bytes of such a text at most.
const LONGEST: usize = 64;

/// Whether somebody asks for it. "Reset the traffic light at Mill Lane" is a report.
pub fn asked(text: &str) -> bool {
    text.len() <= LONGEST
        && WORDS.contains(&names::plain(text).split_whitespace().collect::<Vec<_>>().join(" ").as_str())
}

/// The letter that answers it: whether the agency texts codes at all.
pub fn letter(desk: &Desk) -> &'static str {
    if Policy::of(&desk.tenant).sms_code { "reset" } else { "no_reset" }
}

/// The work that looks who it was; none where the agency texts no codes.
pub fn job(tx: &Tx, act: &Acting, desk: &Desk, from: &Party) -> Result<Option<Job>, Fail> {
    if !Policy::of(&desk.tenant).sms_code {
        return Ok(None);
    }
    let identifier = from.address.clone();
    let asked = Asked { recovery: act.id().0, purpose: RECOVER.to_owned(), identifier, by: By::Text };
    asking::job(act, &desk.seal, tx.tenant().0, &asked).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_alone_asks_for_a_code_and_a_report_is_a_report() {
        for text in ["RESET", " reset. ", "Reset password", "CLAVE", "Restablecer", "¡Clave!", "nueva clave"] {
            assert!(asked(text), "{text}");
        }
        for text in
            ["Reset the traffic light at Mill Lane", "What is the clave", "preset", "", "…", &"reset ".repeat(50)]
        {
            assert!(!asked(text), "{text}");
        }
    }
}
