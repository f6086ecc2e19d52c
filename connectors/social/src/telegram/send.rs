//! Sends an answer: as a message, or with files as one or several documents with a caption.

use civicdesk_contract::{Error, ExternalId, Kind, Outbound, Result, Retry, Sent, TextUnit};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{
    ID, MAX_TEXT,
    api::{self, Bot},
};
use crate::{call, ids, multipart::Form};

/// The longest caption in UTF-16 code units.
const MAX_CAPTION: usize = 1024;
/// The most files of one message.
const MAX_FILES: usize = 10;
/// What a bot may send.
const MAX_FILE: usize = 50 << 20;

impl Bot {
    pub async fn send(&self, message: &Outbound) -> Result<Sent> {
        let chat = chat(message)?;
        fits(message)?;
        let answered = message.in_reply_to.as_deref().and_then(|name| self.answered(chat, name));
        let reply = call::act("send", self.request(chat, message, answered)).await?;
        let told = api::result("send", reply)?;
        let first = told.as_array().and_then(|all| all.first()).unwrap_or(&told);
        let number = first["message_id"].as_i64().ok_or_else(|| {
            Error::new(Kind::Unreachable, Retry::Unsure, "send", "Telegram's answer does not name the message")
        })?;
        let id = ids::name(ID, self.id(), &format!("{chat}:{number}"));
        Ok(Sent { id: ExternalId(id), detail: format!("Telegram took it as message {number}") })
    }

    /// The number of the message in this chat that is answered.
    fn answered(&self, chat: i64, name: &str) -> Option<i64> {
        let (its_chat, rest) = ids::own(ID, self.id(), name)?.split_once(':')?;
        (its_chat == chat.to_string()).then(|| rest.split(':').next()?.parse().ok())?
    }

    fn request(&self, chat: i64, message: &Outbound, answered: Option<i64>) -> RequestBuilder {
        let reply = answered.map(|number| json!({ "message_id": number, "allow_sending_without_reply": true }));
        let files = &message.attachments;
        if files.is_empty() {
            let mut body =
                json!({ "chat_id": chat, "text": message.text, "link_preview_options": { "is_disabled": true } });
            if let Some(reply) = reply {
                body["reply_parameters"] = reply;
            }
            return self.method("sendMessage").json(&body);
        }
        let mut form = Form::default().text("chat_id", &chat.to_string());
        if let Some(reply) = reply {
            form = form.text("reply_parameters", &reply.to_string());
        }
        let method = if let [file] = files.as_slice() {
            form = form.text("caption", &message.text).file("document", &file.name, &file.content_type, &file.bytes);
            "sendDocument"
        } else {
            let last = files.len() - 1;
            let caption = |place| if place == last { message.text.as_str() } else { "" };
            let document = |place| json!({ "type": "document", "media": format!("attach://file{place}"), "caption": caption(place) });
            let media: Vec<Value> = (0..files.len()).map(document).collect();
            form = form.text("media", &Value::from(media).to_string());
            for (place, file) in files.iter().enumerate() {
                form = form.file(&format!("file{place}"), &file.name, &file.content_type, &file.bytes);
            }
            "sendMediaGroup"
        };
        let (content_type, body) = form.finish();
        self.method(method).header("content-type", content_type).body(body)
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "send", why)
}

/// The one chat that the message goes to.
fn chat(message: &Outbound) -> Result<i64> {
    let ([to], []) = (message.to.as_slice(), message.cc.as_slice()) else {
        return Err(refused("a message on Telegram goes to one person"));
    };
    let number = ids::person_of(ID, &to.address).and_then(|number| number.parse().ok());
    number.ok_or_else(|| refused("the address is none of Telegram, such as telegram:4711"))
}

fn fits(message: &Outbound) -> Result<()> {
    let (long, files) = (TextUnit::Utf16.count(&message.text), &message.attachments);
    let most = if files.is_empty() { MAX_TEXT } else { MAX_CAPTION };
    if long > most {
        return Err(refused(format!(
            "the text counts {long} in UTF-16; with {} files it may have {most}",
            files.len()
        )));
    }
    if message.text.trim().is_empty() && files.is_empty() {
        return Err(refused("the message is empty"));
    }
    if files.len() > MAX_FILES || files.iter().any(|file| file.bytes.len() > MAX_FILE) {
        return Err(refused(format!("Telegram takes at most {MAX_FILES} files of {} MiB", MAX_FILE >> 20)));
    }
    Ok(())
}
