//! What a caller hears at each turn, and what can be done next.

use civicdesk_contract::{Answer, Standing, Told, form::Form};

use crate::{
    settings::VoiceSettings,
    turn::{Step, Turn},
    twiml::Twiml,
    words::{Language, Words},
};

/// So many wrong keys, silences and unknown references are borne; the next one ends the call.
const TRIES: u8 = 2;

/// What can be chosen. A point of the menu has one key in every agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    Standing,
    Message,
    Desk,
    Code,
}

/// The menu, in the order in which it is said.
const MENU: [(&str, Point); 4] =
    [("1", Point::Standing), ("2", Point::Message), ("4", Point::Code), ("3", Point::Desk)];
const AGAIN: [&str; 2] = ["0", "*"];

impl Point {
    fn is_offered(self, settings: &VoiceSettings) -> bool {
        match self {
            Self::Standing => settings.standing,
            Self::Message => settings.message,
            Self::Desk => settings.desk.is_some(),
            Self::Code => settings.code,
        }
    }

    fn line(self, words: &Words) -> &'static str {
        match self {
            Self::Standing => words.standing,
            Self::Message => words.message,
            Self::Desk => words.desk,
            Self::Code => words.code,
        }
    }
}

/// One turn that is to be answered.
pub struct Talk<'a> {
    pub settings: &'a VoiceSettings,
    /// The address of the hook.
    pub hook: &'a str,
    pub turn: Turn,
    pub form: &'a Form,
    pub told: &'a Told,
}

impl Talk<'_> {
    pub fn answer(self) -> Answer {
        let key = self.form.get("Digits").unwrap_or_default();
        match (self.turn.step, self.language()) {
            (Step::Language, _) => self.language_chosen(key),
            (_, None) => self.ask_language(Twiml::new(), &self.turn),
            (Step::Begin, Some(language)) => self.welcome(language),
            (Step::Menu, Some(language)) => self.chosen(language, key),
            (Step::Code, Some(language)) => self.code_asked(language),
            (Step::Reference, Some(language)) => self.stands(language),
            (Step::Message, Some(language)) => self.message_left(language),
            (Step::Desk, Some(language)) => self.desk_done(language),
            (Step::Recorded, Some(language)) => self.goodbye(Twiml::new(), language),
        }
    }

    /// The language of the talk: the chosen one, the person's own, or the only one.
    fn language(&self) -> Option<Language> {
        let spoken = self.settings.spoken();
        let own = self.told.language.as_deref().and_then(Language::of);
        let own = own.and_then(|own| spoken.iter().copied().find(|language| language.is_like(own)));
        let only = spoken.first().copied().filter(|_| spoken.len() == 1);
        self.turn.language.or(own).or(only)
    }

    fn ask_language(&self, said: Twiml, turn: &Turn) -> Answer {
        let spoken = self.settings.spoken();
        let line = |(place, language): (usize, &Language)| {
            (*language, language.words.this_language.replace("{key}", &(place + 1).to_string()))
        };
        let lines: Vec<_> = spoken.iter().enumerate().map(line).collect();
        said.key(&lines, &turn.to(Step::Language).address(self.hook)).answer()
    }

    fn language_chosen(&self, key: &str) -> Answer {
        let spoken = self.settings.spoken();
        let place = key.parse::<usize>().ok().and_then(|key| key.checked_sub(1));
        if let Some(language) = place.and_then(|place| spoken.get(place)) {
            return self.welcome(*language);
        }
        match self.once_more() {
            Some(turn) => self.ask_language(Twiml::new(), &turn),
            None => match spoken.first() {
                Some(first) => self.goodbye(Twiml::new(), *first),
                None => Twiml::new().hang_up().answer(),
            },
        }
    }

    fn welcome(&self, language: Language) -> Answer {
        let turn = Turn { language: Some(language), tries: 0, ..self.turn.clone() };
        self.menu(Twiml::new().say(language, &self.named(language.words.welcome)), language, &turn)
    }

    /// Says what can be chosen, after what was said already.
    fn menu(&self, said: Twiml, language: Language, turn: &Turn) -> Answer {
        let offered = MENU.into_iter().filter(|(_, point)| point.is_offered(self.settings));
        let mut lines: Vec<_> =
            offered.map(|(key, point)| (language, point.line(language.words).replace("{key}", key))).collect();
        lines.push((language, language.words.again.to_owned()));
        said.key(&lines, &turn.to(Step::Menu).address(self.hook)).answer()
    }

    fn chosen(&self, language: Language, key: &str) -> Answer {
        let turn = Turn { tries: 0, ..self.turn.clone() };
        if AGAIN.contains(&key) {
            return self.menu(Twiml::new(), language, &self.turn);
        }
        let point = MENU.into_iter().find(|(own, point)| *own == key && point.is_offered(self.settings));
        match (point, &self.settings.desk) {
            (Some((_, Point::Standing)), _) => self.ask_reference(Twiml::new(), language, &self.turn),
            (Some((_, Point::Message)), _) => self.record(language, &turn),
            (Some((_, Point::Code)), _) => Twiml::new().redirect(&turn.to(Step::Code).address(self.hook)).answer(),
            (Some((_, Point::Desk)), Some(desk)) => {
                let next = turn.to(Step::Desk).address(self.hook);
                let said = Twiml::new().say(language, language.words.connecting);
                said.dial(desk, self.settings.desk_seconds, &next).answer()
            }
            _ => {
                let words = language.words;
                self.wrong(language, if key.is_empty() { words.silence } else { words.wrong })
            }
        }
    }

    fn ask_reference(&self, said: Twiml, language: Language, turn: &Turn) -> Answer {
        let line = (language, language.words.reference.to_owned());
        said.digits(line, &turn.to(Step::Reference).address(self.hook)).answer()
    }

    fn stands(&self, language: Language) -> Answer {
        let fresh = Turn { tries: 0, ..self.turn.clone() };
        match &self.told.standing {
            Some(Standing::Said { reference, words }) => {
                let turn = Turn { about: Some(reference.clone()), ..fresh };
                self.menu(Twiml::new().say(language, words), language, &turn)
            }
            Some(Standing::Texted) => self.menu(Twiml::new().say(language, language.words.texted), language, &fresh),
            Some(Standing::Unknown) => self.wrong(language, language.words.unknown),
            None => match self.once_more() {
                Some(turn) => {
                    let said = Twiml::new().say(language, language.words.silence);
                    self.ask_reference(said, language, &turn)
                }
                None => self.goodbye(Twiml::new(), language),
            },
        }
    }

    /// The same words whether or not the caller has an account.
    fn code_asked(&self, language: Language) -> Answer {
        let words = language.words;
        let said = if self.told.code_heard { words.code_heard } else { words.code_not_heard };
        let fresh = Turn { tries: 0, ..self.turn.clone() };
        self.menu(Twiml::new().say(language, said), language, &fresh)
    }

    fn record(&self, language: Language, turn: &Turn) -> Answer {
        let next = turn.to(Step::Message).address(self.hook);
        let from = self.form.get("From").map(str::to_owned);
        let ready = Turn { from, ..turn.to(Step::Recorded) }.address(self.hook);
        let said = Twiml::new().say(language, language.words.speak).record(self.settings, &next, &ready);
        // Twilio goes on here where the caller said nothing at all.
        said.say(language, language.words.nothing_said).redirect(&turn.to(Step::Menu).address(self.hook)).answer()
    }

    fn message_left(&self, language: Language) -> Answer {
        match self.form.get("RecordingSid") {
            Some(_) => self.goodbye(Twiml::new().say(language, language.words.taken), language),
            None => self.wrong(language, language.words.nothing_said),
        }
    }

    fn desk_done(&self, language: Language) -> Answer {
        if matches!(self.form.get("DialCallStatus"), Some("completed" | "answered")) {
            return self.goodbye(Twiml::new(), language);
        }
        let said = Twiml::new().say(language, language.words.nobody);
        let instead = MENU.into_iter().find(|(_, point)| *point == Point::Message && point.is_offered(self.settings));
        let Some((key, point)) = instead else { return self.goodbye(said, language) };
        let line = (language, point.line(language.words).replace("{key}", key));
        said.key(&[line], &self.turn.to(Step::Menu).address(self.hook)).answer()
    }

    /// Says what was wrong and the menu again, or ends the call politely.
    fn wrong(&self, language: Language, what: &str) -> Answer {
        let said = Twiml::new().say(language, what);
        match self.once_more() {
            Some(turn) => self.menu(said, language, &turn),
            None => self.goodbye(said, language),
        }
    }

    fn once_more(&self) -> Option<Turn> {
        (self.turn.tries < TRIES).then(|| Turn { tries: self.turn.tries + 1, ..self.turn.clone() })
    }

    fn goodbye(&self, said: Twiml, language: Language) -> Answer {
        said.say(language, &self.named(language.words.goodbye)).hang_up().answer()
    }

    fn named(&self, line: &str) -> String {
        line.replace("{agency}", &self.told.agency)
    }
}
