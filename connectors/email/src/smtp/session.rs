//! One SMTP connection, signed in, that hands over one mail after another.

use std::{fmt::Display, time::Duration};

use civicdesk_contract::{Error, Kind, Result, Retry};
use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Noop, Quit, Rcpt, Rset},
    response::Response,
};
use tokio::time::{Instant, error::Elapsed, timeout};

use super::outcome::{Failure, Stage, error};
use crate::compose::Composed;

/// How long one answer may take.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How long the verdict on a whole mail may take (RFC 5321, 4.5.3.2.6).
const VERDICT_PATIENCE: Duration = Duration::from_secs(600);
/// The mail leaves in pieces of this size.
const PIECE: usize = 64 * 1024;

pub struct Session {
    connection: AsyncSmtpConnection,
    /// The connection is in order: the last thing said on it was an answer, and not a farewell.
    whole: bool,
    used: Instant,
}

impl Session {
    pub fn new(connection: AsyncSmtpConnection) -> Self {
        Self { connection, whole: true, used: Instant::now() }
    }

    pub fn is_whole(&self) -> bool {
        self.whole
    }

    pub fn idle_for(&self) -> Duration {
        self.used.elapsed()
    }

    /// Whether the connection still lives; forgets what an earlier mail may have left half said.
    pub async fn reset(&mut self) -> bool {
        matches!(timeout(Duration::from_secs(10), self.say(Stage::Connect, Rset)).await, Ok(Ok(_)))
    }

    pub async fn noop(&mut self) -> Result<()> {
        self.say(Stage::SignIn, Noop).await.map(|_| ()).map_err(|failure| error(Stage::SignIn, &failure))
    }

    pub async fn quit(mut self) {
        let _ = timeout(Duration::from_secs(5), self.connection.command(Quit)).await;
    }

    /// Hands one mail over, to all its recipients or to none. Says what the server answered.
    pub async fn deliver(&mut self, mail: &Composed) -> Result<String> {
        let sender = Mail::new(mail.return_path.clone(), Vec::new());
        self.say(Stage::Sender, sender).await.map_err(|failure| error(Stage::Sender, &failure))?;
        self.recipients(mail).await?;
        let go = self.say(Stage::Content, Data).await.map_err(|failure| error(Stage::Content, &failure))?;
        if !go.has_code(354) {
            self.whole = false;
            return Err(error(Stage::Content, &Failure::Lost));
        }
        let verdict = self.content(&mail.bytes).await?;
        let words: Vec<&str> = verdict.message().collect();
        Ok(format!("{} {}", verdict.code(), crate::text::brief(&words.join(" "))))
    }

    async fn recipients(&mut self, mail: &Composed) -> Result<()> {
        let mut refused: Vec<(String, Failure)> = Vec::new();
        for recipient in &mail.recipients {
            match self.say(Stage::Recipient, Rcpt::new(recipient.clone(), Vec::new())).await {
                Ok(_) => {}
                Err(failure) if failure.ends_connection() => return Err(error(Stage::Recipient, &failure)),
                Err(failure) => refused.push((recipient.to_string(), failure)),
            }
        }
        // The worst answer decides: one that is for good makes trying again pointless.
        let errors = refused.iter().map(|(to, failure)| (to, error(Stage::Recipient, failure)));
        let errors: Vec<(&String, Error)> = errors.collect();
        let Some((_, worst)) = errors.iter().max_by_key(|(_, e)| e.retry == Retry::Never) else { return Ok(()) };
        let who = errors.iter().map(|(to, e)| format!("{to}: {}", e.detail)).collect::<Vec<_>>().join("; ");
        let nobody = if errors.len() < mail.recipients.len() { "; nothing was sent to the others either" } else { "" };
        Err(Error::new(worst.kind, worst.retry, worst.operation, format!("{who}{nobody}")))
    }

    /// The mail itself. The last piece having been asked for and written is the moment from which it may have arrived.
    async fn content(&mut self, bytes: &[u8]) -> Result<Response> {
        let mut written = false;
        // The client adds the line end before the dot.
        let mut pieces = bytes.strip_suffix(b"\r\n").unwrap_or(bytes).chunks(PIECE);
        let pieces = std::iter::from_fn(|| {
            let piece = pieces.next();
            written = piece.is_none();
            piece
        });
        self.whole = false;
        let patience = VERDICT_PATIENCE + Duration::from_secs(bytes.len() as u64 / PIECE as u64);
        let verdict = timeout(patience, self.connection.message_iter(pieces)).await;
        let stage = if written { Stage::Verdict } else { Stage::Content };
        self.answered(verdict).map_err(|failure| error(stage, &failure))
    }

    async fn say(&mut self, stage: Stage, command: impl Display) -> std::result::Result<Response, Failure> {
        self.whole = false;
        let answer = timeout(PATIENCE, self.connection.command(command)).await;
        self.answered(answer).inspect_err(|failure| tracing::debug!(step = stage.operation(), ?failure, "smtp"))
    }

    /// Notes what an answer, or none, says of the connection.
    fn answered(
        &mut self,
        answer: std::result::Result<std::result::Result<Response, lettre::transport::smtp::Error>, Elapsed>,
    ) -> std::result::Result<Response, Failure> {
        let failure = match answer {
            Ok(Ok(response)) => {
                self.whole = true;
                self.used = Instant::now();
                return Ok(response);
            }
            Ok(Err(e)) => Failure::of(&e),
            Err(_) => Failure::Silent,
        };
        self.whole = !failure.ends_connection();
        Err(failure)
    }
}

/// The server wants a way of signing in that we do not have.
pub fn no_common_way(host: &str, wanted: &str) -> Error {
    let detail = format!("{host} does not offer sign-in by {wanted} on this port");
    Error::new(Kind::Settings, Retry::Later, Stage::SignIn.operation(), detail)
}
