//! What the host lends a connector: time, the network and one HTTP client, so that none makes its own.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::net::TcpStream;

/// The time. Injected, so that tests move it.
pub trait Clock: Send + Sync + fmt::Debug {
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Opens a TCP connection where the host's policy allows it; every address is checked at the moment of dialling.
#[async_trait]
pub trait Dial: Send + Sync + fmt::Debug {
    async fn dial(&self, host: &str, port: u16) -> std::io::Result<TcpStream>;
}

/// Lent to a channel when it is opened.
#[derive(Clone, Debug)]
pub struct Tools {
    pub clock: Arc<dyn Clock>,
    pub dial: Arc<dyn Dial>,
    /// Has time-outs, follows no redirect and reaches no private address unless the operator allows it.
    pub http: reqwest::Client,
}
