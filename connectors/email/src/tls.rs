//! One connection to a mail server, in the open or encrypted, and what to say when it cannot be made.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use civicdesk_contract::{Error, Kind, Result, Retry, Tools};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// How long connecting and each encryption handshake may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a mail server.
#[derive(Debug)]
pub enum Wire {
    Open(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Open(stream) => stream.peer_addr(),
            Self::Encrypted(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

/// Connects, and knows whom to trust.
#[derive(Debug)]
pub struct Connector {
    tools: Tools,
    ca_file: Option<String>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Connector {
    pub fn new(tools: Tools, ca_file: Option<String>) -> Self {
        Self { tools, ca_file, config: OnceCell::new() }
    }

    pub async fn connect(&self, operation: &'static str, host: &str, port: u16) -> Result<TcpStream> {
        let dialled = match timeout(PATIENCE, self.tools.dial.dial(host, port)).await {
            Ok(dialled) => dialled,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        let stream = dialled.map_err(|e| Error::unreachable(operation, format!("{host}:{port}: {}", words(&e))))?;
        // Commands are small and each waits for its answer.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    pub async fn encrypt(&self, operation: &'static str, host: &str, stream: TcpStream) -> Result<Wire> {
        let config = self.config.get_or_try_init(|| client_config(self.ca_file.clone())).await?;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| Error::settings(format!("{host} is not a name that a certificate can carry")))?;
        match timeout(PATIENCE, TlsConnector::from(config.clone()).connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Wire::Encrypted(Box::new(stream))),
            Ok(Err(e)) => Err(tls_error(operation, host, &e)),
            Err(_) => Err(Error::unreachable(operation, format!("{host} did not finish the encryption handshake"))),
        }
    }
}

fn tls_error(operation: &'static str, host: &str, error: &io::Error) -> Error {
    match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => Error::new(
            Kind::Settings,
            Retry::Later,
            operation,
            format!(
                "the certificate of {host} is not trusted ({why}); check the host name, or name its authority in `ca_file`"
            ),
        ),
        Some(rustls::Error::InvalidMessage(_)) => Error::new(
            Kind::Settings,
            Retry::Later,
            operation,
            format!("{host} does not speak TLS on this port; try `security: starttls`, or another port"),
        ),
        _ => Error::unreachable(operation, format!("no encryption with {host}: {}", words(error))),
    }
}

/// What went wrong, for people.
pub fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there (connection refused)".to_owned(),
        io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "the server broke off the connection".to_owned()
        }
        _ => error.to_string(),
    }
}

async fn client_config(ca_file: Option<String>) -> Result<Arc<ClientConfig>> {
    let mut roots = machine_roots().await;
    if let Some(path) = ca_file {
        let pem = tokio::fs::read(&path).await.map_err(|e| Error::settings(format!("ca_file {path}: {e}")))?;
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            certificate
                .map_err(|e| e.to_string())
                .and_then(|c| roots.add(c).map_err(|e| e.to_string()))
                .map_err(|e| Error::settings(format!("ca_file {path}: {e}")))?;
        }
        if roots.len() == before {
            return Err(Error::settings(format!("ca_file {path} holds no certificate")));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::settings(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The machine's authorities, read once for all channels.
async fn machine_roots() -> RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    };
    tokio::task::spawn_blocking(move || ROOTS.get_or_init(read).clone())
        .await
        .unwrap_or_else(|_| RootCertStore::empty())
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(s) => Pin::new(s).poll_read(cx, buf),
            Self::Encrypted(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Open(s) => Pin::new(s).poll_write(cx, buf),
            Self::Encrypted(s) => Pin::new(s).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(s) => Pin::new(s).poll_flush(cx),
            Self::Encrypted(s) => Pin::new(s).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(s) => Pin::new(s).poll_shutdown(cx),
            Self::Encrypted(s) => Pin::new(s).poll_shutdown(cx),
        }
    }
}
