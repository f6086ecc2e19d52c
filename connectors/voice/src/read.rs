//! What stays of a call: a message that was left, or that somebody spoke with the desk, or tried to.

use civicdesk_contract::{Error, Inbound, Media, Result, ThreadHints, form::Form};

use crate::{turn::Turn, who};

/// Reads Twilio's form, with our part of the address before it.
pub fn call(raw: &[u8]) -> Result<Inbound> {
    let text = std::str::from_utf8(raw).ok();
    let read = text.and_then(|text| Some((Form::read(raw)?, Turn::read(text))));
    let (form, turn) = read.ok_or_else(|| Error::malformed("read", "not a form in UTF-8"))?;
    let mut message = match (form.get("RecordingSid"), conversation(&form)) {
        (Some(sid), _) => recording(&form, sid)?,
        (None, Some(id)) if form.has("DialCallStatus") => desk(&form, id),
        _ => return Err(Error::malformed("read", "neither a recording nor a call to the desk")),
    };
    message.fresh_text.clone_from(&message.text);
    if let (Some(subject), Some(about)) = (&mut message.subject, &turn.about) {
        subject.push_str(&format!(" [{about}]"));
    }
    // Everything of one call belongs together.
    message.thread = ThreadHints { key: form.get("CallSid").map(str::to_owned), ..ThreadHints::default() };
    message.from = turn.from.as_deref().or(form.get("From")).and_then(who::party);
    message.to = form.get("To").and_then(who::party).into_iter().collect();
    let odd = match &message.from {
        None => Some("The caller's number is withheld"),
        Some(_) if !turn.attested => Some("The network does not vouch for it that the call came from this number"),
        Some(_) => None,
    };
    message.oddities.extend(odd.map(str::to_owned));
    Ok(message)
}

/// The name of the call to the desk.
pub fn conversation(form: &Form) -> Option<&str> {
    form.get("DialCallSid").or(form.get("CallSid"))
}

fn recording(form: &Form, sid: &str) -> Result<Inbound> {
    let address =
        form.get("RecordingUrl").ok_or_else(|| Error::malformed("read", "a recording without its address"))?;
    let media = Media {
        handle: address.to_owned(),
        name: Some("message.mp3".to_owned()),
        content_type: Some("audio/mpeg".to_owned()),
    };
    Ok(Inbound {
        message_id: Some(sid.to_owned()),
        subject: Some("Message by telephone".to_owned()),
        text: format!(
            "A message was left by telephone{}. The recording is kept with it.",
            lasting(form, "RecordingDuration")
        ),
        media: vec![media],
        ..Inbound::default()
    })
}

fn desk(form: &Form, id: &str) -> Inbound {
    let text = match form.get("DialCallStatus") {
        Some("completed" | "answered") => {
            format!("Spoke with the desk by telephone{}.", lasting(form, "DialCallDuration"))
        }
        Some("busy") => "Asked for the desk by telephone; the line was busy.".to_owned(),
        Some("no-answer" | "canceled") => "Asked for the desk by telephone; nobody answered.".to_owned(),
        _ => "Asked for the desk by telephone; the call could not be put through.".to_owned(),
    };
    Inbound {
        message_id: Some(id.to_owned()),
        subject: Some("Call by telephone".to_owned()),
        text,
        ..Inbound::default()
    }
}

/// How long it was, where Twilio says so.
fn lasting(form: &Form, field: &str) -> String {
    match form.get(field).and_then(|seconds| seconds.parse::<u32>().ok()) {
        Some(seconds) => format!(", {seconds} seconds long"),
        None => String::new(),
    }
}
