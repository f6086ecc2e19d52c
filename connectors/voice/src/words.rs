//! What a caller hears, as data: each language whole. `{agency}` and `{key}` are filled in.

/// A language that is spoken, with the voice of one country.
#[derive(Clone, Copy, Debug)]
pub struct Language {
    /// As Twilio names the voice.
    pub tag: &'static str,
    pub words: &'static Words,
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag
    }
}

impl Eq for Language {}

/// Everything that is said in one language.
#[derive(Debug)]
pub struct Words {
    pub this_language: &'static str,
    pub welcome: &'static str,
    pub standing: &'static str,
    pub message: &'static str,
    pub desk: &'static str,
    pub code: &'static str,
    pub again: &'static str,
    pub wrong: &'static str,
    pub silence: &'static str,
    pub reference: &'static str,
    pub texted: &'static str,
    pub unknown: &'static str,
    pub code_heard: &'static str,
    pub code_not_heard: &'static str,
    pub speak: &'static str,
    pub nothing_said: &'static str,
    pub taken: &'static str,
    pub connecting: &'static str,
    pub nobody: &'static str,
    pub goodbye: &'static str,
}

const ENGLISH: Words = Words {
    this_language: "For English, press {key}.",
    welcome: "Welcome to {agency}.",
    standing: "To hear how your case stands, press {key}.",
    message: "To leave a message, press {key}.",
    desk: "To speak with somebody, press {key}.",
    code: "To set a new password for your account, press {key}.",
    again: "To hear this again, press 0.",
    wrong: "This key has no meaning here.",
    silence: "You have not pressed a key.",
    reference: "Key in the digits of your reference, beginning with the year, and then the hash key.",
    texted: "If the number that you are calling from has this case, a text message with it is on its way there.",
    unknown: "We cannot find a case of this number under this reference.",
    code_heard: "If the number that you are calling from belongs to an account, a text message with a code is on its way to it. \
        Nobody of us will ask you for that code.",
    code_not_heard: "We cannot text a code to the number that you are calling from.",
    speak: "Please speak after the tone. When you have finished, press the hash key or hang up.",
    nothing_said: "We heard nothing.",
    taken: "Thank you, we have your message.",
    connecting: "One moment, please. We are connecting you.",
    nobody: "Nobody can answer you right now.",
    goodbye: "{agency} thanks you for calling. Goodbye.",
};

const SPANISH: Words = Words {
    this_language: "Para español, marque {key}.",
    welcome: "Le damos la bienvenida a {agency}.",
    standing: "Para saber cómo va su caso, marque {key}.",
    message: "Para dejar un mensaje, marque {key}.",
    desk: "Para hablar con una persona, marque {key}.",
    code: "Para elegir una contraseña nueva para su cuenta, marque {key}.",
    again: "Para escuchar esto otra vez, marque 0.",
    wrong: "Esta tecla no tiene ninguna función aquí.",
    silence: "No ha marcado ninguna tecla.",
    reference: "Marque las cifras de su referencia, empezando por el año, y después la tecla numeral.",
    texted: "Si el número desde el que llama tiene ese caso, le llegará un mensaje de texto con la información.",
    unknown: "No encontramos ningún caso de este número con esa referencia.",
    code_heard: "Si el número desde el que llama pertenece a una cuenta, un mensaje de texto con un código ya está en camino. \
        Nadie de aquí le va a pedir ese código.",
    code_not_heard: "No podemos enviar un código al número desde el que llama.",
    speak: "Hable después del tono. Cuando termine, marque la tecla numeral o cuelgue.",
    nothing_said: "No hemos oído nada.",
    taken: "Gracias, hemos recibido su mensaje.",
    connecting: "Un momento, por favor. Le estamos comunicando.",
    nobody: "Nadie puede atenderle en este momento.",
    goodbye: "{agency} le agradece su llamada. Adiós.",
};

/// The voices of each language; the first is heard where no country is named.
const SPOKEN: [(&str, &Words, &[&str]); 2] =
    [("en", &ENGLISH, &["en-US", "en-GB", "en-AU", "en-IN"]), ("es", &SPANISH, &["es-US", "es-ES", "es-MX"])];

impl Language {
    /// The language of this tag; in the voice of its country where there is one, or else in the usual one.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let (_, words, voices) = SPOKEN.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(primary))?;
        let country = voices.iter().find(|voice| voice.eq_ignore_ascii_case(&tag.replace('_', "-")));
        Some(Self { tag: country.or(voices.first())?, words })
    }

    /// Whether both are the same language, whatever the country.
    pub fn is_like(self, other: Self) -> bool {
        std::ptr::eq(self.words, other.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_spoken_in_the_voice_of_its_country_where_there_is_one() {
        for (tag, voice) in [("en", "en-US"), ("en-GB", "en-GB"), ("ES_mx", "es-MX"), ("es-AR", "es-US")] {
            assert_eq!(Language::of(tag).unwrap().tag, voice, "{tag}");
        }
        assert!(Language::of("de").is_none() && Language::of("").is_none());
        assert!(Language::of("en-GB").unwrap().is_like(Language::of("en").unwrap()));
    }
}
