//! Writes TwiML: the few verbs that a call by keypad needs.

use std::fmt::Write;

use civicdesk_contract::Answer;

use crate::{settings::VoiceSettings, words::Language};

/// Characters of one `Say`; Twilio reads 4096 at most.
const SAID_AT_ONCE: usize = 3000;
/// Seconds without a key before Twilio goes on: for one key, and between the digits of a reference.
const PATIENCE: (u32, u32) = (6, 10);

/// An answer in the making.
pub struct Twiml(String);

impl Twiml {
    pub fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>".to_owned())
    }

    pub fn say(mut self, language: Language, text: &str) -> Self {
        for part in parts(text) {
            self.write(format_args!("<Say language=\"{}\">{}</Say>", language.tag, escaped(&part)));
        }
        self
    }

    /// Says the lines, and waits for one key. Silence is reported as well.
    pub fn key(self, lines: &[(Language, String)], next: &str) -> Self {
        self.gather(lines, next, format_args!("numDigits=\"1\" finishOnKey=\"\" timeout=\"{}\"", PATIENCE.0))
    }

    /// Says the line, and waits for digits and the hash key.
    pub fn digits(self, line: (Language, String), next: &str) -> Self {
        self.gather(&[line], next, format_args!("finishOnKey=\"#\" timeout=\"{}\"", PATIENCE.1))
    }

    fn gather(mut self, lines: &[(Language, String)], next: &str, how: std::fmt::Arguments) -> Self {
        let next = escaped(next);
        self.write(format_args!(
            "<Gather input=\"dtmf\" {how} actionOnEmptyResult=\"true\" action=\"{next}\" method=\"POST\">"
        ));
        let mut all = self;
        for (language, line) in lines {
            all = all.say(*language, line);
        }
        all.write(format_args!("</Gather>"));
        all
    }

    /// Records until the hash key, a long silence or the end of the call. Twilio calls `next` with the recording, and
    /// `ready` when it can be fetched.
    pub fn record(mut self, settings: &VoiceSettings, next: &str, ready: &str) -> Self {
        self.write(format_args!(
            "<Record action=\"{}\" method=\"POST\" maxLength=\"{}\" timeout=\"5\" finishOnKey=\"#\" playBeep=\"true\" \
             recordingStatusCallback=\"{}\" recordingStatusCallbackMethod=\"POST\" \
             recordingStatusCallbackEvent=\"completed\"/>",
            escaped(next),
            settings.message_seconds,
            escaped(ready)
        ));
        self
    }

    pub fn dial(mut self, number: &str, seconds: u32, next: &str) -> Self {
        let (number, next) = (escaped(number), escaped(next));
        self.write(format_args!(
            "<Dial action=\"{next}\" method=\"POST\" timeout=\"{seconds}\"><Number>{number}</Number></Dial>"
        ));
        self
    }

    pub fn redirect(mut self, next: &str) -> Self {
        self.write(format_args!("<Redirect method=\"POST\">{}</Redirect>", escaped(next)));
        self
    }

    pub fn hang_up(mut self) -> Self {
        self.write(format_args!("<Hangup/>"));
        self
    }

    pub fn answer(mut self) -> Answer {
        self.write(format_args!("</Response>"));
        Answer { status: 200, content_type: "text/xml; charset=utf-8", body: self.0.into_bytes() }
    }

    fn write(&mut self, text: std::fmt::Arguments) {
        // Writing into a String cannot fail.
        let _ = self.0.write_fmt(text);
    }
}

/// Text that Twilio reads at once, cut between words.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split_inclusive(char::is_whitespace) {
        let full = parts.last().is_some_and(|part| part.chars().count() + word.chars().count() > SAID_AT_ONCE);
        if full {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(word.chars().take(SAID_AT_ONCE));
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Text as XML may hold it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\n' | '\t' | '\r' => safe.push(' '),
            odd if odd.is_control() || matches!(odd, '\u{fffe}' | '\u{ffff}') => {}
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_said_whole_in_parts_that_twilio_reads() {
        let text = "The lamp is out, and nobody came. ".repeat(500);
        let parts = parts(&text);
        assert!(parts.len() > 5 && parts.iter().all(|part| part.chars().count() <= SAID_AT_ONCE));
        assert_eq!(parts.concat(), text);
        assert!(super::parts("  ").is_empty());
    }

    #[test]
    fn no_name_breaks_out_of_the_form() {
        let language = Language::of("en").unwrap();
        let answer = Twiml::new().say(language, "</Say><Hangup/> & \"Sons\"\u{0}\u{b}").answer();
        let body = String::from_utf8(answer.body).unwrap();
        assert!(body.contains("&lt;/Say&gt;&lt;Hangup/&gt; &amp; &quot;Sons&quot;</Say>"), "{body}");
    }
}
