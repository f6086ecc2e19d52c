//! What an answer to a call may be: the verbs that we use, with the attributes, nesting and limits of the documentation.

use std::collections::BTreeMap;

use super::xml::{self, Element};

/// Bytes of one document.
const LONGEST: usize = 64 * 1024;
/// Characters of one `Say`.
const LONGEST_SAY: usize = 4096;
const VOICES: [&str; 8] = ["en-US", "en-GB", "en-AU", "en-IN", "es-US", "es-ES", "es-MX", "de-DE"];

/// Something spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub language: String,
    pub text: String,
}

/// One verb, with what the call needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    Say(Said),
    Gather { prompt: Vec<Said>, action: String, digits: Option<usize>, finish: String, reports_silence: bool },
    Record { action: String, ready: String, longest: u32 },
    Dial { number: String, seconds: u32, action: String },
    Redirect(String),
    Hangup,
}

/// The verbs of a document, or what Twilio would refuse in it.
pub fn read(body: &[u8]) -> Result<Vec<Verb>, String> {
    if body.len() > LONGEST {
        return Err(format!("{} bytes", body.len()));
    }
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let root = xml::read(text)?;
    if root.name != "Response" || !root.attributes.is_empty() || !root.text.trim().is_empty() {
        return Err("the root is not a bare Response".to_owned());
    }
    let verbs: Vec<Verb> = root.children.iter().map(verb).collect::<Result<_, _>>()?;
    let ends = |verb: &Verb| matches!(verb, Verb::Dial { .. } | Verb::Redirect(_) | Verb::Hangup);
    match verbs.iter().position(ends) {
        Some(last) if last + 1 < verbs.len() => Err(format!("never reached: {:?}", verbs[last + 1])),
        _ => Ok(verbs),
    }
}

fn verb(element: &Element) -> Result<Verb, String> {
    let is = Attributes(element);
    match element.name.as_str() {
        "Say" => say(element).map(Verb::Say),
        "Gather" => {
            is.among(&["input", "numDigits", "finishOnKey", "timeout", "actionOnEmptyResult", "action", "method"])?;
            is.one_of("input", &["dtmf", "speech", "dtmf speech"])?;
            is.number("timeout", 1..=600)?;
            is.one_of("actionOnEmptyResult", &["true", "false"])?;
            is.bare()?;
            let digits = is.number("numDigits", 1..=100)?.and_then(|digits| usize::try_from(digits).ok());
            Ok(Verb::Gather {
                prompt: element.children.iter().map(say).collect::<Result<_, _>>()?,
                action: is.address("action")?,
                digits,
                finish: is.keys("finishOnKey", "#")?,
                reports_silence: is.get("actionOnEmptyResult") == Some("true"),
            })
        }
        "Record" => {
            is.among(&[
                "action",
                "method",
                "maxLength",
                "timeout",
                "finishOnKey",
                "playBeep",
                "trim",
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
                "recordingStatusCallbackEvent",
            ])?;
            is.number("timeout", 1..=600)?;
            is.keys("finishOnKey", "1234567890*#")?;
            is.one_of("playBeep", &["true", "false"])?;
            is.one_of("trim", &["trim-silence", "do-not-trim"])?;
            is.one_of("recordingStatusCallbackMethod", &["GET", "POST"])?;
            is.one_of("recordingStatusCallbackEvent", &["in-progress", "completed", "absent"])?;
            is.alone()?;
            let longest = is.number("maxLength", 2..=14_400)?.unwrap_or(3600);
            Ok(Verb::Record { action: is.address("action")?, ready: is.address("recordingStatusCallback")?, longest })
        }
        "Dial" => {
            is.among(&["action", "method", "timeout", "callerId", "timeLimit", "answerOnBridge"])?;
            is.bare()?;
            let seconds = is.number("timeout", 5..=600)?.unwrap_or(30);
            let [number] = element.children.as_slice() else { return Err("a Dial without its one Number".to_owned()) };
            let digits = number.text.strip_prefix('+').unwrap_or_default();
            let right = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            if number.name != "Number" || !number.attributes.is_empty() || !right {
                return Err(format!("not a number to dial: {number:?}"));
            }
            Ok(Verb::Dial { number: number.text.clone(), seconds, action: is.address("action")? })
        }
        "Redirect" => {
            is.among(&["method"])?;
            is.one_of("method", &["GET", "POST"])?;
            Ok(Verb::Redirect(address(element.text.trim())?))
        }
        "Hangup" => is.among(&[]).and(is.alone()).map(|()| Verb::Hangup),
        unknown => Err(format!("there is no verb <{unknown}>")),
    }
}

fn say(element: &Element) -> Result<Said, String> {
    let is = Attributes(element);
    if element.name != "Say" {
        return Err(format!("<{}> does not stand inside a Gather", element.name));
    }
    is.among(&["language", "voice", "loop"])?;
    is.one_of("language", &VOICES)?;
    let long = element.text.chars().count();
    if !element.children.is_empty() || element.text.trim().is_empty() || long > LONGEST_SAY {
        return Err(format!("a Say of {long} characters and {} elements", element.children.len()));
    }
    Ok(Said { language: is.get("language").unwrap_or("en-US").to_owned(), text: element.text.clone() })
}

fn address(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        Ok(text.to_owned())
    } else {
        Err(format!("not a whole address: {text}"))
    }
}

/// The attributes of an element, asked for one by one.
struct Attributes<'a>(&'a Element);

impl Attributes<'_> {
    fn all(&self) -> &BTreeMap<String, String> {
        &self.0.attributes
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all().get(name).map(String::as_str)
    }

    fn wrong(&self, name: &str) -> String {
        format!("{name} of <{}> is {:?}", self.0.name, self.get(name))
    }

    fn among(&self, known: &[&str]) -> Result<(), String> {
        let other = self.all().keys().find(|name| !known.contains(&name.as_str()));
        let method = self.get("method").is_none_or(|method| ["GET", "POST"].contains(&method));
        match other {
            Some(other) => Err(format!("<{}> has no attribute {other}", self.0.name)),
            None if method => Ok(()),
            None => Err(self.wrong("method")),
        }
    }

    fn one_of(&self, name: &str, values: &[&str]) -> Result<(), String> {
        if self.get(name).is_none_or(|value| values.contains(&value)) { Ok(()) } else { Err(self.wrong(name)) }
    }

    fn number(&self, name: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| self.wrong(name))
    }

    fn keys(&self, name: &str, usual: &str) -> Result<String, String> {
        let keys = self.get(name).unwrap_or(usual);
        let right = keys.chars().all(|key| key.is_ascii_digit() || "#*".contains(key));
        if right { Ok(keys.to_owned()) } else { Err(self.wrong(name)) }
    }

    /// The documentation lets an address be left out, and asks the same document again then: a loop that nobody wants.
    fn address(&self, name: &str) -> Result<String, String> {
        address(self.get(name).unwrap_or_default())
    }

    /// No text stands beside the nested verbs.
    fn bare(&self) -> Result<(), String> {
        if self.0.text.trim().is_empty() { Ok(()) } else { Err(format!("text inside <{}>", self.0.name)) }
    }

    fn alone(&self) -> Result<(), String> {
        if self.0.children.is_empty() { self.bare() } else { Err(format!("verbs inside <{}>", self.0.name)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_twilio_refuses_is_refused() {
        let long = format!("<Say>{}</Say>", "x".repeat(4097));
        for wrong in [
            "<Sing/>",
            "<Say language=\"tlh\">x</Say>",
            "<Say></Say>",
            "<Gather timeout=\"0\" action=\"https://a.example/\"/>",
            "<Gather action=\"next\"/>",
            "<Gather action=\"https://a.example/\"><Record/></Gather>",
            "<Gather finishOnKey=\"x\" action=\"https://a.example/\"/>",
            "<Gather transcribe=\"true\" action=\"https://a.example/\"/>",
            "<Dial timeout=\"2\" action=\"https://a.example/\"><Number>+15005550007</Number></Dial>",
            "<Dial action=\"https://a.example/\">home</Dial>",
            "<Record action=\"https://a.example/\" maxLength=\"1\" recordingStatusCallback=\"https://a.example/\"/>",
            "<Hangup/><Say>never heard</Say>",
            "text",
            long.as_str(),
        ] {
            assert!(read(format!("<Response>{wrong}</Response>").as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(read(b"<Response><Hangup/></Response>"), Ok(vec![Verb::Hangup]));
    }
}
