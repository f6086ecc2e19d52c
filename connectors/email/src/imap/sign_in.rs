//! From a host name to a signed-in IMAP connection.

use std::sync::Arc;

use async_imap::{
    Client,
    error::Error as Imap,
    imap_proto::{Response, Status},
};
use civicdesk_contract::{Error, Kind, Result, Retry, Secret};
use tokio::time::timeout;

use super::{
    guard::Guarded,
    session::{PATIENCE, Session, lost},
};
use crate::{
    oauth::Tokens,
    settings::{ImapSettings, Security},
    text::brief,
    tls::{Connector, Wire},
};

const OPERATION: &str = "imap sign-in";

/// Opens connections to one mailbox.
pub struct Door {
    pub settings: ImapSettings,
    pub connector: Arc<Connector>,
    pub tokens: Option<Arc<Tokens>>,
}

impl Door {
    pub async fn open(&self) -> Result<Session> {
        let signed_in = match (&self.settings.password, &self.tokens) {
            (Some(password), _) => self.with_password(password).await?,
            (None, Some(tokens)) => self.with_token(tokens).await?,
            (None, None) => return Err(Error::settings("imap has neither `password` nor `oauth`")),
        };
        Session::new(signed_in).await
    }

    async fn with_password(&self, password: &Secret) -> Result<async_imap::Session<Guarded>> {
        let client = self.greeted().await?;
        let user = &self.settings.username;
        // LOGIN has no way to say letters outside ASCII.
        let attempt = async {
            if user.is_ascii() && password.expose().is_ascii() {
                client.login(user, password.expose()).await
            } else {
                client.authenticate("PLAIN", Plain { user, password }).await
            }
        };
        match timeout(PATIENCE, attempt).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err((error, _))) => Err(not_let_in(&error, "check the user name and the password")),
            Err(_) => Err(Error::unreachable(OPERATION, "the IMAP server did not answer the sign-in in time")),
        }
    }

    /// A token may have been withdrawn before its time: a refused one is replaced once.
    async fn with_token(&self, tokens: &Tokens) -> Result<async_imap::Session<Guarded>> {
        let token = tokens.access(None).await?;
        match self.with_this_token(&token).await {
            Err(error) if error.kind == Kind::Credentials => {
                let fresh = tokens.access(Some(&token)).await?;
                self.with_this_token(&fresh).await
            }
            other => other,
        }
    }

    async fn with_this_token(&self, token: &Secret) -> Result<async_imap::Session<Guarded>> {
        let client = self.greeted().await?;
        let proof = XOAuth2 { user: &self.settings.username, token, said: false };
        match timeout(PATIENCE, client.authenticate("XOAUTH2", proof)).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err((error, _))) => Err(not_let_in(&error, "connect the mailbox again")),
            Err(_) => Err(Error::unreachable(OPERATION, "the IMAP server did not answer the sign-in in time")),
        }
    }

    /// A connection that is encrypted as the settings say, and has been greeted.
    async fn greeted(&self) -> Result<Client<Guarded>> {
        let host = &self.settings.host;
        let stream = self.connector.connect("imap connect", host, self.settings.port()).await?;
        match self.settings.security {
            Security::None => greeting(guarded(Wire::Open(stream))).await,
            Security::Tls => greeting(guarded(self.connector.encrypt("imap tls", host, stream).await?)).await,
            Security::StartTls => {
                let mut client = greeting(guarded(Wire::Open(stream))).await?;
                let asked = timeout(PATIENCE, client.run_command_and_check_ok("STARTTLS", None)).await;
                match asked {
                    Ok(Ok(())) => {}
                    Ok(Err(Imap::No(_) | Imap::Bad(_))) => return Err(no_starttls(host)),
                    Ok(Err(error)) => return Err(lost("imap starttls", &error)),
                    Err(_) => {
                        return Err(Error::unreachable("imap starttls", "the IMAP server did not answer in time"));
                    }
                }
                // What came in the open after the answer is dropped with the client's buffer.
                match client.into_inner().into_wire() {
                    Wire::Open(stream) => Ok(guarded(self.connector.encrypt("imap starttls", host, stream).await?)),
                    encrypted @ Wire::Encrypted(_) => Ok(guarded(encrypted)),
                }
            }
        }
    }
}

fn guarded(wire: Wire) -> Client<Guarded> {
    Client::new(Guarded::new(wire))
}

async fn greeting(mut client: Client<Guarded>) -> Result<Client<Guarded>> {
    let response = match timeout(PATIENCE, client.read_response()).await {
        Ok(response) => response.map_err(|e| lost("imap connect", &e.into()))?,
        Err(_) => {
            return Err(Error::unreachable(
                "imap connect",
                "connected, but no IMAP server greets on this port; perhaps it wants `security: tls`",
            ));
        }
    };
    match response.as_ref().map(|r| r.parsed()) {
        Some(Response::Data { status: Status::Ok, .. }) => Ok(client),
        Some(Response::Data { outcome, .. }) => {
            let why = brief(outcome.information.as_deref().unwrap_or("no reason given"));
            Err(Error::unreachable("imap connect", format!("the IMAP server turns us away: {why}")))
        }
        _ => Err(Error::unreachable("imap connect", "this is no IMAP server")),
    }
}

fn no_starttls(host: &str) -> Error {
    let detail = format!("{host} offers no STARTTLS on this port; try `security: tls`");
    Error::new(Kind::Settings, Retry::Later, "imap starttls", detail)
}

fn not_let_in(error: &Imap, advice: &str) -> Error {
    let said = match error {
        Imap::No(said) | Imap::Bad(said) => brief(said),
        Imap::Validate(_) => return Error::settings("imap: user name or password holds a line break"),
        other => return lost(OPERATION, other),
    };
    let passing = lost(OPERATION, error);
    let shouted = said.to_ascii_uppercase();
    if passing.kind == Kind::Limited || ["UNAVAILABLE", "SERVERBUG", "INTERNAL"].iter().any(|s| shouted.contains(s)) {
        return passing;
    }
    Error::new(
        Kind::Credentials,
        Retry::Later,
        OPERATION,
        format!("the IMAP server does not let us in ({said}); {advice}"),
    )
}

struct Plain<'a> {
    user: &'a str,
    password: &'a Secret,
}

impl async_imap::Authenticator for Plain<'_> {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password.expose())
    }
}

struct XOAuth2<'a> {
    user: &'a str,
    token: &'a Secret,
    said: bool,
}

impl async_imap::Authenticator for XOAuth2<'_> {
    type Response = String;

    /// A second question is the server's account of what was wrong; it wants an empty answer.
    fn process(&mut self, _: &[u8]) -> String {
        if std::mem::replace(&mut self.said, true) {
            return String::new();
        }
        format!("user={}\x01auth=Bearer {}\x01\x01", self.user, self.token.expose())
    }
}
