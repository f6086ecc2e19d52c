//! What the host lends, for tests: the machine's clock and network, without a guard.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::net::TcpStream;

use crate::{Dial, SystemClock, Tools};

/// Tools that reach a fake provider on this machine.
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test's own client, which must reach loopback")]
pub fn tools() -> Tools {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a plain HTTP client can be built");
    Tools { clock: Arc::new(SystemClock), dial: Arc::new(AnyAddress), http }
}

#[derive(Debug)]
struct AnyAddress;

#[async_trait]
impl Dial for AnyAddress {
    async fn dial(&self, host: &str, port: u16) -> std::io::Result<TcpStream> {
        TcpStream::connect((host, port)).await
    }
}
