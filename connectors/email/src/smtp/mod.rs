//! The outgoing half of a mailbox: hands mail to the agency's mail server by SMTP.

mod greeting;
mod outcome;
mod session;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use civicdesk_contract::{Error, Kind, Result, Secret};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    extension::ClientId,
};
use tokio::time::timeout;

use self::{
    greeting::{Heard, starttls},
    outcome::{Failure, Stage, error},
    session::{PATIENCE, Session, no_common_way},
};
use crate::{
    compose::Composed,
    oauth::Tokens,
    settings::{Security, SmtpSettings},
    tls::{Connector, Wire},
};

/// A connection that rested longer is not used again.
const RESTED: Duration = Duration::from_secs(30);

/// The mail server that takes our mail.
pub struct Smtp {
    settings: SmtpSettings,
    /// Our name in EHLO: the domain of the address.
    hello: String,
    connector: Arc<Connector>,
    tokens: Option<Arc<Tokens>>,
    /// A connection nobody uses at the moment.
    spare: Mutex<Option<Session>>,
}

impl Smtp {
    pub fn new(settings: SmtpSettings, hello: String, connector: Arc<Connector>, tokens: Option<Arc<Tokens>>) -> Self {
        Self { settings, hello, connector, tokens, spare: Mutex::default() }
    }

    /// Signs in anew and sends nothing. Says what was proven.
    pub async fn check(&self) -> Result<String> {
        let mut session = self.open().await?;
        session.noop().await?;
        session.quit().await;
        let how = if self.settings.username.is_some() { "sign-in worked" } else { "server answers" };
        Ok(format!("SMTP {how}"))
    }

    /// Hands one mail over. Says what the server answered.
    pub async fn send(&self, mail: &Composed) -> Result<String> {
        let mut session = self.session().await?;
        let answer = session.deliver(mail).await;
        if session.is_whole() {
            *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        }
        answer
    }

    async fn session(&self) -> Result<Session> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut session) = spare
            && session.idle_for() < RESTED
            && session.reset().await
        {
            return Ok(session);
        }
        self.open().await
    }

    async fn open(&self) -> Result<Session> {
        let Some(user) = &self.settings.username else { return Ok(Session::new(self.greeted().await?)) };
        if let Some(password) = &self.settings.password {
            return self.signed_in(&[Mechanism::Plain, Mechanism::Login], user, password).await;
        }
        let Some(tokens) = &self.tokens else {
            return Err(Error::settings("smtp has neither `password` nor `oauth`"));
        };
        // A token may have been withdrawn before its time: a refused one is replaced once.
        let token = tokens.access(None).await?;
        match self.signed_in(&[Mechanism::Xoauth2], user, &token).await {
            Err(error) if error.kind == Kind::Credentials => {
                let fresh = tokens.access(Some(&token)).await?;
                self.signed_in(&[Mechanism::Xoauth2], user, &fresh).await
            }
            other => other,
        }
    }

    async fn signed_in(&self, ways: &[Mechanism], user: &str, secret: &Secret) -> Result<Session> {
        let mut connection = self.greeted().await?;
        let Some(way) = connection.server_info().get_auth_mechanism(ways) else {
            let wanted = if ways.contains(&Mechanism::Xoauth2) { "OAuth 2 (XOAUTH2)" } else { "password" };
            return Err(no_common_way(&self.settings.host, wanted));
        };
        let credentials = Credentials::new(user.to_owned(), secret.expose().to_owned());
        let failure = match timeout(PATIENCE, connection.auth(&[way], &credentials)).await {
            Ok(Ok(_)) => return Ok(Session::new(connection)),
            // With XOAUTH2 a refusal comes as one more question, which the client does not answer.
            Ok(Err(e)) if e.is_client() => {
                Failure::Said { code: 535, words: "and does not accept the token".to_owned() }
            }
            Ok(Err(e)) => Failure::of(&e),
            Err(_) => Failure::Silent,
        };
        let mut error = error(Stage::SignIn, &failure);
        if error.kind == Kind::Credentials {
            error.detail.push_str(match way {
                Mechanism::Xoauth2 => "; connect the mailbox again",
                _ => "; check the user name and the password",
            });
        }
        Err(error)
    }

    /// A connection that is encrypted as the settings say, and on which both have said hello.
    async fn greeted(&self) -> Result<AsyncSmtpConnection> {
        let host = &self.settings.host;
        let stream = self.connector.connect(Stage::Connect.operation(), host, self.settings.port()).await?;
        let stream = match self.settings.security {
            Security::None => Heard::new(Vec::new(), Wire::Open(stream)),
            Security::Tls => Heard::new(Vec::new(), self.connector.encrypt("smtp tls", host, stream).await?),
            Security::StartTls => {
                let agreed = timeout(PATIENCE, starttls(stream, host, &self.hello)).await;
                let (stream, greeting) = agreed.map_err(|_| error(Stage::Connect, &Failure::Silent))??;
                Heard::new(greeting, self.connector.encrypt("smtp starttls", host, stream).await?)
            }
        };
        let hello = ClientId::Domain(self.hello.clone());
        match timeout(PATIENCE, AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(e)) => Err(error(Stage::Connect, &Failure::of(&e))),
            Err(_) => Err(Error::unreachable(
                Stage::Connect.operation(),
                "connected, but no SMTP server greets on this port; perhaps it wants `security: tls`",
            )),
        }
    }
}
