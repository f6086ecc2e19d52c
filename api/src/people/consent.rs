//! The words by which a person ends, resumes or questions what we send: STOP, START and HELP, in English and Spanish.
//!
//! A carrier's rule, so it is kept to the letter: the whole message is the word. "Stop sign at Mill Lane is down" is a
//! report, and its writer goes on getting answers.

use civicdesk_contract::Keyword;

use super::names;

/// What is left of each word without case, accents and signs.
const STOP: [&str; 24] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "please stop",
    "stop please",
    "alto",
    "parar",
    "pare",
    "detener",
    "cancelar",
    "baja",
    "darse de baja",
    "salir",
    "terminar",
    "fin",
    "no mas",
    "no mas mensajes",
];
/// `YES` and `SI` resume for whoever had stopped; from anybody else they answer a question, and change nothing.
const START: [&str; 9] = ["start", "yes", "unstop", "empezar", "comenzar", "iniciar", "reanudar", "alta", "si"];
const HELP: [&str; 4] = ["help", "info", "ayuda", "informacion"];

/// No such word is longer, so nothing longer is looked at.
const LONGEST: usize = 64;

/// What a text means to the service itself, if it is nothing else.
///
/// `Stop` is always obeyed, and nothing but one confirmation goes out. `Start` counts for whoever has stopped; for others
/// the message is filed as any other. `Help` is answered with who we are and how to stop.
pub fn keyword(text: &str) -> Option<Keyword> {
    if text.len() > LONGEST {
        return None;
    }
    // Phones write `Stop.` and `«ALTO»`.
    let plain = names::plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let among = |words: &[&str]| words.contains(&plain.as_str());
    match () {
        () if among(&STOP) => Some(Keyword::Stop),
        () if among(&START) => Some(Keyword::Start),
        () if among(&HELP) => Some(Keyword::Help),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_carriers_are_understood_however_a_phone_writes_them() {
        for word in ["STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "CANCEL", "End", "QUIT!", "REVOKE", "OPTOUT"]
        {
            assert_eq!(keyword(word), Some(Keyword::Stop), "{word}");
        }
        for word in ["START", "yes", "Unstop", "“Yes”"] {
            assert_eq!(keyword(word), Some(Keyword::Start), "{word}");
        }
        for word in ["HELP", "info", "Help?"] {
            assert_eq!(keyword(word), Some(Keyword::Help), "{word}");
        }
    }

    #[test]
    fn the_same_words_are_understood_in_spanish_with_and_without_accents() {
        for word in ["ALTO", "Parar", "Cancelar", "BAJA", "no más", "No mas mensajes.", "¡Alto!"] {
            assert_eq!(keyword(word), Some(Keyword::Stop), "{word}");
        }
        for word in ["Sí", "si", "Empezar", "REANUDAR"] {
            assert_eq!(keyword(word), Some(Keyword::Start), "{word}");
        }
        for word in ["Ayuda", "INFORMACIÓN", "informacio\u{301}n", "¿Ayuda?"] {
            assert_eq!(keyword(word), Some(Keyword::Help), "{word}");
        }
    }

    #[test]
    fn a_report_that_begins_with_such_a_word_is_a_report() {
        for text in [
            "Stop sign at Mill Lane is down",
            "End of Mill Lane is flooded",
            "Yes, the lamp is still out",
            "Help me find the form",
            "stopped",
            "The bus does not stop",
            "Fin de la calle",
            "",
            "…",
        ] {
            assert_eq!(keyword(text), None, "{text}");
        }
        assert_eq!(keyword(&"stop ".repeat(1000)), None);
    }
}
