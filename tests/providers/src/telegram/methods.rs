//! Taking a message and handing out a file, with the limits of the Bot API and its words for what breaks them.

use civicdesk_contract::{OutboundAttachment, testkit::Answered};
use serde_json::{Value, json};

use super::{Bot, Fields, ok, refusal};

/// A message that was given to Telegram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub chat: i64,
    pub text: String,
    /// The message of this chat that it answers.
    pub answers: Option<i64>,
    pub files: Vec<OutboundAttachment>,
}

const MAX_DOWNLOAD: usize = 20 << 20;

impl Bot {
    pub(super) fn get_file(&self, fields: &Fields) -> Answered {
        let id = fields.values["file_id"].as_str().unwrap_or_default();
        match self.files.get(id) {
            None => refusal(400, "Bad Request: invalid file_id"),
            Some((_, bytes)) if bytes.len() > MAX_DOWNLOAD => refusal(400, "Bad Request: file is too big"),
            Some((name, bytes)) => {
                let path = format!("documents/{id}/{name}");
                ok(&json!({ "file_id": id, "file_unique_id": id, "file_size": bytes.len(), "file_path": path }))
            }
        }
    }

    pub(super) fn send_message(&mut self, fields: &Fields) -> Answered {
        let text = fields.values["text"].as_str().unwrap_or_default();
        if text.trim().is_empty() {
            return refusal(400, "Bad Request: message text is empty");
        }
        if text.encode_utf16().count() > 4096 {
            return refusal(400, "Bad Request: message is too long");
        }
        self.take(fields, text, Vec::new()).map_or_else(|refused| refused, |number| ok(&told(number)))
    }

    pub(super) fn send_document(&mut self, fields: &Fields) -> Answered {
        let Some(file) = file(fields, "document") else {
            return refusal(400, "Bad Request: there is no document in the request");
        };
        let text = fields.values["caption"].as_str().unwrap_or_default();
        if text.encode_utf16().count() > 1024 {
            return refusal(400, "Bad Request: message caption is too long");
        }
        self.take(fields, text, vec![file]).map_or_else(|refused| refused, |number| ok(&told(number)))
    }

    pub(super) fn send_media_group(&mut self, fields: &Fields) -> Answered {
        let media = fields.values["media"].as_array().cloned().unwrap_or_default();
        if !(2..=10).contains(&media.len()) {
            return refusal(400, "Bad Request: group must include 2-10 items");
        }
        let mut files = Vec::new();
        let mut text = String::new();
        for one in &media {
            let name = one["media"].as_str().and_then(|name| name.strip_prefix("attach://")).unwrap_or_default();
            match file(fields, name) {
                Some(file) if one["type"] == "document" => files.push(file),
                _ => return refusal(400, "Bad Request: wrong file identifier/HTTP URL specified"),
            }
            let caption = one["caption"].as_str().unwrap_or_default();
            if caption.encode_utf16().count() > 1024 {
                return refusal(400, "Bad Request: message caption is too long");
            }
            text.push_str(caption);
        }
        let all = media.len();
        match self.take(fields, &text, files) {
            Err(refused) => refused,
            Ok(number) => {
                self.last_message += i64::try_from(all).expect("at most ten") - 1;
                ok(&Value::from((number..=self.last_message).map(told).collect::<Vec<_>>()))
            }
        }
    }

    fn take(&mut self, fields: &Fields, text: &str, files: Vec<OutboundAttachment>) -> Result<i64, Answered> {
        let Some(chat) = fields.values["chat_id"].as_i64() else {
            return Err(refusal(400, "Bad Request: chat_id is empty"));
        };
        if self.blocked.contains(&chat) {
            return Err(refusal(403, "Forbidden: bot was blocked by the user"));
        }
        let reply = &fields.values["reply_parameters"];
        let answers = reply["message_id"].as_i64();
        if !reply.is_null() && answers.is_none() {
            return Err(refusal(400, "Bad Request: message identifier is not specified"));
        }
        self.taken.push(Taken { chat, text: text.to_owned(), answers, files });
        self.last_message += 1;
        Ok(self.last_message)
    }
}

fn told(number: i64) -> Value {
    json!({ "message_id": number, "date": 1_764_000_000 })
}

fn file(fields: &Fields, name: &str) -> Option<OutboundAttachment> {
    let part = fields.files.iter().find(|part| part.name == name)?;
    Some(OutboundAttachment {
        name: part.file_name.clone()?,
        content_type: part.content_type.clone()?,
        bytes: part.content.clone(),
    })
}
