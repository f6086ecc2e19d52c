//! Asks X's API, and what its refusals mean.

use std::time::Duration;

use civicdesk_contract::{Error, Identity, Kind, Result, Retry, Tools};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{XSettings, oauth::Signer};
use crate::{
    call::{self, Reply},
    sign,
};

pub struct Account {
    pub settings: XSettings,
    pub tools: Tools,
}

impl Account {
    /// A signed request; a JSON body is not part of what is signed.
    pub fn request(&self, method: Method, address: &str, body: Option<&Value>) -> RequestBuilder {
        let (settings, now) = (&self.settings, self.tools.clock.now());
        let mut unique = Sha256::new();
        unique.update(now.as_nanosecond().to_le_bytes());
        unique.update(address);
        unique.update(body.map(Value::to_string).unwrap_or_default());
        let signer = Signer {
            consumer_key: &settings.consumer_key,
            consumer_secret: settings.consumer_secret.expose(),
            token: settings.access_token.expose(),
            token_secret: settings.access_token_secret.expose(),
            nonce: &sign::hex(&unique.finalize()),
            seconds: now.as_second(),
        };
        let header = signer.authorization(method.as_str(), address, &[]);
        let request = self.tools.http.request(method, address).header("authorization", header);
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// Files of direct messages are handed out to the account alone; all others to everybody.
    pub fn file(&self, address: &str) -> RequestBuilder {
        let host = call::host(address).unwrap_or_default();
        if matches!(host.as_str(), "ton.twitter.com" | "ton.x.com") && !address.contains('?') {
            self.request(Method::GET, address, None)
        } else {
            self.tools.http.get(address)
        }
    }

    pub async fn check(&self) -> Result<Identity> {
        let request = self.request(Method::GET, &format!("{}/2/users/me", self.settings.url), None);
        let told = self.told("check", call::look("check", request).await?)?;
        let me = &told["data"];
        if me["id"] != self.settings.user_id.as_str() {
            return Err(Error::settings("user_id is not the account of the access token"));
        }
        let address = format!("@{}", me["username"].as_str().unwrap_or(&self.settings.user_id));
        Ok(Identity { address, detail: "the token was accepted".to_owned() })
    }

    /// What X told, or what its refusal means.
    pub fn told(&self, operation: &'static str, reply: Reply) -> Result<Value> {
        let told = reply.json();
        if (200..300).contains(&reply.status) && told["data"].is_object() {
            return Ok(told);
        }
        let sending = operation == "send";
        let problem = told["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let ours = ["client-forbidden", "oauth1-permissions", "unsupported-authentication"].contains(&problem);
        let (kind, retry) = match reply.status {
            401 => (Kind::Credentials, Retry::Never),
            // The application may not, or this person may not be written to.
            403 if ours || !sending => (Kind::Credentials, Retry::Never),
            429 => (Kind::Limited, self.until_reset(&reply).map_or(Retry::Later, Retry::After)),
            200..=299 | 500.. if sending => (Kind::Unreachable, Retry::Unsure),
            200..=299 | 500.. => (Kind::Unreachable, Retry::Later),
            _ => (Kind::Refused, Retry::Never),
        };
        let why = told["detail"].as_str().or(told["title"].as_str()).unwrap_or("no reason given");
        Err(Error::new(kind, retry, operation, format!("X answered {}: {why}", reply.status)))
    }

    /// X says the second at which it takes calls again.
    fn until_reset(&self, reply: &Reply) -> Option<Duration> {
        let reset = reply.headers.get("x-rate-limit-reset").and_then(|value| value.to_str().ok()?.parse().ok());
        let reset = reset.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let wait = reset.map(|reset| reset.duration_since(self.tools.clock.now()).max(SignedDuration::ZERO));
        wait.and_then(|wait| Duration::try_from(wait).ok()).or_else(|| reply.retry_after())
    }
}
