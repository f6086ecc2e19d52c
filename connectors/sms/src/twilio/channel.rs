//! One Twilio account at work.

use async_trait::async_trait;
use civicdesk_contract::{
    Answer, Channel, Envelope, Error, ExternalId, HookCall, Identity, InboundAttachment, Kind, Measure, Media,
    Outbound, RawItem, Receipt, ReceiptState, Received, Result, Retry, Sent,
};
use reqwest::RequestBuilder;

use super::{LONGEST, codes, settings::TwilioSettings, verify};
use crate::{exchange, form::Form, people, segments};

pub struct TwilioChannel {
    pub settings: TwilioSettings,
    pub http: reqwest::Client,
}

#[async_trait]
impl Channel for TwilioChannel {
    async fn check(&self) -> Result<Identity> {
        let path = format!("/2010-04-01/Accounts/{}.json", self.settings.account_sid);
        let answer = exchange::ask("check", self.signed_in(self.http.get(self.at(&path)))).await?;
        let account = codes::checked("check", answer)?.json();
        if let Some(status @ ("suspended" | "closed")) = account["status"].as_str() {
            return Err(Error::new(Kind::Credentials, Retry::Never, "check", format!("the account is {status}")));
        }
        Ok(Identity { address: self.sender().to_owned(), detail: "the token was accepted".to_owned() })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        verify(&self.settings.auth_token, call)?;
        // Signed, but nothing of a message: it is answered, or Twilio would go on calling.
        let Some(form) = Form::read(&call.body) else { return Ok(Received::default()) };
        let (Some(sid), state) = (form.get("MessageSid"), form.get("MessageStatus")) else {
            return Ok(Received::default());
        };
        let id = ExternalId(sid.to_owned());
        if let Some(state) = state {
            return Ok(Received { receipts: receipt(id, state, &form).into_iter().collect(), ..Received::default() });
        }
        if !form.has("Body") {
            return Ok(Received::default());
        }
        let to = form.get("To").map(str::to_owned).into_iter().collect();
        let envelope = Envelope { from: form.get("From").map(str::to_owned), to, received_at: None };
        // An empty answer in TwiML: anything else would be texted to the citizen.
        let answer = Answer { status: 200, content_type: "text/xml", body: b"<Response/>".to_vec() };
        let items = vec![RawItem { id, place: None, envelope, raw: call.body.clone() }];
        Ok(Received { items, answer, ..Received::default() })
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        // Only the account's own files: the handle came in a call, and our token goes with the question.
        let mine = format!("/2010-04-01/Accounts/{}/Messages/", self.settings.account_sid);
        let path = reqwest::Url::parse(&media.handle).ok().map(|url| url.path().to_owned());
        let Some(path) = path.filter(|path| path.starts_with(&mine)) else {
            return Err(Error::malformed("fetch", "the file's address is not one of this account"));
        };
        exchange::file(&self.http, self.signed_in(self.http.get(self.at(&path))), media, most).await
    }

    fn measure(&self, text: &str) -> Option<Measure> {
        Some(segments::measure(text))
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        let to = people::recipient(message)?;
        if message.text.encode_utf16().count() > LONGEST {
            return Err(people::refused("Twilio takes no text of more than 1600 characters"));
        }
        let mut fields = vec![("To", to), ("Body", message.text.as_str())];
        fields.push(match &self.settings.messaging_service_sid {
            Some(service) => ("MessagingServiceSid", service),
            None => ("From", self.sender()),
        });
        fields.extend(self.settings.status_callback.as_deref().map(|address| ("StatusCallback", address)));
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", self.settings.account_sid);
        let request = self.signed_in(self.http.post(self.at(&path)).form(&fields));
        let taken = codes::checked("send", exchange::ask("send", request).await?)?.json();
        let Some(sid) = taken["sid"].as_str() else {
            return Err(exchange::unsure("send", "Twilio took it and did not say under which name"));
        };
        let status = taken["status"].as_str().unwrap_or("taken");
        let parts = segments::measure(&message.text).parts;
        Ok(Sent { id: ExternalId(sid.to_owned()), detail: format!("Twilio: {status}, {parts} segments") })
    }
}

impl TwilioChannel {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    fn signed_in(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.settings.account_sid, Some(self.settings.auth_token.expose()))
    }

    fn sender(&self) -> &str {
        let (from, service) = (&self.settings.from, &self.settings.messaging_service_sid);
        from.as_deref().or(service.as_deref()).unwrap_or(&self.settings.account_sid)
    }
}

/// A step forward, if it is one: what is queued or unknown says nothing new.
fn receipt(id: ExternalId, state: &str, form: &Form) -> Option<Receipt> {
    let (state, detail) = match state {
        "sent" => (ReceiptState::Sent, None),
        "delivered" => (ReceiptState::Delivered, None),
        "read" => (ReceiptState::Read, None),
        "undelivered" | "failed" => {
            let code = form.get("ErrorCode");
            let stopped = code == Some(codes::STOPPED);
            let state = if stopped { ReceiptState::OptedOut } else { ReceiptState::Failed };
            (state, Some(codes::reason(code)))
        }
        "canceled" => (ReceiptState::Failed, Some("it was called back at Twilio".to_owned())),
        _ => return None,
    };
    Some(Receipt { id, state, detail })
}
