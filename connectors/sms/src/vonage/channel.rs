//! One Vonage account at work.

use async_trait::async_trait;
use civicdesk_contract::{
    Channel, Error, ExternalId, HookCall, Identity, InboundAttachment, Measure, Media, Outbound, Received, Result,
    Sent, Tools,
};
use reqwest::Url;
use serde_json::json;

use super::{
    LONGEST, errors, hooks, legacy,
    settings::{Account, VonageSettings},
    token,
};
use crate::{exchange, people, segments};

pub struct VonageChannel {
    pub settings: VonageSettings,
    pub account: Account,
    pub tools: Tools,
}

#[async_trait]
impl Channel for VonageChannel {
    async fn check(&self) -> Result<Identity> {
        match &self.account {
            Account::Sms { key, secret } => legacy::check(&self.tools.http, &self.settings, key, secret).await?,
            Account::Messages { .. } => {
                // The API has nothing to look at. An empty message is never sent, and is refused as such only after the
                // token was accepted.
                let request = self.tools.http.post(self.messages()).bearer_auth(self.token("check", "check")?);
                let answer = exchange::ask("check", request.json(&json!({}))).await?;
                if answer.status != 422 {
                    errors::checked("check", answer)?;
                }
            }
        }
        Ok(Identity { address: self.settings.from.clone(), detail: "the account was accepted".to_owned() })
    }

    async fn receive(&self, call: &HookCall) -> Result<Received> {
        let (secret, now) = (&self.settings.signature_secret, self.tools.clock.now());
        match &self.account {
            Account::Messages { application, .. } => hooks::messages(secret, application, now, call),
            Account::Sms { .. } => hooks::legacy(secret, self.settings.signature_method, now, call),
        }
    }

    async fn fetch(&self, media: &Media, most: usize) -> Result<InboundAttachment> {
        let url = Url::parse(&media.handle).map_err(|_| Error::malformed("fetch", "the file has no address"))?;
        let mut request = self.tools.http.get(url.clone());
        if self.is_vonages(&url) {
            request = request.bearer_auth(self.token("fetch", &media.handle)?);
        }
        exchange::file(&self.tools.http, request, media, most).await
    }

    fn measure(&self, text: &str) -> Option<Measure> {
        Some(segments::measure(text))
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        let to = people::recipient(message)?.trim_start_matches('+');
        if message.text.encode_utf16().count() > LONGEST {
            return Err(people::refused("Vonage takes no text of more than 1000 characters"));
        }
        if let Account::Sms { key, secret } = &self.account {
            return legacy::send(&self.tools.http, &self.settings, (key, secret), to, message).await;
        }
        let mut body = json!({
            "message_type": "text", "channel": "sms", "to": to, "from": self.settings.from, "text": message.text,
            "client_ref": message.key, "sms": { "encoding_type": "auto" },
        });
        if let Some(callback) = &self.settings.callback {
            body["webhook_url"] = json!(callback);
        }
        let request = self.tools.http.post(self.messages()).bearer_auth(self.token("send", &message.key)?).json(&body);
        let taken = errors::checked("send", exchange::ask("send", request).await?)?.json();
        let Some(id) = taken["message_uuid"].as_str() else {
            return Err(exchange::unsure("send", "Vonage took it and did not say under which name"));
        };
        let parts = segments::measure(&message.text).parts;
        Ok(Sent { id: ExternalId(id.to_owned()), detail: format!("Vonage: taken, {parts} segments") })
    }
}

impl VonageChannel {
    fn messages(&self) -> String {
        format!("{}/v1/messages", self.settings.base())
    }

    fn token(&self, operation: &'static str, about: &str) -> Result<String> {
        match &self.account {
            Account::Messages { application, key } => {
                token::ours(operation, application, key, self.tools.clock.now(), about)
            }
            Account::Sms { .. } => Err(Error::unsupported(operation)),
        }
    }

    /// Whether our token may be shown there.
    fn is_vonages(&self, url: &Url) -> bool {
        let own = Url::parse(self.settings.base()).is_ok_and(|own| own.origin() == url.origin());
        let host = url.host_str().unwrap_or_default();
        own || (url.scheme() == "https" && (host.ends_with(".nexmo.com") || host.ends_with(".vonage.com")))
    }
}
