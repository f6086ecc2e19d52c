//! The certificate with which the program serves HTTPS itself, where no proxy does it.

use std::path::Path;

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::settings::{Server, Wrong};

/// HTTPS as the settings ask for it, or none.
pub fn server(settings: &Server) -> Result<Option<ServerConfig>, Wrong> {
    let (Some(chain), Some(key)) = (&settings.tls_cert, &settings.tls_key) else { return Ok(None) };
    let wrong = |name: &str, file: &Path, e: &dyn std::fmt::Display| Wrong(format!("{name} = {}: {e}", file.display()));
    let certificates: Result<Vec<CertificateDer>, _> = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect);
    let certificates = certificates.map_err(|e| wrong("server.tls_cert", chain, &e))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong("server.tls_key", key, &e))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, private);
    config.map(Some).map_err(|e| wrong("server.tls_key", key, &e))
}
