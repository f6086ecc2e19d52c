//! Where a call is: read from the address that Twilio calls, and written into the address of the next turn.

use civicdesk_contract::form::Form;
use reqwest::Url;

use crate::words::Language;

/// What a caller has just done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// Called.
    #[default]
    Begin,
    /// Chosen a language.
    Language,
    /// Chosen from the menu.
    Menu,
    /// Keyed a reference.
    Reference,
    /// Left a message.
    Message,
    /// Nothing: Twilio says that a recording lies ready, whether or not the caller still is there.
    Recorded,
    /// Spoken with the desk, or tried to.
    Desk,
    /// Asked for a code to set a new password.
    Code,
}

const STEPS: [(Step, &str); 8] = [
    (Step::Begin, "begin"),
    (Step::Language, "language"),
    (Step::Menu, "menu"),
    (Step::Reference, "reference"),
    (Step::Message, "message"),
    (Step::Recorded, "recorded"),
    (Step::Desk, "desk"),
    (Step::Code, "code"),
];

/// One turn of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    pub step: Step,
    pub language: Option<Language>,
    /// How often nothing or something wrong was keyed.
    pub tries: u8,
    /// The network vouched for the caller's number when the call came in.
    pub attested: bool,
    /// The case that the caller may hear about, and did.
    pub about: Option<String>,
    /// The caller's number, where Twilio does not repeat it.
    pub from: Option<String>,
}

impl Turn {
    /// Anything else than an address of ours is the beginning of a call.
    pub fn read(query: &str) -> Self {
        let Some(form) = Form::read(query.as_bytes()) else { return Self::default() };
        let step = form.get("step").and_then(|word| STEPS.iter().find(|(_, name)| *name == word));
        let text = |name: &str| form.get(name).map(str::to_owned);
        Self {
            step: step.map(|(step, _)| *step).unwrap_or_default(),
            language: form.get("language").and_then(Language::of),
            tries: form.get("tries").and_then(|tries| tries.parse().ok()).unwrap_or_default(),
            attested: form.get("attested") == Some("yes"),
            about: text("about"),
            from: text("from"),
        }
    }

    /// The address that Twilio calls when the caller has done it.
    pub fn address(&self, hook: &str) -> String {
        let Ok(mut url) = Url::parse(hook) else { return hook.to_owned() };
        let name = STEPS.iter().find(|(step, _)| *step == self.step).map_or("begin", |(_, name)| name);
        let mut query = url.query_pairs_mut();
        query.append_pair("step", name);
        if let Some(language) = self.language {
            query.append_pair("language", language.tag);
        }
        if self.tries > 0 {
            query.append_pair("tries", &self.tries.to_string());
        }
        if self.attested {
            query.append_pair("attested", "yes");
        }
        for (name, text) in [("about", &self.about), ("from", &self.from)] {
            query.extend_pairs(text.iter().map(|text| (name, text)));
        }
        drop(query);
        url.into()
    }

    pub fn to(&self, step: Step) -> Self {
        Self { step, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_read_as_it_was_written() {
        let language = Language::of("es-MX");
        for (step, _) in STEPS {
            let (about, from) = (Some("RIV-2026-004217".to_owned()), Some("+15005550006".to_owned()));
            let turn = Turn { step, language, tries: 2, attested: true, about, from };
            let address = turn.address("https://city.example/hooks/chn_4711");
            let (place, query) = address.split_once('?').unwrap();
            assert_eq!((place, Turn::read(query)), ("https://city.example/hooks/chn_4711", turn));
        }
    }

    #[test]
    fn anything_else_is_the_beginning_of_a_call() {
        for query in ["", "step=", "step=nowhere", "%", "a=%ff", "tries=many&language=tlh"] {
            assert_eq!(Turn::read(query), Turn::default(), "{query}");
        }
    }
}
