//! Access tokens for a mailbox: bought with the refresh token, kept until shortly before they expire.

use civicdesk_contract::{Error, Kind, Result, Retry, Secret, Tools};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::settings::OAuthSettings;

const OPERATION: &str = "oauth token";
/// Renewed this long before the provider would refuse it.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// What a token endpoint may answer at most.
const MOST_BYTES: usize = 64 * 1024;

/// The tokens of one channel.
#[derive(Debug)]
pub struct Tokens {
    settings: OAuthSettings,
    tools: Tools,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    access: Option<(Secret, Timestamp)>,
    /// Providers may hand out a new one with every use.
    refresh: Secret,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    expires_in: Option<i64>,
    refresh_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    error_description: Option<String>,
}

impl Tokens {
    pub fn new(settings: OAuthSettings, tools: Tools) -> Self {
        let refresh = settings.refresh_token.clone();
        Self { settings, tools, held: Mutex::new(Held { access: None, refresh }) }
    }

    /// A token that should be accepted. `refused` is one that a server has just refused although it had not expired.
    pub async fn access(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut held = self.held.lock().await;
        let now = self.tools.clock.now();
        if let Some((token, until)) = &held.access
            && now < *until
            && refused.is_none_or(|r| r.expose() != token.expose())
        {
            return Ok(token.clone());
        }
        let granted = self.refresh(&held.refresh).await?;
        // Without a stated lifetime a token is used for this once.
        let lifetime = SignedDuration::from_secs(granted.expires_in.unwrap_or(0).clamp(0, 86_400));
        held.access = Some((granted.access_token.clone(), now.saturating_add(lifetime - MARGIN).unwrap_or(now)));
        if let Some(next) = granted.refresh_token {
            held.refresh = next;
        }
        Ok(granted.access_token)
    }

    async fn refresh(&self, token: &Secret) -> Result<Granted> {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose()),
            ("client_id", &self.settings.client_id),
        ];
        if let Some(secret) = &self.settings.client_secret {
            form.push(("client_secret", secret.expose()));
        }
        if let Some(scope) = &self.settings.scope {
            form.push(("scope", scope));
        }
        let answer = self.tools.http.post(&self.settings.token_url).form(&form).send().await;
        let mut answer = answer.map_err(|e| unreachable(&e))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| unreachable(&e))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Error::unreachable(OPERATION, "the token endpoint answered far too much"));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|_| Error::unreachable(OPERATION, "the token endpoint answered without an access token"));
        }
        Err(denied(status, &body))
    }
}

fn denied(status: reqwest::StatusCode, body: &[u8]) -> Error {
    if status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
        return Error::unreachable(OPERATION, format!("the token endpoint answered {status}"));
    }
    let why = match serde_json::from_slice::<Denied>(body) {
        Ok(Denied { error, error_description: Some(words) }) => format!("{error}: {}", crate::text::brief(&words)),
        Ok(Denied { error, .. }) => crate::text::brief(&error),
        Err(_) => status.to_string(),
    };
    let detail = format!("the provider gives no more access to this mailbox ({why}); connect the mailbox again");
    Error::new(Kind::Credentials, Retry::Later, OPERATION, detail)
}

fn unreachable(error: &reqwest::Error) -> Error {
    let why = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
    Error::unreachable(OPERATION, format!("the token endpoint {why}"))
}
