//! The demo's directory: whose it is, whether the story in it is told, and what lies where.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::agencies::Keys;

/// What stands in the directory while the story is told. With it, everything else there is worth nothing.
const UNFINISHED: &str = "unfinished";
const KEYS: &str = "keys.json";
/// What the demo makes in its directory apart from its keys.
const MADE: [&str; 2] = ["data", "sent"];

/// A directory that this process alone uses.
pub struct Place {
    dir: PathBuf,
    _lock: File,
}

impl Place {
    /// Takes a new directory or an earlier demo's own; what an interrupted start left behind is cleared away.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let dir = std::path::absolute(dir)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let ours = [KEYS, UNFINISHED, "lock"].iter().any(|name| dir.join(name).exists());
        if !ours && fs::read_dir(&dir)?.next().is_some() {
            return Err(io::Error::other(format!(
                "{} holds something else than a demo: name an empty directory with --dir",
                dir.display()
            )));
        }
        let lock = File::create(dir.join("lock"))?;
        lock.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => io::Error::other(format!(
                "a demo already runs in {}: stop it, or name another directory with --dir",
                dir.display()
            )),
            TryLockError::Error(e) => e,
        })?;
        let place = Self { dir, _lock: lock };
        for stale in ["demo.json", "demo.new"] {
            remove(&place.dir.join(stale), |path| fs::remove_file(path))?;
        }
        if place.keys()?.is_some() {
            return Ok(place);
        }
        for made in MADE {
            remove(&place.dir.join(made), |path| fs::remove_dir_all(path))?;
        }
        File::create(place.dir.join(UNFINISHED))?;
        Ok(place)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The keys of a story that was told to its end.
    pub fn keys(&self) -> io::Result<Option<Keys>> {
        match fs::read(self.dir.join(KEYS)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Notes that the story is told.
    pub fn finish(&self, keys: &Keys) -> io::Result<()> {
        write_secret(&self.dir.join(KEYS), keys)?;
        remove(&self.dir.join(UNFINISHED), |path| fs::remove_file(path))
    }

    /// Tells programs where the demo answers and what opens it.
    pub fn announce(&self, ready: &impl Serialize) -> io::Result<()> {
        write_secret(&self.dir.join("demo.json"), ready)
    }

    /// Writes the settings, so that every other command of the program can be tried on the demo.
    pub fn write_settings(&self, http: SocketAddr, lmtp: SocketAddr, smtp: SocketAddr) -> io::Result<PathBuf> {
        let file = self.dir.join("civicdesk.toml");
        let url = serde_json::to_string(&format!("sqlite:{}", self.dir.join("data").display()))?;
        let text = format!(
            "# Written at every start of `civicdesk demo`; `civicdesk settings` explains each line and all others.\n\
             [server]\nlisten = \"{http}\"\n\n[database]\nurl = {url}\n\n[mail]\nlmtp = \"{lmtp}\"\nsmtp = \"{smtp}\"\n\n\
             [network]\nallow_private = [\"127.0.0.1\"]\n\n# Whoever tries a demo may hurry.\n\
             [limits]\nrequests_per_minute = 60000\n\n[log]\nlevel = \"warn\"\n"
        );
        fs::write(&file, text)?;
        Ok(file)
    }
}

fn remove(path: &Path, how: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match how(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Writes a file of passwords and keys for its owner's eyes, whole or not at all.
fn write_secret(file: &Path, value: &impl Serialize) -> io::Result<()> {
    let fresh = file.with_extension("new");
    remove(&fresh, |path| fs::remove_file(path))?;
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    out.write_all(serde_json::to_string_pretty(value)?.as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    fs::rename(fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { operator_key: "k".into(), tenants: vec![] }
    }

    #[test]
    fn a_told_story_is_kept_and_an_interrupted_one_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let begin = || Place::open(&dir.path().join("demo")).unwrap();
        let place = begin();
        fs::create_dir(place.path("data")).unwrap();
        drop(place);
        let place = begin();
        assert!(!place.path("data").exists(), "the first start was interrupted");
        fs::create_dir(place.path("data")).unwrap();
        place.finish(&keys()).unwrap();
        drop(place);
        let place = begin();
        assert!(place.path("data").exists());
        assert_eq!(place.keys().unwrap().unwrap().operator_key, "k");
    }

    #[test]
    fn a_directory_of_somebody_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        assert!(Place::open(dir.path()).is_err());
        assert!(dir.path().join("data").exists());
    }

    #[test]
    fn two_demos_do_not_share_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Place::open(dir.path()).unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        assert!(Place::open(dir.path()).is_err());
        assert!(dir.path().join("data").exists());
    }
}
