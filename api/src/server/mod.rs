//! The program at work: opens the installation, starts everything that listens or works, and ends in good order.

mod run_file;
mod work;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use civicdesk_contract::Connector;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{self, Context, Stop},
    http::{self, Front},
    installation::Installation,
    metrics, tls,
};

/// How long the work in hand may take once the program is told to stop.
const FINISH: Duration = Duration::from_secs(30);
/// Threads on which jobs and connectors run, apart from HTTP's.
const WORKERS: usize = 2;

/// The program, made of the connectors that its binary lists.
#[derive(Default)]
pub struct Server {
    connectors: Vec<Arc<dyn Connector>>,
}

impl Server {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connectors.push(connector);
        self
    }

    /// Does what the command line asks.
    pub fn run(self) -> ExitCode {
        cli::run(self.connectors, std::env::args_os())
    }
}

/// What is at work once the program serves.
#[derive(Clone)]
pub struct Running {
    pub installation: Arc<Installation>,
    pub base_url: String,
    /// Where the embedded mail listeners are, if they are on.
    pub lmtp: Option<SocketAddr>,
    pub smtp: Option<SocketAddr>,
    /// Cancelled when the program is to end.
    pub stop: CancellationToken,
}

/// Serves until SIGTERM or SIGINT.
pub fn serve(context: Context) -> Result<(), Stop> {
    serve_and(context, |_| async { Ok(()) })
}

/// Serves until SIGTERM or SIGINT, and does `first` as soon as everything is at work; its failure ends the program.
pub fn serve_and<F, Doing>(context: Context, first: F) -> Result<(), Stop>
where
    F: FnOnce(Running) -> Doing,
    Doing: Future<Output = Result<(), Stop>>,
{
    let listen = context.settings.server.listen;
    let socket = TcpListener::bind(listen).map_err(|e| Stop::Failed(format!("server.listen = {listen}: {e}")))?;
    let tls = tls::server(&context.settings.server)?;
    let base_url = run_file::base_url(socket.local_addr().map_err(failed)?, tls.is_some());
    metrics::start().map_err(failed)?;
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).thread_name("work").enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let stop = CancellationToken::new();
    let doors = work::Doors::open(&context.settings.mail)?;
    let opened = Installation::open(context.settings, context.clock, context.connectors, base_url.clone());
    let opened = runtime.block_on(opened).map_err(|e| Stop::Failed(cli::words(&e)))?;
    let installation = Arc::new(opened);
    let mut signals = runtime.block_on(async { Signals::new() }).map_err(failed)?;
    let front = Front::new(installation.app.clone());
    let web = http::serve::start(front, socket, tls, stop.clone()).map_err(failed)?;
    let (lmtp, smtp) = (doors.lmtp(), doors.smtp());
    let work = runtime.block_on(work::start(&installation, doors, &stop)).map_err(failed)?;
    let running = Running { installation: installation.clone(), base_url, lmtp, smtp, stop: stop.clone() };
    let told = run_file::write(&running);
    tracing::info!(base_url = running.base_url, "Ready.");
    let done = runtime.block_on(async {
        let done = tokio::select! {
            done = first(running) => done,
            () = signals.wait(&web) => return Ok(()),
        };
        if done.is_ok() {
            signals.wait(&web).await;
        }
        done
    });
    tracing::info!("Stopping: what was accepted is finished first.");
    stop.cancel();
    runtime.block_on(finish(work));
    let web = web.join().map_err(|_| Stop::Failed("the HTTP service broke off; see the log".to_owned()))?;
    for file in [told, installation.settings.admin_socket()].into_iter().flatten() {
        let _ = std::fs::remove_file(file);
    }
    close(runtime, installation);
    web.map_err(failed).and(done)
}

fn failed(e: impl std::fmt::Display) -> Stop {
    Stop::Failed(e.to_string())
}

/// The signals that ask for an end. From the moment they are made, none ends the process by itself.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// Waits for one, or for an end of the HTTP service that nobody asked for.
    async fn wait(&mut self, web: &JoinHandle<io::Result<()>>) {
        let ended = async {
            while !web.is_finished() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
            () = ended => {}
        }
    }
}

/// Waits for the work in hand, for a while.
async fn finish(mut work: JoinSet<()>) {
    if timeout(FINISH, async { while work.join_next().await.is_some() {} }).await.is_err() {
        tracing::error!(runbook = "RB-SHUTDOWN", "Some work did not finish in time.");
    }
}

/// Lets go of the data before the threads that work on them.
fn close(runtime: Runtime, installation: Arc<Installation>) {
    drop(installation);
    runtime.shutdown_timeout(Duration::from_secs(1));
}
