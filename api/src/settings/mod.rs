//! What the operator sets: one documented file, then the environment over it.

mod cidr;
mod layers;
mod near;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use civicdesk_contract::Secret;
use serde::Deserialize;

pub use cidr::Cidr;
pub use layers::Wrong;

use crate::{
    cases::scan::Scanning,
    jobs::clamd::{Clamd, Place},
    store::Url,
};

/// Every setting with its default and its explanation; what `civicdesk settings` prints.
pub const DEFAULT: &str = include_str!("default.toml");

/// The settings of one process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: Server,
    pub database: Database,
    pub mail: Mail,
    pub sending: Sending,
    pub keys: Keys,
    pub blobs: Blobs,
    pub scan: Scan,
    pub limits: Limits,
    pub network: Network,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub run_file: Option<PathBuf>,
    pub trusted_proxies: Vec<Cidr>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: Secret,
    pub owner_url: Option<Secret>,
    pub backup_url: Option<Secret>,
    pub threads: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub lmtp: Option<SocketAddr>,
    pub smtp: Option<SocketAddr>,
    pub hostname: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    pub silent_minutes: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub master_key_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blobs {
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    pub clamd: Option<String>,
    pub when_down: WhenDown,
    pub patience_seconds: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenDown {
    Hold,
    Pass,
}

impl Scan {
    /// The scanner, where one is named.
    pub fn clamd(&self) -> Option<Clamd> {
        let place = Place::parse(self.clamd.as_deref()?)?;
        Some(Clamd { place, patience: Duration::from_secs(u64::from(self.patience_seconds)) })
    }

    pub fn scanning(&self) -> Scanning {
        match (&self.clamd, self.when_down) {
            (None, _) => Scanning::Off,
            (Some(_), WhenDown::Hold) => Scanning::Hold,
            (Some(_), WhenDown::Pass) => Scanning::Pass,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub mail_bytes: usize,
    pub body_bytes: usize,
    pub attachment_bytes: usize,
    pub requests_per_minute: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub allow_private: Vec<Cidr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Settings {
    /// The defaults, then the file, then the environment. Says which setting is wrong, and where it was given.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, Wrong> {
        let settings = layers::read(file, environment)?;
        settings.check()?;
        Ok(settings)
    }

    /// What no single setting can know: whether they fit together.
    fn check(&self) -> Result<(), Wrong> {
        let wrong = |text: &str| Err(Wrong(text.to_owned()));
        let url = self.store_url()?;
        if let Some(public) = &self.server.public_url
            && (!(public.starts_with("https://") || public.starts_with("http://")) || public.ends_with('/'))
        {
            return wrong("server.public_url must start with https:// or http:// and end without a slash");
        }
        if self.server.tls_cert.is_some() != self.server.tls_key.is_some() {
            return wrong("server.tls_cert and server.tls_key belong together: set both or neither");
        }
        if self.scan.clamd.is_some() && self.scan.clamd().is_none() {
            return wrong("scan.clamd must be host:port or unix:/path/to/socket");
        }
        if self.scan.patience_seconds == 0 {
            return wrong("scan.patience_seconds must be at least 1");
        }
        if self.sending.silent_minutes == 0 {
            return wrong("sending.silent_minutes must be at least 1");
        }
        if self.database.threads == 0 {
            return wrong("database.threads must be at least 1");
        }
        if self.blobs.url.as_ref().is_some_and(|url| url.strip_prefix("file:").is_none_or(str::is_empty)) {
            return wrong("blobs.url must be file:DIRECTORY");
        }
        if matches!(url, Url::Postgres(_)) && (self.keys.master_key_file.is_none() || self.blobs.url.is_none()) {
            return wrong(
                "with PostgreSQL, keys.master_key_file and blobs.url must be set: there is no directory to put them in",
            );
        }
        Ok(())
    }

    /// Where the data lie.
    pub fn store_url(&self) -> Result<Url, Wrong> {
        Url::parse(self.database.url.expose()).map_err(|e| Wrong(e.to_string()))
    }

    /// The embedded engine's directory, where it is used.
    pub fn data_dir(&self) -> Option<PathBuf> {
        match self.store_url() {
            Ok(Url::Sqlite(dir)) => Some(dir),
            _ => None,
        }
    }

    pub fn master_key_file(&self) -> Option<PathBuf> {
        self.keys.master_key_file.clone().or_else(|| Some(self.data_dir()?.join("master.key")))
    }

    pub fn blobs_dir(&self) -> Option<PathBuf> {
        match self.blobs.url.as_ref().and_then(|url| url.strip_prefix("file:")) {
            Some(dir) => Some(PathBuf::from(dir)),
            None => Some(self.data_dir()?.join("blobs")),
        }
    }

    pub fn run_file(&self) -> Option<PathBuf> {
        self.server.run_file.clone().or_else(|| Some(self.data_dir()?.join("serve.json")))
    }

    /// The local socket on which a running server takes the CLI's commands.
    pub fn admin_socket(&self) -> Option<PathBuf> {
        Some(self.data_dir()?.join("admin.sock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(toml: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my.toml");
        std::fs::write(&file, toml).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Settings::load(Some(&file), environment).map_err(|e| e.to_string())
    }

    #[test]
    fn the_printed_file_is_a_settings_file_and_every_line_of_it_is_a_setting() {
        let plain = given(DEFAULT, &[]).unwrap();
        assert_eq!(plain.data_dir().unwrap(), Path::new("civicdesk-data"));
        let all: String = DEFAULT
            .lines()
            .map(|line| {
                let bare = line.strip_prefix("# ").filter(|l| layers::key_of(l).is_some()).unwrap_or(line);
                format!("{bare}\n")
            })
            .collect();
        let all = given(&all, &[]).unwrap();
        assert_eq!(all.mail.lmtp.unwrap().port(), 2424);
        assert!(all.database.owner_url.is_some() && all.server.tls_key.is_some() && all.keys.master_key_file.is_some());
    }

    #[test]
    fn an_unknown_setting_is_refused_with_file_line_and_the_nearest_known_one() {
        let e = given("[server]\n\nlisten = \"127.0.0.1:0\"\npublic_ulr = \"x\"\n", &[]).unwrap_err();
        assert!(
            e.contains("my.toml:4:") && e.contains("`server.public_ulr`") && e.contains("`server.public_url`"),
            "{e}"
        );
        let e = given("[databse]\nurl = \"x\"\n", &[]).unwrap_err();
        assert!(e.contains("my.toml:1:") && e.contains("`databse`") && e.contains("`database`"), "{e}");
        let e = given("[server]\nthreads = 3\n", &[]).unwrap_err();
        assert!(e.contains("`database.threads`"), "a key under the wrong section names the right one: {e}");
    }

    #[test]
    fn a_setting_of_the_wrong_kind_is_refused_with_its_name_and_line() {
        let e = given("[database]\nthreads = \"many\"\n", &[]).unwrap_err();
        assert!(e.contains("my.toml:2:") && e.contains("database.threads"), "{e}");
        let e = given("[network]\nallow_private = [\"10.0.0.0/40\"]\n", &[]).unwrap_err();
        assert!(e.contains("my.toml:2:") && e.contains("network.allow_private"), "{e}");
    }

    #[test]
    fn the_environment_wins_over_the_file_and_its_mistakes_are_named() {
        let set = given("[database]\nthreads = 3\n", &[("CIVICDESK_DATABASE__THREADS", "5")]).unwrap();
        assert_eq!(set.database.threads, 5);
        let set = given("", &[("CIVICDESK_NETWORK__ALLOW_PRIVATE", "10.0.0.0/8, 127.0.0.1")]).unwrap();
        assert_eq!(set.network.allow_private.len(), 2);
        let e = given("", &[("CIVICDESK_DATABASE__URI", "x")]).unwrap_err();
        assert!(e.contains("CIVICDESK_DATABASE__URI") && e.contains("CIVICDESK_DATABASE__URL"), "{e}");
        let e = given("", &[("CIVICDESK_DATABASE_URL", "x")]).unwrap_err();
        assert!(e.contains("CIVICDESK_DATABASE__URL"), "{e}");
        let e = given("", &[("CIVICDESK_DATABASE__THREADS", "many")]).unwrap_err();
        assert!(e.contains("CIVICDESK_DATABASE__THREADS"), "{e}");
        given("", &[("CIVICDESK_PORT", "tcp://10.0.0.1:80")]).expect("what a container platform sets is none of ours");
    }

    #[test]
    fn a_database_of_an_unknown_kind_is_refused_and_its_password_not_repeated() {
        let e = given("[database]\nurl = \"mysql://me:hunter2@db/x\"\n", &[]).unwrap_err();
        assert!(e.contains("database.url") && !e.contains("hunter2"), "{e}");
        let e = given("[database]\nurl = 5\n", &[]).unwrap_err();
        assert!(e.contains("database.url"), "{e}");
    }

    #[test]
    fn settings_print_no_password() {
        let set = given("", &[("CIVICDESK_DATABASE__OWNER_URL", "postgres://o:hunter2@db/x")]).unwrap();
        assert!(!format!("{set:?}").contains("hunter2"));
    }
}
