//! A directory with a settings file in which the built program is started, for tests of the command line.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// A directory with a settings file, in which the program is started.
pub struct Site {
    pub dir: TempDir,
}

impl Site {
    pub fn new() -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap() };
        site.settings("[server]\nlisten = \"127.0.0.1:0\"\n");
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn settings(&self, text: &str) {
        fs::write(self.path("civicdesk.toml"), text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_civicdesk"));
        command.args(["--config", "civicdesk.toml"]).args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let done = self.run(&[arguments, &["--json"]].concat());
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
        serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", said(&done)))
    }

    /// Runs a command that must fail with this exit code, and gives its words.
    pub fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {}", said(&done));
        String::from_utf8(done.stderr).unwrap()
    }

    pub fn serve(&self) -> Serving<'_> {
        let log = fs::File::create(self.path("log")).unwrap();
        let process = self.command(&["serve"]).stderr(log).spawn().unwrap();
        let mut serving = Serving { site: self, process };
        let ready = self.path("civicdesk-data/serve.json");
        until("the run file", || {
            assert_eq!(serving.process.try_wait().unwrap(), None, "it ended: {}", serving.log());
            ready.exists()
        });
        serving
    }
}

/// A running server. It ends with this value.
pub struct Serving<'a> {
    site: &'a Site,
    pub process: Child,
}

impl Serving<'_> {
    pub fn log(&self) -> String {
        fs::read_to_string(self.site.path("log")).unwrap()
    }

    pub fn ready(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.site.path("civicdesk-data/serve.json")).unwrap()).unwrap()
    }

    /// SIGTERM.
    pub fn tell_to_stop(&self) {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
    }

    pub fn ended(mut self) -> ExitStatus {
        let mut ended = None;
        until("the end", || {
            ended = self.process.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    pub fn stop(self) -> ExitStatus {
        self.tell_to_stop();
        self.ended()
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn said(done: &Output) -> String {
    format!("{}\n{}{}", done.status, String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

/// Makes a tenant.
pub fn create(site: &Site, slug: &str) -> Value {
    site.json(&["tenant", "create", "--slug", slug, "--name", &format!("City of {slug}")])
}
