//! The network as connectors see it: time-outs, no redirects, and no address inside unless the operator allows it.
//!
//! A tenant's settings name hosts, so a tenant could name our own. Every address is therefore checked at the moment of
//! dialling, after the name was resolved: a name that points elsewhere a second later gains nothing.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use civicdesk_contract::{Clock, Dial, Tools};
use reqwest::{
    Proxy, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::fail::Fail;

const CONNECT: Duration = Duration::from_secs(10);
/// Silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(30);
const WHOLE_CALL: Duration = Duration::from_secs(60);

/// Stands for every address that is written as a number and may not be reached: resolving it fails.
const REFUSED: &str = "private-address.invalid";

/// Which addresses may be dialled.
#[derive(Clone)]
pub struct Reach(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reach")
    }
}

impl Reach {
    /// Public addresses, and those for which `allowed` answers yes.
    pub fn new(allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |address| is_public(address) || allowed(address)))
    }

    fn permits(&self, address: IpAddr) -> bool {
        (self.0)(address.to_canonical())
    }

    /// Resolves a name to the addresses that may be dialled.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let found: Vec<SocketAddr> = timeout(CONNECT, lookup_host((host, port))).await??.collect();
        let permitted: Vec<SocketAddr> = found.iter().copied().filter(|a| self.permits(a.ip())).collect();
        if permitted.is_empty() && !found.is_empty() {
            return Err(inside(host));
        }
        Ok(permitted)
    }
}

/// What is lent to every channel.
pub fn tools(clock: Arc<dyn Clock>, reach: &Reach) -> Result<Tools, Fail> {
    Ok(Tools { clock, dial: Arc::new(reach.clone()), http: client(reach)? })
}

#[async_trait]
impl Dial for Reach {
    async fn dial(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut last = io::Error::new(ErrorKind::NotFound, format!("{host}: there is no such host"));
        for address in self.resolve(host, port).await? {
            match timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Mail protocols speak in small pieces.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(e)) => last = e,
                Err(_) => last = io::Error::new(ErrorKind::TimedOut, format!("{address} does not answer")),
            }
        }
        Err(last)
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            if name.as_str() == REFUSED {
                return Err(inside("this address").into());
            }
            let addresses = Self::resolve(&reach, name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the guarded client is made")]
fn client(reach: &Reach) -> Result<reqwest::Client, Fail> {
    let numbers = reach.clone();
    // The resolver is not asked about an address written as a number, so such a call is sent to a name it refuses.
    let refuse_numbers = Proxy::custom(move |url: &Url| {
        let address = url.host_str().and_then(|h| h.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        address.filter(|a| !numbers.permits(*a)).map(|_| format!("http://{REFUSED}"))
    });
    let built = reqwest::Client::builder()
        .no_proxy()
        .proxy(refuse_numbers)
        .dns_resolver(Arc::new(reach.clone()))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .timeout(WHOLE_CALL)
        .user_agent(concat!("CivicDesk/", env!("CARGO_PKG_VERSION")))
        .build();
    built.map_err(|e| Fail::Broken(format!("the HTTP client for connectors: {e}")))
}

fn inside(host: &str) -> io::Error {
    let text = format!("{host} is a private address; the operator can allow it with network.allow_private");
    io::Error::new(ErrorKind::PermissionDenied, text)
}

/// Whether an address belongs to the internet at large.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(a) => is_public_v4(a),
        IpAddr::V6(a) => is_public_v6(a),
    }
}

fn is_public_v4(a: Ipv4Addr) -> bool {
    let [first, second, third, _] = a.octets();
    let inside = a.is_private()
        || a.is_loopback()
        || a.is_link_local()
        || a.is_multicast()
        || a.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (second == 18 || second == 19));
    !inside
}

/// Only 2000::/3 is handed out, less what tunnels to somewhere else or is for documentation.
fn is_public_v6(a: Ipv6Addr) -> bool {
    let [first, second, ..] = a.segments();
    let teredo_and_others = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    (0x2000..0x4000).contains(&first) && first != 0x2002 && !teredo_and_others && !documentation
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::SystemClock;
    use tokio::net::TcpListener;

    use super::*;

    const INSIDE: &[&str] = &[
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "ff02::1",
    ];

    #[test]
    fn no_address_inside_counts_as_public() {
        for address in INSIDE {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "100.63.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "2a00::1", "2606:4700::1111"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_private_address_is_reached_only_where_the_operator_allows_it() {
        let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = canary.local_addr().unwrap().port();
        let closed = Reach::new(|_| false);
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "127.1"] {
            assert!(closed.dial(host, port).await.is_err(), "{host}");
        }
        let refusal = closed.dial("127.0.0.1", port).await.unwrap_err();
        assert!(refusal.to_string().contains("network.allow_private"), "{refusal}");
        let nobody = tokio::time::timeout(Duration::from_millis(50), canary.accept()).await;
        assert!(nobody.is_err(), "nothing may have reached the canary");

        let open = Reach::new(|address| address.is_loopback());
        open.dial("127.0.0.1", port).await.unwrap();
        canary.accept().await.unwrap();
    }

    #[tokio::test]
    async fn the_http_client_reaches_nothing_inside_however_the_address_is_spelled() {
        let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = canary.local_addr().unwrap().port();
        let http = tools(Arc::new(SystemClock), &Reach::new(|_| false)).unwrap().http;
        for host in ["127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"] {
            for scheme in ["http", "https"] {
                let called = http.get(format!("{scheme}://u:p@{host}:{port}/")).send().await;
                assert!(called.is_err(), "{scheme}://{host}");
            }
        }
        let nobody = tokio::time::timeout(Duration::from_millis(50), canary.accept()).await;
        assert!(nobody.is_err(), "nothing may have reached the canary");
    }

    #[tokio::test]
    async fn the_http_client_follows_no_redirect() {
        let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = site.local_addr().unwrap().port();
        let http = tools(Arc::new(SystemClock), &Reach::new(|a| a.is_loopback())).unwrap().http;
        let serve = async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut stream, _) = site.accept().await.unwrap();
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).await.unwrap() > 0);
            let to = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(to.as_bytes()).await.unwrap();
        };
        let (answer, ()) = tokio::join!(http.get(format!("http://127.0.0.1:{port}/")).send(), serve);
        assert_eq!(answer.unwrap().status(), 302);
    }
}
