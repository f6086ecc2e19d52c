//! The Cloud API of WhatsApp: messages, templates and files.

use civicdesk_contract::{
    OutboundAttachment,
    testkit::{Answered, Asked},
};
use serde_json::{Value, json};

use super::{Account, Taken, refusal};
use crate::multipart;

impl Account {
    pub(super) fn number_message(&mut self, body: &Value) -> Answered {
        let required = body["messaging_product"] == "whatsapp" && body["recipient_type"] == "individual";
        let to = body["to"].as_str().or(body["recipient"].as_str());
        let Some(to) = to.filter(|to| required && !to.is_empty()) else {
            return refusal(400, 100, None, "(#100) The parameter to is required.");
        };
        if self.silent.contains(to) && body["type"] != "template" {
            let why =
                "(#131047) Re-engagement message: more than 24 hours have passed since the recipient last replied";
            return refusal(400, 131_047, None, why);
        }
        let mut taken = Taken { to: to.to_owned(), ..Taken::default() };
        taken.answers = body["context"]["message_id"].as_str().map(str::to_owned);
        let filled = match body["type"].as_str() {
            Some("text") => text(body, &mut taken),
            Some("document") => self.document(body, &mut taken),
            Some("template") => template(body, &mut taken),
            _ => Err(refusal(400, 100, None, "(#100) Param type must be one of the supported types")),
        };
        if let Err(refused) = filled {
            return refused;
        }
        taken.id = format!("wamid.OUT{}", self.next());
        let told = json!({
            "messaging_product": "whatsapp", "contacts": [{ "input": to, "wa_id": to }], "messages": [{ "id": taken.id }],
        });
        self.taken.push(taken);
        Answered::json(200, &told)
    }

    fn document(&self, body: &Value, taken: &mut Taken) -> Result<(), Answered> {
        let document = &body["document"];
        let Some(file) = document["id"].as_str().and_then(|id| self.files.get(id)) else {
            return Err(refusal(400, 131_053, None, "(#131053) Media upload error"));
        };
        let caption = document["caption"].as_str().unwrap_or_default();
        if caption.chars().count() > 1024 {
            return Err(refusal(
                400,
                100,
                None,
                "(#100) Param document['caption'] must be at most 1024 characters long.",
            ));
        }
        caption.clone_into(&mut taken.text);
        let name = document["filename"].as_str().unwrap_or(&file.name).to_owned();
        taken.files.push(OutboundAttachment { name, ..file.clone() });
        Ok(())
    }

    pub(super) fn media(&mut self, asked: &Asked) -> Answered {
        let parts = multipart::read(asked.header("content-type").unwrap_or_default(), &asked.body).unwrap_or_default();
        let whatsapp = parts.iter().any(|part| part.name == "messaging_product" && part.content == b"whatsapp");
        let file = parts.into_iter().find(|part| part.name == "file");
        let Some((Some(name), Some(content_type), bytes)) =
            file.filter(|_| whatsapp).map(|file| (file.file_name, file.content_type, file.content))
        else {
            return refusal(400, 100, None, "(#100) The parameter file is required.");
        };
        let id = self.keep(OutboundAttachment { name, content_type, bytes });
        Answered::json(200, &json!({ "id": id }))
    }

    pub(super) fn media_address(&self, id: &str) -> Answered {
        let Some(file) = self.files.get(id) else { return super::general(404) };
        let url = format!("{}/files/{id}", self.own);
        let told = json!({
            "messaging_product": "whatsapp", "url": url, "mime_type": file.content_type, "file_size": file.bytes.len(), "id": id,
        });
        Answered::json(200, &told)
    }
}

fn text(body: &Value, taken: &mut Taken) -> Result<(), Answered> {
    let text = body["text"]["body"].as_str().unwrap_or_default();
    if text.is_empty() || text.chars().count() > 4096 {
        return Err(refusal(400, 100, None, "(#100) Param text['body'] must be at most 4096 characters long."));
    }
    text.clone_into(&mut taken.text);
    Ok(())
}

fn template(body: &Value, taken: &mut Taken) -> Result<(), Answered> {
    let template = &body["template"];
    let variable = template["components"][0]["parameters"][0]["text"].as_str().unwrap_or_default();
    let (name, language) = (template["name"].as_str(), template["language"]["code"].as_str());
    if (name, language) != (Some("answer_of_the_city"), Some("en_US")) {
        return Err(refusal(404, 132_001, None, "(#132001) Template name does not exist in the translation"));
    }
    if variable.is_empty() || variable.chars().count() > 1024 {
        return Err(refusal(400, 132_000, None, "(#132000) Number of parameters does not match"));
    }
    if variable.contains(['\n', '\t']) || variable.contains("     ") {
        let why = "(#132018) Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
        return Err(refusal(400, 132_018, None, why));
    }
    variable.clone_into(&mut taken.text);
    taken.by = name.map(str::to_owned);
    Ok(())
}
