//! What a test asks of the program before it starts, written as the program's own settings file.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::{Value, json};

/// How the program is to be started; `Options::default()` is an ordinary installation.
#[derive(Default)]
pub struct Options {
    clock: Option<Timestamp>,
    settings: BTreeMap<String, BTreeMap<String, Value>>,
    environment: BTreeMap<String, String>,
    binary: Option<PathBuf>,
}

impl Options {
    /// Starts the program with a movable clock that stands at this instant.
    pub fn clock(mut self, now: &str) -> Self {
        self.clock = Some(now.parse().expect("an RFC 3339 instant"));
        self
    }

    /// Sets one key of one section of the settings file.
    pub fn set(mut self, section: &str, key: &str, value: impl Into<Value>) -> Self {
        self.settings.entry(section.into()).or_default().insert(key.into(), value.into());
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Starts another program than the one that was built beside the tests.
    pub fn binary(mut self, path: PathBuf) -> Self {
        self.binary = Some(path);
        self
    }

    pub(super) fn named_binary(&self) -> Option<&Path> {
        self.binary.as_deref()
    }

    pub(super) fn instant(&self) -> Option<Timestamp> {
        self.clock
    }

    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Fills in what the test did not say: ports of the system's choice, and everything inside `directory`.
    pub(super) fn complete(mut self, directory: &Path, database: [(&str, String); 2]) -> Self {
        let inside = |name: &str| json!(directory.join(name).to_str().expect("a temporary directory in UTF-8"));
        let defaults = [
            ("server", "listen", json!("127.0.0.1:0")),
            ("server", "run_file", inside("serve.json")),
            ("mail", "lmtp", json!("127.0.0.1:0")),
            ("mail", "smtp", json!("127.0.0.1:0")),
            ("keys", "master_key_file", inside("master.key")),
            ("blobs", "url", json!(format!("file:{}", directory.join("blobs").display()))),
        ];
        let urls = database.map(|(key, url)| ("database", key, json!(url)));
        for (section, key, value) in defaults.into_iter().chain(urls).filter(|(_, _, value)| *value != "") {
            self.settings.entry(section.into()).or_default().entry(key.into()).or_insert(value);
        }
        self
    }

    /// The settings as TOML, in which JSON's scalars and lists are at home.
    pub(super) fn toml(&self) -> String {
        let mut text = String::new();
        for (section, keys) in &self.settings {
            writeln!(text, "[{section}]").expect("a string grows");
            for (key, value) in keys {
                writeln!(text, "{key} = {value}").expect("a string grows");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_sets_stands_beside_the_defaults() {
        let options = Options::default().set("mail", "lmtp", "127.0.0.1:24").set("limits", "mail_bytes", 1000);
        let urls = [("url", "sqlite:/tmp/x".to_owned()), ("owner_url", String::new())];
        let text = options.complete(Path::new("/tmp"), urls).toml();
        for line in
            ["lmtp = \"127.0.0.1:24\"", "smtp = \"127.0.0.1:0\"", "mail_bytes = 1000", "url = \"sqlite:/tmp/x\""]
        {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert!(!text.contains("owner_url"), "{text}");
    }
}
