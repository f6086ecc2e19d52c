//! Mail that other servers push to us: LMTP (RFC 2033) and SMTP (RFC 5321) over one reading of the protocol.
//!
//! A listener knows no tenant. Its [`Backend`] says whose mailbox an address is and stores a mail; a sender is told `250`
//! only after the backend said that the mail is durable, and keeps it otherwise.

mod command;
mod data;
mod reply;
mod session;
mod wire;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use reply::Reply;

/// Which of the two protocols a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// One reply per recipient.
    Lmtp,
    /// One reply per mail, and therefore one tenant per mail.
    Smtp,
}

/// What stands behind a listener.
pub struct Backend {
    pub find: Find,
    pub accept: Accept,
}

/// The place behind an address, or why there is none now (4xx) or at all (5xx).
pub type Find = Box<dyn Fn(String) -> BoxFuture<'static, Result<Place, Reply>> + Send + Sync>;
/// Stores a mail for addresses of one place. Success means that it is durable.
pub type Accept = Box<dyn Fn(Place, Pushed) -> BoxFuture<'static, Result<(), Reply>> + Send + Sync>;

/// Whose mailbox an address is. A sink that keeps everything in one place answers the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub tenant: Uuid,
    pub channel: Uuid,
}

/// A mail for one place.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Empty for the null return path.
    pub from: String,
    /// The place's addresses, as the sender wrote them.
    pub to: Vec<String>,
    /// Byte for byte as the sender meant it.
    pub raw: Arc<Vec<u8>>,
}

/// How much a listener takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub mail_bytes: usize,
    pub connections: usize,
    /// Bytes of half-received mails over all connections.
    pub in_flight_bytes: usize,
    pub recipients: usize,
    /// How long a sender may say nothing.
    pub silence: Duration,
    /// How long one mail may take to arrive.
    pub transfer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mail_bytes: 64 << 20,
            connections: 512,
            in_flight_bytes: 512 << 20,
            recipients: 100,
            silence: Duration::from_secs(300),
            transfer: Duration::from_secs(900),
        }
    }
}

/// A listener's settings.
#[derive(Clone, Debug)]
pub struct Listener {
    pub protocol: Protocol,
    /// The name it greets with.
    pub hostname: String,
    pub limits: Limits,
}

/// What the sessions of one listener share.
struct Shared {
    listener: Listener,
    backend: Backend,
    /// In KiB, so that the count fits a semaphore.
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

/// Serves until `stop`, then lets every mail in transfer come to its end.
pub async fn serve(socket: TcpListener, listener: Listener, backend: Backend, stop: CancellationToken) {
    let free = Arc::new(Semaphore::new(listener.limits.connections));
    let room = Arc::new(Semaphore::new(listener.limits.in_flight_bytes / 1024));
    let shared = Arc::new(Shared { listener, backend, room, stop: stop.clone() });
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = sessions.join_next() => continue,
            accepted = socket.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(e) => {
                // Out of file descriptors: trying at once again would only spin.
                tracing::warn!(error = %e, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let shared = shared.clone();
        match free.clone().try_acquire_owned() {
            Ok(slot) => {
                sessions.spawn(async move {
                    session::run(stream, &shared).await;
                    drop(slot);
                });
            }
            Err(_) => {
                sessions.spawn(async move { session::turn_away(stream, &shared).await });
            }
        }
    }
    while sessions.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests;
