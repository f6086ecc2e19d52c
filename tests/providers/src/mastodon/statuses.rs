//! Taking a post and its files, with the limits of the instance and its words for what breaks them.

use civicdesk_contract::{
    Clock, OutboundAttachment, SystemClock,
    testkit::{Answered, Asked},
};
use serde_json::{Value, json};

use super::{Instance, MAX_CHARACTERS, NAME, people, refusal};
use crate::multipart;

/// A post that was given to the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// With the names of those who are to read it.
    pub text: String,
    pub visibility: String,
    /// The number of the post that it answers.
    pub answers: Option<String>,
    pub files: Vec<OutboundAttachment>,
}

pub(super) struct File {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Instance {
    pub(super) fn publish(&mut self, asked: &Asked) -> Answered {
        let Some(key) = asked.header("idempotency-key").filter(|key| !key.is_empty()) else {
            return refusal(422, "this fake wants an Idempotency-Key on every post");
        };
        if let Some(known) = self.keys.get(key) {
            return Answered::json(200, known);
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let text = body["status"].as_str().unwrap_or_default();
        let ids: Vec<u64> = body["media_ids"].as_array().into_iter().flatten().filter_map(number).collect();
        if text.is_empty() && ids.is_empty() {
            return refusal(422, "Validation failed: Text can't be blank");
        }
        if length(text) > MAX_CHARACTERS {
            return refusal(422, &format!("Validation failed: Text character limit of {MAX_CHARACTERS} exceeded"));
        }
        let visibility = body["visibility"].as_str().unwrap_or("public");
        if !["public", "unlisted", "private", "direct"].contains(&visibility) {
            return refusal(422, "Validation failed: Visibility is not included in the list");
        }
        let answers = body["in_reply_to_id"].as_str().map(str::to_owned);
        if answers.as_ref().is_some_and(|id| !id.parse().is_ok_and(|id: u64| self.statuses.contains_key(&id))) {
            return refusal(404, "The post you are trying to reply to does not exist");
        }
        if ids.len() > 4 || ids.iter().any(|id| !self.media.contains_key(id)) {
            return refusal(422, "Validation failed: Media attachments are not valid");
        }
        let file = |id: &u64| {
            let file = &self.media[id];
            let (name, content_type) = (file.name.clone(), file.content_type.clone());
            OutboundAttachment { name, content_type, bytes: file.bytes.clone() }
        };
        let files = ids.iter().map(file).collect();
        self.taken.push(Taken { text: text.to_owned(), visibility: visibility.to_owned(), answers, files });
        let id = self.next();
        let told = json!({
            "id": id.to_string(), "created_at": SystemClock.now().to_string(), "visibility": visibility,
            "content": people::html(text), "in_reply_to_id": body["in_reply_to_id"],
            "url": format!("https://riverton.example/@{NAME}/{id}"), "account": self.me(),
        });
        self.statuses.insert(id, told.clone());
        self.keys.insert(key.to_owned(), told.clone());
        Answered::json(200, &told)
    }

    pub(super) fn keep(&mut self, asked: &Asked) -> Answered {
        let parts = multipart::read(asked.header("content-type").unwrap_or_default(), &asked.body).unwrap_or_default();
        let file = parts.into_iter().find(|part| part.name == "file");
        let Some((Some(name), Some(content_type), bytes)) =
            file.map(|file| (file.file_name, file.content_type, file.content))
        else {
            return refusal(422, "Validation failed: File can't be blank");
        };
        if !["image/", "video/", "audio/"].iter().any(|kind| content_type.starts_with(kind)) {
            return refusal(422, "Validation failed: File content type is invalid");
        }
        let id = self.next();
        self.media.insert(id, File { name, content_type, bytes });
        Answered::json(
            200,
            &json!({ "id": id.to_string(), "type": "image", "url": format!("{}/files/{id}/{id}.png", self.own) }),
        )
    }
}

fn number(id: &Value) -> Option<u64> {
    id.as_str()?.parse().ok()
}

/// Addresses count 23, and of a far name only its first half.
fn length(text: &str) -> usize {
    let word = |word: &str| match word {
        link if link.starts_with("http://") || link.starts_with("https://") => 23,
        name if name.starts_with('@') => {
            name[1..].find('@').map_or(name.chars().count(), |at| name[..=at].chars().count())
        }
        other => other.chars().count(),
    };
    text.split(char::is_whitespace).map(word).sum::<usize>() + text.chars().filter(|c| c.is_whitespace()).count()
}
