//! Taking a text: the required fields, the placeholders and the longest text.

use std::sync::PoisonError;

use civicdesk_contract::testkit::{Answered, Asked};
use serde_json::{Value, json};

use super::{State, TEMPLATE, refusal};

/// The longest text, with what the template adds.
const LONGEST: usize = 918;

/// A text that was given to Notify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    pub to: String,
    /// What was put into the placeholder.
    pub message: String,
    pub reference: Option<String>,
}

impl State {
    pub(super) fn take(&self, asked: &Asked) -> Answered {
        let text = match check(asked, &self.before) {
            Ok(text) => text,
            Err((error, message)) => return refusal(400, error, message),
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("740e5834-3a29-46b4-9a6f-{:012x}", taken.len() + 1);
        let told = json!({
            "id": id, "reference": text.reference,
            "content": { "body": format!("{}{}", self.before, text.message), "from_number": "GOVUK" },
            "uri": format!("/v2/notifications/{id}"),
            "template": { "id": TEMPLATE, "version": 1, "uri": format!("/v2/template/{TEMPLATE}") },
        });
        taken.push(Taken { id, ..text });
        Answered::json(201, &told)
    }
}

fn check(asked: &Asked, before: &str) -> Result<Taken, (&'static str, &'static str)> {
    if asked.header("content-type") != Some("application/json") {
        return Err(("BadRequestError", "Invalid JSON supplied in POST data"));
    }
    let body: Value =
        serde_json::from_slice(&asked.body).map_err(|_| ("BadRequestError", "Invalid JSON supplied in POST data"))?;
    let known = ["phone_number", "template_id", "personalisation", "reference", "sms_sender_id"];
    let fields = body.as_object().ok_or(("ValidationError", "the body is not an object"))?;
    if fields.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(("ValidationError", "Additional properties are not allowed"));
    }
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    let to = text("phone_number").ok_or(("ValidationError", "phone_number is a required property"))?;
    let digits = to.trim_start_matches('+');
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(("ValidationError", "phone_number Not a valid phone number"));
    }
    let template = text("template_id").ok_or(("ValidationError", "template_id is a required property"))?;
    if template.len() != 36 {
        return Err(("ValidationError", "template_id is not a valid UUID"));
    }
    if template != TEMPLATE {
        return Err(("BadRequestError", "Template not found"));
    }
    let message = body["personalisation"]["message"].as_str().filter(|text| !text.is_empty());
    let message = message.ok_or(("BadRequestError", "Missing personalisation: message"))?.to_owned();
    if before.chars().count() + message.chars().count() > LONGEST {
        return Err(("BadRequestError", "Your message is too long: the limit is 918 characters"));
    }
    let reference = text("reference");
    if reference.as_ref().is_some_and(|reference| reference.len() > 1000) {
        return Err(("ValidationError", "reference is too long"));
    }
    Ok(Taken { id: String::new(), to, message, reference })
}
