//! `civicdesk demo` as a person starts it, in a directory of its own.

use std::{
    fs,
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    Client, Mail,
    program::{Site, civicdesk},
};

/// Two weeks of mail are told on a busy machine, too.
const DEADLINE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(50);

/// A running demo. It ends with this value.
pub struct Demo {
    process: Option<Child>,
    site: Arc<Site>,
    root: TempDir,
}

impl Demo {
    /// Starts a demo in a new directory, and is back when the story is told.
    pub fn start() -> Self {
        let mut demo = Self::new();
        demo.run();
        demo
    }

    /// Starts one in a copy of the directory that `told` left behind.
    pub fn again(told: &Path) -> Self {
        let mut demo = Self::new();
        copy(told, &demo.directory());
        demo.run();
        demo
    }

    fn new() -> Self {
        let root = tempfile::Builder::new().prefix("civicdesk-demo.").tempdir().expect("a temporary directory");
        Self { process: None, site: Arc::default(), root }
    }

    fn run(&mut self) {
        let dir = self.directory();
        fs::remove_file(dir.join("demo.json")).ok();
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).expect("a log file");
        let mut command = civicdesk();
        command.args(["demo", "--port", "0", "--dir"]).arg(&dir).current_dir(self.root.path());
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        let process = self.process.insert(command.spawn().expect("civicdesk starts"));
        let end = Instant::now() + DEADLINE;
        let ready = loop {
            if let Some(ready) =
                fs::read(dir.join("demo.json")).ok().and_then(|text| serde_json::from_slice(&text).ok())
            {
                break ready;
            }
            let said = || fs::read_to_string(self.root.path().join("demo.log")).unwrap_or_default();
            if let Some(status) = process.try_wait().expect("a process to ask") {
                panic!("civicdesk demo ended at once with {status}:\n{}", said());
            }
            assert!(Instant::now() < end, "no demo.json within {} s:\n{}", DEADLINE.as_secs(), said());
            thread::sleep(PAUSE);
        };
        self.site.is_at(ready);
    }

    /// Tries to start a second one in its directory, and gives what that says as it ends.
    pub fn refuses_another(&self) -> String {
        let mut command = civicdesk();
        command.args(["demo", "--port", "0", "--dir"]).arg(self.directory()).stdin(Stdio::null());
        let output = command.output().expect("civicdesk starts");
        assert!(!output.status.success(), "two demos in one directory");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Ends it as Ctrl-C does.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("kill runs");
        let status = process.wait().expect("a process to reap");
        assert!(status.success(), "the demo ended with {status}:\n{}", self.said());
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a process to kill");
            process.wait().expect("a process to reap");
        }
    }

    /// Starts it again in its directory.
    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    /// What `demo.json` says.
    pub fn ready(&self) -> Value {
        let text = fs::read(self.directory().join("demo.json")).expect("demo.json");
        serde_json::from_slice(&text).expect("JSON in demo.json")
    }

    /// A caller with the API key of this tenant.
    pub fn agency(&self, slug: &str) -> Client {
        let ready = self.ready();
        let tenants = ready["tenants"].as_array().expect("tenants");
        let tenant = tenants.iter().find(|t| t["slug"] == slug).expect("the tenant");
        self.client(tenant["api_key"].as_str())
    }

    pub fn client(&self, bearer: Option<&str>) -> Client {
        Client::new(Arc::clone(&self.site), bearer.map(str::to_owned))
    }

    pub fn smtp(&self) -> Mail {
        Mail::smtp(&self.site.member("smtp"))
    }

    /// The mails that "arrived".
    pub fn sent(&self) -> Vec<String> {
        let files = fs::read_dir(self.directory().join("sent")).expect("the folder of sent mail");
        let mut paths: Vec<PathBuf> = files.map(|f| f.expect("a file").path()).collect();
        paths.sort();
        paths.iter().map(|path| String::from_utf8_lossy(&fs::read(path).expect("a mail")).into_owned()).collect()
    }

    pub fn directory(&self) -> PathBuf {
        self.root.path().join("demo")
    }

    /// Everything that it has printed.
    pub fn said(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.root.path().join("demo.log")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.said();
            let troubles: Vec<&str> =
                log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
            eprintln!("the demo's troubles:\n{}", troubles.join("\n"));
        }
        self.kill9();
    }
}

/// Copies a directory with everything in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory to copy") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a copied file");
        }
    }
}
