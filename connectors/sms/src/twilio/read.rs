//! Reads a text that came in: Twilio's form of it, with the words to the network and the files that lie at Twilio.

use civicdesk_contract::{Error, Inbound, Keyword, Media, Result};

use crate::{
    form::Form,
    people::{Written, party, signed_by},
};

/// Twilio takes ten files with a message.
const MOST_FILES: usize = 10;

pub fn text(raw: &[u8]) -> Result<Inbound> {
    let form = Form::read(raw).ok_or_else(|| Error::malformed("read", "not a form in UTF-8"))?;
    let sid = form.get("MessageSid").ok_or_else(|| Error::malformed("read", "a text without MessageSid"))?;
    if !form.has("Body") {
        return Err(Error::malformed("read", "a text without Body"));
    }
    let text = form.get("Body").unwrap_or_default().to_owned();
    let mut message = Inbound {
        message_id: Some(sid.to_owned()),
        to: form.get("To").and_then(|to| party(to, Written::WithPlus)).into_iter().collect(),
        fresh_text: text.clone(),
        text,
        keyword: form.get("OptOutType").and_then(keyword),
        ..Inbound::default()
    };
    signed_by(&mut message, form.get("From"), Written::WithPlus);
    let files = form.get("NumMedia").and_then(|number| number.parse().ok()).unwrap_or(0_usize);
    for number in 0..files.min(MOST_FILES) {
        match form.get(&format!("MediaUrl{number}")) {
            Some(address) => message.media.push(Media {
                handle: address.to_owned(),
                name: None,
                content_type: form.get(&format!("MediaContentType{number}")).map(str::to_owned),
            }),
            None => message
                .oddities
                .push(format!("File {} was announced, and Twilio did not say where it lies", number + 1)),
        }
    }
    Ok(message)
}

/// Advanced Opt-Out has understood a word, and has answered it.
fn keyword(word: &str) -> Option<Keyword> {
    match word {
        "STOP" => Some(Keyword::Stop),
        "START" => Some(Keyword::Start),
        "HELP" => Some(Keyword::Help),
        _ => None,
    }
}
