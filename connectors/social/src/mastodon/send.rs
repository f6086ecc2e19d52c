//! Sends an answer: files first, then one post that names its readers and is seen by no more people than it should be.

use std::time::Duration;

use civicdesk_contract::{Error, ExternalId, Kind, Outbound, OutboundAttachment, Result, Retry, Sent};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ID, api::Instance, html, limits::Limits};
use crate::{call, ids, multipart::Form};

/// An instance forgets an Idempotency-Key after an hour.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(50);
/// A video may take a while; asked for once a second.
const PROCESSING: usize = 60;

/// The post that is answered.
struct Answered {
    id: String,
    visibility: String,
}

impl Instance {
    pub async fn send(&self, message: &Outbound) -> Result<Sent> {
        let text = addressed(message)?;
        let limits = Limits::ask(self, "check").await?;
        fits(&limits, &text, message)?;
        let answered = self.answered(message).await?;
        let visibility = visibility(message, answered.as_ref())?;
        if self.tools.clock.now().duration_since(message.written_at) > REMEMBERED
            && let Some(id) = self.already(&text, visibility, message).await?
        {
            return Ok(self.sent(&id, "it had gone out before"));
        }
        let mut media = Vec::new();
        for file in &message.attachments {
            media.push(self.upload(file).await?);
        }
        let body = json!({
            "status": text, "visibility": visibility, "media_ids": media,
            "in_reply_to_id": answered.map(|answered| answered.id),
        });
        let post = self.request(Method::POST, "/api/v1/statuses").header("idempotency-key", &message.key).json(&body);
        let told = self.told("send", call::act("send", post).await?)?;
        let id = told["id"].as_str().ok_or_else(|| {
            Error::new(Kind::Unreachable, Retry::Unsure, "send", "the instance's answer does not name the post")
        })?;
        Ok(self.sent(id, told["url"].as_str().unwrap_or("the instance took it")))
    }

    fn sent(&self, id: &str, detail: &str) -> Sent {
        Sent { id: ExternalId(ids::name(ID, &self.host, id)), detail: detail.to_owned() }
    }

    /// None where it answers nothing here, or what it answers is gone.
    async fn answered(&self, message: &Outbound) -> Result<Option<Answered>> {
        let id = message.in_reply_to.as_deref().and_then(|name| ids::own(ID, &self.host, name));
        let Some(id) = id.filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric())) else { return Ok(None) };
        match self.ask("check", &format!("/api/v1/statuses/{id}")).await {
            Ok(status) => {
                let visibility = status["visibility"].as_str().unwrap_or("direct").to_owned();
                Ok(Some(Answered { id: id.to_owned(), visibility }))
            }
            Err(error) if error.kind == Kind::Refused => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Looks among our latest posts for one that went out although its answer was lost.
    async fn already(&self, text: &str, visibility: &str, message: &Outbound) -> Result<Option<String>> {
        let me = self.ask("check", "/api/v1/accounts/verify_credentials").await?;
        let id = me["id"].as_str().unwrap_or_default();
        let posts = self.ask("check", &format!("/api/v1/accounts/{id}/statuses?limit=40&exclude_reblogs=true")).await?;
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
        let near = |text: &str| words(&names_cut(text));
        let same = |post: &&Value| {
            let written = post["created_at"].as_str().and_then(|text| text.parse().ok());
            post["visibility"] == visibility
                && written.is_some_and(|written: jiff::Timestamp| written >= message.written_at)
                && post["content"].as_str().is_some_and(|content| near(&html::text(content)) == near(text))
        };
        let found = posts.as_array().into_iter().flatten().find(same);
        Ok(found.and_then(|post| post["id"].as_str()).map(str::to_owned))
    }

    /// Gives a file to the instance, and its number there. Nobody sees it before it is in a post.
    async fn upload(&self, file: &OutboundAttachment) -> Result<String> {
        let form = Form::default().file("file", &file.name, &file.content_type, &file.bytes);
        let (content_type, body) = form.text("description", &file.name).finish();
        let post = self.request(Method::POST, "/api/v2/media").header("content-type", content_type).body(body);
        let mut reply = call::look("upload", post).await?;
        let told = reply.json();
        let Some(id) = told["id"].as_str().filter(|_| matches!(reply.status, 200 | 202)) else {
            return Err(match self.told("upload", reply) {
                Err(error) => error,
                Ok(_) => Error::unreachable("upload", "the instance's answer does not name the file"),
            });
        };
        for _ in 0..PROCESSING {
            if reply.status == 200 {
                return Ok(id.to_owned());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            reply = call::look("upload", self.request(Method::GET, &format!("/api/v1/media/{id}"))).await?;
            if !matches!(reply.status, 200 | 202 | 206) {
                return self.told("upload", reply).map(|_| id.to_owned());
            }
        }
        Err(Error::unreachable("upload", "the instance is still busy with the file"))
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "send", why)
}

/// The text with the names of its readers: a name is what brings a post to somebody.
fn addressed(message: &Outbound) -> Result<String> {
    let readers: Vec<&str> =
        message.to.iter().chain(&message.cc).map(|party| party.address.trim_start_matches('@')).collect();
    let sound = |name: &&str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-@:".contains(c);
        !name.is_empty() && name.chars().all(allowed) && name.matches('@').count() <= 1
    };
    if readers.is_empty() || !readers.iter().all(sound) {
        return Err(refused("a reader's name is none of Mastodon's: maria@social.example"));
    }
    if !message.public
        && let Some(stranger) = names(&message.text).find(|name| !readers.iter().any(|r| r.eq_ignore_ascii_case(name)))
    {
        let why = format!("the text names @{stranger}, who would get it too; write the name without the @");
        return Err(refused(why));
    }
    let missing: String = readers
        .iter()
        .filter(|reader| !names(&message.text).any(|name| name.eq_ignore_ascii_case(reader)))
        .map(|reader| format!("@{reader} "))
        .collect();
    Ok(missing + &message.text)
}

/// The people a text mentions, without the @.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices('@').filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| inside(c) || matches!(c, '/' | '=')) {
            return None;
        }
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| !(inside(c) || matches!(c, '.' | '-' | '@'))).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(['.', '-', '@']);
        (!name.is_empty()).then_some(name)
    })
}

/// A mention is shown without its instance.
fn names_cut(text: &str) -> String {
    let short = |word: &str| match word.strip_prefix('@').and_then(|name| name.split_once('@')) {
        Some((name, _)) => format!("@{name}"),
        None => word.to_owned(),
    };
    text.split_whitespace().map(short).collect::<Vec<_>>().join(" ")
}

fn fits(limits: &Limits, text: &str, message: &Outbound) -> Result<()> {
    let (long, files) = (limits.count(text), &message.attachments);
    if message.text.trim().is_empty() && files.is_empty() {
        return Err(refused("the message is empty"));
    }
    if long > limits.characters {
        return Err(refused(format!(
            "with its readers' names it has {long} characters; the instance takes {}",
            limits.characters
        )));
    }
    if files.len() > limits.files {
        return Err(refused(format!("a post takes at most {} files here", limits.files)));
    }
    for file in files {
        if !limits.types.is_empty() && !limits.types.iter().any(|kind| kind.eq_ignore_ascii_case(&file.content_type)) {
            return Err(refused(format!("the instance takes no files of the type {}", file.content_type)));
        }
        let most = if file.content_type.starts_with("image/") { limits.image_bytes } else { limits.video_bytes };
        if file.bytes.len() > most {
            return Err(refused(format!("{} has more than {most} bytes", file.name)));
        }
    }
    Ok(())
}

/// Who sees the answer: what it answers is the most that may be.
fn visibility(message: &Outbound, answered: Option<&Answered>) -> Result<&'static str> {
    match (message.public, answered.map(|answered| answered.visibility.as_str())) {
        (false, _) => Ok("direct"),
        (true, Some("public")) => Ok("public"),
        (true, Some("unlisted")) => Ok("unlisted"),
        (true, Some(_)) => Err(refused("what it answers was not public, so the answer cannot be")),
        (true, None) => Err(refused("an answer in public needs the public post that it answers")),
    }
}
