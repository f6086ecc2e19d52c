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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use civicdesk_contract::{
        Clock, Kind,
        testkit::{Answered, FakeHttp, tools},
    };
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    use super::Tokens;
    use crate::settings::OAuthSettings;

    #[derive(Debug, Default)]
    struct Moved(Mutex<Timestamp>);

    impl Clock for Moved {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    fn tokens(url: &str, clock: Arc<Moved>) -> Tokens {
        let settings = json!({"token_url": format!("{url}/token"), "client_id": "c", "refresh_token": "refresh-0"});
        let settings: OAuthSettings = serde_json::from_value(settings).unwrap();
        Tokens::new(settings, civicdesk_contract::Tools { clock, ..tools() })
    }

    /// A provider that numbers its tokens, and takes each refresh token once.
    async fn numbering_provider() -> FakeHttp {
        let given = Mutex::new(0);
        let answer = move |asked: civicdesk_contract::testkit::Asked| {
            let mut given = given.lock().unwrap();
            let form = String::from_utf8(asked.body).unwrap();
            if !form.contains(&format!("refresh_token=refresh-{given}")) {
                return Some(Answered::json(400, &json!({"error": "invalid_grant"})));
            }
            *given += 1;
            let granted = json!({
                "access_token": format!("access-{given}"),
                "refresh_token": format!("refresh-{given}"),
                "expires_in": 3600,
            });
            Some(Answered::json(200, &granted))
        };
        FakeHttp::start(answer).await.unwrap()
    }

    #[tokio::test]
    async fn a_token_is_used_until_shortly_before_it_expires() {
        let provider = numbering_provider().await;
        let clock = Arc::new(Moved::default());
        let tokens = tokens(&provider.url(), clock.clone());
        let after = async |seconds| {
            *clock.0.lock().unwrap() = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
            tokens.access(None).await.unwrap().expose().to_owned()
        };
        assert_eq!(after(0).await, "access-1");
        assert_eq!(after(3539).await, "access-1");
        assert_eq!(after(3540).await, "access-2", "the refresh token that came with the first one was used");
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once_however_many_were_refused_it() {
        let provider = numbering_provider().await;
        let tokens = tokens(&provider.url(), Arc::default());
        let first = tokens.access(None).await.unwrap();
        let (a, b) = tokio::join!(tokens.access(Some(&first)), tokens.access(Some(&first)));
        assert_eq!((a.unwrap().expose(), b.unwrap().expose()), ("access-2", "access-2"));
    }

    #[tokio::test]
    async fn a_provider_that_fails_is_not_mistaken_for_one_that_refuses() {
        let failing = |status: u16| async move {
            let answer = move |_| Some(Answered::json(status, &json!({"error": "x", "error_description": "a\r\nb"})));
            let provider = FakeHttp::start(answer).await.unwrap();
            tokens(&provider.url(), Arc::default()).access(None).await.unwrap_err()
        };
        assert_eq!(failing(503).await.kind, Kind::Unreachable);
        assert_eq!(failing(429).await.kind, Kind::Unreachable);
        let refused = failing(400).await;
        assert_eq!(refused.kind, Kind::Credentials);
        assert!(refused.detail.contains("x: a b"), "{refused}");
    }
}
