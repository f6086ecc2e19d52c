//! Runs the service on a socket, on threads of its own, until it is told to stop.

use std::{
    io,
    net::TcpListener,
    num::NonZero,
    thread::{self, JoinHandle},
};

use actix_web::{HttpServer, rt::System};
use rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::Front;

/// How long requests in hand may take once the service is told to stop, in seconds.
const FINISH: u64 = 25;

/// Starts the service. The thread ends when the last request in hand is answered.
pub fn start(
    front: Front,
    socket: TcpListener,
    tls: Option<ServerConfig>,
    stop: CancellationToken,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let threads = thread::available_parallelism().map_or(2, NonZero::get);
    thread::Builder::new().name("http".to_owned()).spawn(move || {
        System::new().block_on(async move {
            let server = HttpServer::new(move || front.build());
            let server = server.workers(threads).disable_signals().shutdown_timeout(FINISH);
            let server = match tls {
                Some(config) => server.listen_rustls_0_23(socket, config)?,
                None => server.listen(socket)?,
            }
            .run();
            let handle = server.handle();
            actix_web::rt::spawn(async move {
                stop.cancelled().await;
                handle.stop(true).await;
            });
            server.await
        })
    })
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
