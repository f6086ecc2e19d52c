//! One service at GOV.UK Notify at work.

use async_trait::async_trait;
use civicdesk_contract::{
    Channel, Envelope, Error, ExternalId, HookCall, Identity, Kind, Measure, Outbound, RawItem, Receipt, ReceiptState,
    Received, Result, Retry, Sent, Tools,
};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{LONGEST, errors, key::Key, settings::NotifySettings};
use crate::{
    equal::{forged, same},
    exchange, people, segments,
};

pub struct NotifyChannel {
    pub settings: NotifySettings,
    pub key: Key,
    pub tools: Tools,
}

#[async_trait]
impl Channel for NotifyChannel {
    async fn check(&self) -> Result<Identity> {
        let path = format!("/v2/template/{}", self.settings.template_id);
        let request = self.signed_in("check", self.tools.http.get(self.at(&path)))?;
        let template = errors::checked("check", exchange::ask("check", request).await?)?.json();
        let body = template["body"].as_str().unwrap_or_default();
        if template["type"] != "sms" || !body.contains(&format!("(({}))", self.settings.field)) {
            let detail = format!("the template is not for texts, or lacks the placeholder (({}))", self.settings.field);
            return Err(Error::new(Kind::Settings, Retry::Never, "check", detail));
        }
        let detail = "the API key was accepted, and the template has the placeholder".to_owned();
        Ok(Identity { address: self.key.service.clone(), detail })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        let right = format!("Bearer {}", self.settings.callback_token.expose());
        let mut given = call.headers.iter().filter(|(name, _)| name == "authorization");
        match (given.next(), given.next()) {
            (Some((_, given)), None) if same(given.as_bytes(), right.as_bytes()) => {}
            _ => return Err(forged()),
        }
        let body: Value = serde_json::from_slice(&call.body)
            .map_err(|_| Error::malformed("receive", "the token is right, and the body is not JSON"))?;
        let Some(id) = body["id"].as_str().filter(|id| !id.is_empty()) else { return Ok(Received::default()) };
        let id = ExternalId(id.to_owned());
        // One address may be told of the service's emails and letters too.
        if body["notification_type"].as_str().is_some_and(|kind| kind != "sms") {
            return Ok(Received::default());
        }
        if let Some(status) = body["status"].as_str() {
            return Ok(Received { receipts: receipt(id, status).into_iter().collect(), ..Received::default() });
        }
        if !body["message"].is_string() {
            return Ok(Received::default());
        }
        let text = |field: &str| body[field].as_str().map(str::to_owned);
        let to = text("destination_number").into_iter().collect();
        let received_at = text("date_received").and_then(|time| time.parse().ok());
        let envelope = Envelope { from: text("source_number"), to, received_at };
        let items = vec![RawItem { id, place: None, envelope, raw: call.body.clone() }];
        Ok(Received { items, ..Received::default() })
    }

    fn measure(&self, text: &str) -> Option<Measure> {
        Some(segments::measure(&if text.is_empty() { String::new() } else { self.settings.whole(text) }))
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        let to = people::recipient(message)?;
        let whole = self.settings.whole(&message.text);
        if whole.chars().count() > LONGEST {
            return Err(people::refused(
                "Notify takes no text of more than 918 characters, the template's own included",
            ));
        }
        let mut body = json!({
            "phone_number": to,
            "template_id": self.settings.template_id,
            "personalisation": { self.settings.field.as_str(): message.text },
            "reference": message.key,
        });
        if let Some(sender) = &self.settings.sms_sender_id {
            body["sms_sender_id"] = json!(sender);
        }
        let request = self.tools.http.post(self.at("/v2/notifications/sms")).json(&body);
        let answer = exchange::ask("send", self.signed_in("send", request)?).await?;
        let taken = errors::checked("send", answer)?.json();
        let Some(id) = taken["id"].as_str() else {
            return Err(exchange::unsure("send", "Notify took it and did not say under which name"));
        };
        let parts = segments::measure(&whole).parts;
        Ok(Sent { id: ExternalId(id.to_owned()), detail: format!("Notify: taken, {parts} segments") })
    }
}

impl NotifyChannel {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    fn signed_in(&self, operation: &'static str, request: RequestBuilder) -> Result<RequestBuilder> {
        Ok(request.bearer_auth(self.key.token(operation, self.tools.clock.now())?))
    }
}

/// A step forward, if it is one: what is on its way or unknown says nothing new.
fn receipt(id: ExternalId, status: &str) -> Option<Receipt> {
    let (state, detail) = match status {
        "sent" => (ReceiptState::Sent, None),
        "delivered" => (ReceiptState::Delivered, None),
        "permanent-failure" => (ReceiptState::Failed, Some("there is no such phone number, or it takes no texts")),
        "temporary-failure" => (ReceiptState::Failed, Some("the phone was off or out of reach for three days")),
        "technical-failure" => (ReceiptState::Failed, Some("trouble between Notify and the carrier")),
        _ => return None,
    };
    Some(Receipt { id, state, detail: detail.map(str::to_owned) })
}
