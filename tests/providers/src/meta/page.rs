//! The Send API of Messenger and Instagram.

use civicdesk_contract::testkit::Answered;
use serde_json::{Value, json};

use super::{Account, Kind, Taken, refusal};

impl Account {
    pub(super) fn page_message(&mut self, body: &Value) -> Answered {
        let Some(to) = body["recipient"]["id"].as_str() else {
            return refusal(400, 100, None, "(#100) The parameter recipient is required");
        };
        if !to.bytes().all(|b| b.is_ascii_digit()) {
            return refusal(400, 100, Some(2_018_001), "(#100) No matching user found");
        }
        let text = body["message"]["text"].as_str().unwrap_or_default();
        if text.is_empty() {
            return refusal(400, 100, None, "(#100) Param message must be non-empty.");
        }
        let (long, most) = match self.kind {
            Kind::Instagram => (text.len(), 1000),
            _ => (text.chars().count(), 2000),
        };
        if long > most {
            let why = format!("(#100) Length of param message[text] must be less than or equal to {most}");
            return refusal(400, 100, None, &why);
        }
        let tag = body["tag"].as_str();
        match (body["messaging_type"].as_str(), tag) {
            (Some("RESPONSE"), None) if self.silent.contains(to) => {
                let why = "(#10) This message is sent outside of allowed window.";
                return refusal(400, 10, Some(2_018_278), why);
            }
            (Some("RESPONSE" | "UPDATE"), None) | (Some("MESSAGE_TAG"), Some("HUMAN_AGENT")) => {}
            _ => {
                return refusal(
                    400,
                    100,
                    None,
                    "(#100) Param messaging_type must be one of RESPONSE, UPDATE, MESSAGE_TAG",
                );
            }
        }
        let id = format!("m_out{}", self.next());
        let by = tag.map(str::to_owned);
        self.taken.push(Taken { id: id.clone(), to: to.to_owned(), text: text.to_owned(), by, ..Taken::default() });
        Answered::json(200, &json!({ "recipient_id": to, "message_id": id }))
    }
}
