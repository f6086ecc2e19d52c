//! One connection to an LDAP server: dialled through the guard, encrypted as the settings say, and gone when it is dropped.

use std::{io, sync::Arc};

use civicdesk_contract::{Dial, Secret};
use ldap3::{LdapConnAsync, LdapConnSettings, Scope, SearchEntry, SearchOptions, StdStream};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{net::UnixStream, task::JoinHandle};
use tokio_rustls::TlsConnector;

use super::{
    guard,
    people::{self, Person},
};
use crate::{
    directories::{
        Down,
        settings::{LdapSettings, Security},
        told,
    },
    fail::Fail,
};

/// Result codes of RFC 4511 that are told apart.
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const NO_SUCH_OBJECT: u32 = 32;
const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
const INVALID_CREDENTIALS: u32 = 49;
const UNWILLING: u32 = 53;

/// More entries for one address are no help to anybody.
const MOST: i32 = 5;

pub struct Line {
    pub ldap: ldap3::Ldap,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Line {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Line {
    pub async fn open(settings: &LdapSettings, dial: &dyn Dial, config: Arc<ClientConfig>) -> Result<Self, Down> {
        let (host, port) = (settings.host.trim_matches(['[', ']']), settings.port());
        let opened = Self::dialled(settings.security, (host, port), dial, config).await;
        opened.map_err(|e| Down(format!("{host}:{port}: {e}")))
    }

    async fn dialled(
        security: Security,
        (host, port): (&str, u16),
        dial: &dyn Dial,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let mut stream = dial.dial(host, port).await?;
        let (library, network) = UnixStream::pair()?;
        if security == Security::StartTls {
            guard::start_tls(&mut stream).await?;
        }
        let relay = if security == Security::None {
            tokio::spawn(guard::relay(stream, network))
        } else {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            tokio::spawn(guard::relay(TlsConnector::from(config).connect(name, stream).await?, network))
        };
        // The library is handed its end of the relay: the address is there because it wants one.
        let wanted = LdapConnSettings::new().set_std_stream(StdStream::Unix(library.into_std()?));
        let opened = LdapConnAsync::with_settings(wanted, "ldapi://relay").await;
        let (connection, ldap) = opened.map_err(io::Error::other)?;
        // How it ends is seen by whoever waits for an answer.
        let driver = tokio::spawn(async move { drop(connection.drive().await) });
        Ok(Self { ldap, tasks: [relay, driver] })
    }

    /// Signs in as ourselves.
    pub async fn sign_in(&mut self, dn: &str, password: &Secret) -> Result<(), Down> {
        let answer = self.ldap.simple_bind(dn, password.expose()).await.map_err(broken)?;
        match answer.rc {
            SUCCESS => Ok(()),
            code => Err(refusal("to let us in", code, &answer.text, password)),
        }
    }

    /// Whether somebody is let in by a password. An empty one would let anybody in as nobody (RFC 4513, 5.1.2).
    pub async fn is_password(&mut self, dn: &str, password: &Secret) -> Result<bool, Down> {
        let asked = if password.expose().is_empty() { "\0" } else { password.expose() };
        let answer = self.ldap.simple_bind(dn, asked).await.map_err(broken)?;
        match answer.rc {
            SUCCESS => Ok(!password.expose().is_empty()),
            INVALID_CREDENTIALS | INAPPROPRIATE_AUTHENTICATION | NO_SUCH_OBJECT | UNWILLING => Ok(false),
            code => Err(refusal("to check a password", code, &answer.text, password)),
        }
    }

    /// The people below the base whom a filter fits.
    pub async fn search(&mut self, settings: &LdapSettings, filter: &str) -> Result<Vec<Person>, Down> {
        let seconds = i32::from(settings.timeout_seconds);
        let options = SearchOptions::new().sizelimit(MOST).timelimit(seconds);
        let searched = self.ldap.with_search_options(options);
        let searched = searched.search(&settings.base_dn, Scope::Subtree, filter, people::attributes(settings));
        let ldap3::SearchResult(entries, end) = searched.await.map_err(broken)?;
        match end.rc {
            SUCCESS | SIZE_LIMIT_EXCEEDED => {}
            code => return Err(refusal("a search", code, &end.text, &settings.bind_password)),
        }
        let whole = entries.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        Ok(whole.filter_map(|entry| people::read(settings, SearchEntry::construct(entry))).collect())
    }

    /// Sees whether the base can be read.
    pub async fn base_is_there(&mut self, settings: &LdapSettings) -> Result<(), Down> {
        let seen = self.ldap.search(&settings.base_dn, Scope::Base, "(objectClass=*)", vec!["1.1"]).await;
        let ldap3::SearchResult(entries, end) = seen.map_err(broken)?;
        match end.rc {
            SUCCESS if !entries.is_empty() => Ok(()),
            SUCCESS => Err(Down(format!("{} is not there, or not for us to see", settings.base_dn))),
            code => Err(refusal("to show the base", code, &end.text, &settings.bind_password)),
        }
    }
}

/// The library's words name operations and never what was asked.
pub fn broken(error: ldap3::LdapError) -> Down {
    Down(format!("the connection broke off: {error}"))
}

pub fn refusal(what: &str, code: u32, text: &str, secret: &Secret) -> Down {
    Down(format!("the server refused {what}: {code} {}", told(text, secret)))
}

/// How connections are encrypted, and whose certificates are believed.
pub fn encryption(ca: Option<&str>) -> Result<Arc<ClientConfig>, Fail> {
    let wrong = |why: &dyn std::fmt::Display| Fail::field("/ca", format!("cannot be taken: {why}"));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = ca {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
        }
        if roots.len() == before {
            return Err(wrong(&"it holds no certificate in PEM"));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Fail::Broken(e.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
