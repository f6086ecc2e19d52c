//! Asks the instance, and what its refusals mean.

use std::time::Duration;

use civicdesk_contract::{Error, Identity, Kind, Result, Retry, Tools};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{MastodonSettings, limits::Limits};
use crate::call::{self, Reply};

pub struct Instance {
    pub settings: MastodonSettings,
    pub tools: Tools,
    /// The instance's host: messages are numbered per instance.
    pub host: String,
}

impl Instance {
    pub fn new(settings: MastodonSettings, tools: Tools) -> Result<Self> {
        let host = call::host(&settings.url).ok_or_else(|| Error::settings("url names no host"))?;
        Ok(Self { settings, tools, host })
    }

    /// `path` begins with a slash and holds the query.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("{}{path}", self.settings.url);
        self.tools.http.request(method, address).bearer_auth(self.settings.token.expose())
    }

    pub async fn ask(&self, operation: &'static str, path: &str) -> Result<Value> {
        let reply = call::look(operation, self.request(Method::GET, path)).await?;
        self.told(operation, reply)
    }

    /// What the instance told, or what its refusal means.
    pub fn told(&self, operation: &'static str, reply: Reply) -> Result<Value> {
        let told = reply.json();
        let sending = operation == "send";
        if (200..300).contains(&reply.status) && !told.is_null() {
            return Ok(told);
        }
        let (kind, retry) = match reply.status {
            401 | 403 => (Kind::Credentials, Retry::Never),
            429 => (Kind::Limited, self.until_reset(&reply).map_or(Retry::Later, Retry::After)),
            200..=299 | 500.. if sending => (Kind::Unreachable, Retry::Unsure),
            200..=299 | 300..=399 | 500.. => (Kind::Unreachable, Retry::Later),
            _ => (Kind::Refused, Retry::Never),
        };
        let why = told["error_description"].as_str().or(told["error"].as_str()).unwrap_or("no reason given");
        Err(Error::new(kind, retry, operation, format!("the instance answered {}: {why}", reply.status)))
    }

    /// The instance says the moment, not the time to wait.
    fn until_reset(&self, reply: &Reply) -> Option<Duration> {
        let reset = reply.headers.get("x-ratelimit-reset").and_then(|value| value.to_str().ok());
        let reset: Option<Timestamp> = reset.and_then(|text| text.parse().ok());
        let wait = reset.map(|reset| reset.duration_since(self.tools.clock.now()).max(jiff::SignedDuration::ZERO));
        wait.and_then(|wait| Duration::try_from(wait).ok()).or_else(|| reply.retry_after())
    }

    pub async fn check(&self) -> Result<Identity> {
        let me = self.ask("check", "/api/v1/accounts/verify_credentials").await?;
        let name = me["username"].as_str().ok_or_else(|| Error::unreachable("check", "the answer names no account"))?;
        let limits = Limits::ask(self, "check").await?;
        let detail = format!("the token was accepted; a post has at most {} characters", limits.characters);
        Ok(Identity { address: format!("@{name}@{}", self.host), detail })
    }
}
