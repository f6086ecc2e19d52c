//! Sends an answer: as text, as a document with a caption, or, when the conversation has closed, as a template.

use civicdesk_contract::{
    Error, ExternalId, IdentityKind, Kind, Outbound, OutboundAttachment, Party, Result, Retry, Sent,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ID, MAX_TEXT, Number, Template};
use crate::{call, ids, meta::window::Window, multipart::Form};

/// The longest caption, and the longest variable of a template.
const MAX_CAPTION: usize = 1024;
/// The largest document.
const MAX_FILE: usize = 100 << 20;

impl Number {
    pub(super) async fn post(&self, message: &Outbound) -> Result<Sent> {
        let ([to], []) = (message.to.as_slice(), message.cc.as_slice()) else {
            return Err(refused("a message on WhatsApp goes to one person"));
        };
        let (mut body, detail) = match (Window::of(message, self.graph.tools.clock.now()), &self.template) {
            (Window::Open, _) => (self.open_conversation(message).await?, "Meta took it"),
            (_, Some(template)) => (in_template(template, message)?, "Meta took it, as a template"),
            (_, None) => {
                let why = "the person has not written for 24 hours, and the settings name no template for that";
                return Err(refused(why));
            }
        };
        addressed(&mut body, to)?;
        let answered = message.in_reply_to.as_deref().and_then(|name| ids::own(ID, &self.number, name));
        if let Some(id) = answered {
            body["context"] = json!({ "message_id": id });
        }
        let request = self.graph.request(Method::POST, &format!("{}/messages", self.number), "").json(&body);
        let told = self.graph.told("send", call::act("send", request).await?)?;
        let id = told["messages"][0]["id"].as_str().ok_or_else(|| {
            Error::new(Kind::Unreachable, Retry::Unsure, "send", "Meta's answer does not name the message")
        })?;
        Ok(Sent { id: ExternalId(ids::name(ID, &self.number, id)), detail: detail.to_owned() })
    }

    async fn open_conversation(&self, message: &Outbound) -> Result<Value> {
        let long = message.text.chars().count();
        match message.attachments.as_slice() {
            [] if message.text.trim().is_empty() || long > MAX_TEXT => {
                Err(refused(format!("the text has {long} characters; 1 to {MAX_TEXT} are possible")))
            }
            [] => Ok(json!({ "type": "text", "text": { "body": message.text, "preview_url": false } })),
            [file] if long <= MAX_CAPTION && file.bytes.len() <= MAX_FILE => {
                let id = self.upload(file).await?;
                let mut document = json!({ "id": id, "filename": file.name });
                if !message.text.is_empty() {
                    document["caption"] = message.text.as_str().into();
                }
                Ok(json!({ "type": "document", "document": document }))
            }
            _ => Err(refused(format!("WhatsApp takes one file of 100 MiB, with a text of {MAX_CAPTION} characters"))),
        }
    }

    /// Nobody sees the file before a message names it.
    async fn upload(&self, file: &OutboundAttachment) -> Result<String> {
        let form = Form::default().text("messaging_product", "whatsapp").text("type", &file.content_type);
        let (content_type, body) = form.file("file", &file.name, &file.content_type, &file.bytes).finish();
        let path = format!("{}/media", self.number);
        let request = self.graph.request(Method::POST, &path, "").header("content-type", content_type).body(body);
        let told = self.graph.told("upload", call::look("upload", request).await?)?;
        let id = told["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| Error::unreachable("upload", "Meta's answer does not name the file"))
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "send", why)
}

fn addressed(body: &mut Value, to: &Party) -> Result<()> {
    body["messaging_product"] = "whatsapp".into();
    body["recipient_type"] = "individual".into();
    let number = to.address.trim_start_matches('+');
    match (to.kind, ids::person_of(ID, &to.address)) {
        (IdentityKind::Phone, _) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
            body["to"] = number.into();
        }
        (IdentityKind::Account, Some(own)) => body["recipient"] = own.into(),
        _ => return Err(refused("the address is neither a phone number nor a person of WhatsApp")),
    }
    Ok(())
}

/// A variable holds no line breaks and no four blanks in a row.
fn in_template(template: &Template, message: &Outbound) -> Result<Value> {
    if !message.attachments.is_empty() {
        return Err(refused("the person has not written for 24 hours, and a template carries no file"));
    }
    let words: Vec<&str> = message.text.split_whitespace().collect();
    let words = words.join(" ");
    if words.is_empty() || words.chars().count() > MAX_CAPTION {
        return Err(refused(format!(
            "the person has not written for 24 hours; a template takes {MAX_CAPTION} characters"
        )));
    }
    let variable = json!({ "type": "body", "parameters": [{ "type": "text", "text": words }] });
    Ok(json!({
        "type": "template",
        "template": { "name": template.name, "language": { "code": template.language }, "components": [variable] },
    }))
}
