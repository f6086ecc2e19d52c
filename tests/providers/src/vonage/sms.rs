//! Taking a text by the SMS API: always 200, with a status for each part.

use civicdesk_contract::testkit::{Answered, Asked};
use serde_json::json;

use super::{API_KEY, API_SECRET, NUMBER, State, Taken, is_number};
use crate::form;

/// The longest text in characters.
const LONGEST: usize = 3200;
/// What a text carries beyond ASCII unless it says that it is in Unicode.
const LETTERS: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€";
/// Letters in each part, roughly: enough to answer with several parts.
const PART: usize = 153;

impl State {
    pub(super) fn take_sms(&self, asked: &Asked) -> Answered {
        let fields = form::read(&asked.body);
        let field =
            |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).filter(|v| !v.is_empty());
        let refused = |status: &str, words: &str| {
            let messages = [json!({ "status": status, "error-text": words })];
            Answered::json(200, &json!({ "message-count": "1", "messages": messages }))
        };
        let (Some(to), Some(from), Some(text)) = (field("to"), field("from"), field("text")) else {
            return refused("2", "Missing params");
        };
        if field("api_key").as_deref() != Some(API_KEY) || field("api_secret").as_deref() != Some(API_SECRET) {
            return refused("4", "Bad Credentials");
        }
        if !is_number(&to) || !matches!(field("type").as_deref(), None | Some("text" | "unicode")) {
            return refused("3", "Invalid params");
        }
        if field("type").as_deref() != Some("unicode") && !text.chars().all(|c| c.is_ascii() || LETTERS.contains(c)) {
            return refused("3", "Letters that a text cannot carry");
        }
        if from != NUMBER && from.bytes().all(|byte| byte.is_ascii_digit()) {
            return refused("15", "Illegal Sender Address - rejected");
        }
        if text.chars().count() > LONGEST {
            return refused("12", "Message too long");
        }
        let client_ref = field("client-ref");
        if client_ref.as_ref().is_some_and(|reference| reference.len() > 100) {
            return refused("3", "Invalid params");
        }
        let parts = text.chars().count().div_ceil(PART);
        let id = self.keep(Taken { id: String::new(), to: to.clone(), from, text, client_ref });
        let messages: Vec<_> = (0..parts)
            .map(|part| {
                json!({
                    "to": to, "message-id": format!("{id}-{part}"), "status": "0", "remaining-balance": "3.14159265",
                    "message-price": "0.03330000", "network": "12345",
                })
            })
            .collect();
        Answered::json(200, &json!({ "message-count": parts.to_string(), "messages": messages }))
    }
}
