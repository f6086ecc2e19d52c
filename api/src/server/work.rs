//! What works beside HTTP: reception, filing, the outbox, the mail listeners and the command line's socket.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    admin_socket, audit,
    channels::{
        listener::{self, Limits, Listener, Protocol},
        poller::Poller,
        push,
    },
    cli::Stop,
    installation::Installation,
    jobs::{self, runner::Runner, sweep},
    outgoing,
    settings::Mail,
};

/// The sockets of the embedded mail listeners. They are taken before anything else, so that a taken port is told early.
pub struct Doors {
    lmtp: Option<std::net::TcpListener>,
    smtp: Option<std::net::TcpListener>,
}

impl Doors {
    pub fn open(mail: &Mail) -> Result<Self, Stop> {
        Ok(Self { lmtp: bind("mail.lmtp", mail.lmtp)?, smtp: bind("mail.smtp", mail.smtp)? })
    }

    pub fn lmtp(&self) -> Option<SocketAddr> {
        self.lmtp.as_ref().and_then(|socket| socket.local_addr().ok())
    }

    pub fn smtp(&self) -> Option<SocketAddr> {
        self.smtp.as_ref().and_then(|socket| socket.local_addr().ok())
    }
}

fn bind(setting: &str, at: Option<SocketAddr>) -> Result<Option<std::net::TcpListener>, Stop> {
    let Some(at) = at else { return Ok(None) };
    std::net::TcpListener::bind(at).map(Some).map_err(|e| Stop::Failed(format!("{setting} = {at}: {e}")))
}

/// Starts everything. Each task ends when it is told to stop and what it has in hand is done.
pub async fn start(on: &Arc<Installation>, doors: Doors, stop: &CancellationToken) -> io::Result<JoinSet<()>> {
    let mut work = JoinSet::new();
    let patience = SignedDuration::from_mins(i64::from(on.settings.sending.silent_minutes));
    let (intake, opener, recovery) = (on.intake.clone(), on.opener.clone(), on.app.recovery.clone());
    let scanner = on.settings.scan.clamd();
    let jobs = jobs::Deps { intake, opener, recovery, paused: outgoing::paused, patience, scanner };
    let runner = Runner::new(on.app.store.clone(), on.app.clock.clone(), jobs::all(jobs));
    work.spawn(runner.run(stop.clone()));
    work.spawn(audit::keeper::run(on.app.store.clone(), on.app.clock.clone(), stop.clone()));
    work.spawn(sweep::run(on.intake.clone(), stop.clone()));
    work.spawn(Poller::new(on.intake.clone(), on.opener.clone(), stop.clone()).run());
    for (socket, protocol) in [(doors.lmtp, Protocol::Lmtp), (doors.smtp, Protocol::Smtp)] {
        if let Some(socket) = socket {
            socket.set_nonblocking(true)?;
            let limits = Limits { mail_bytes: on.settings.limits.mail_bytes, ..Limits::default() };
            let listener = Listener { protocol, hostname: on.settings.mail.hostname.clone(), limits };
            let backend = push::backend(on.intake.clone());
            work.spawn(listener::serve(TcpListener::from_std(socket)?, listener, backend, stop.clone()));
        }
    }
    if !on.app.store.is_embedded() {
        work.spawn(follow_keys(on.clone(), stop.clone()));
    }
    if let Some(path) = on.settings.admin_socket() {
        match admin_socket::open(&path) {
            Ok(door) => {
                work.spawn(admin_socket::serve(door, on.clone(), stop.clone()));
            }
            Err(e) => {
                let path = path.display();
                tracing::error!(runbook = "RB-ADMIN-SOCKET", error = %e, %path, "The command line's socket does not open.");
            }
        }
    }
    Ok(work)
}

/// How often another process's new signing key is looked for: well before it signs.
const FOLLOW: Duration = Duration::from_secs(30);

async fn follow_keys(on: Arc<Installation>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(FOLLOW)).await.is_some() {
        if let Err(e) = on.app.tokens.follow(&on.app.seal).await {
            tracing::warn!(error = %e, "the signing keys could not be looked up");
        }
    }
}
