//! The program under test: started as an operator starts it, watched through its files, and killed without warning.

use std::{
    env, fs,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Answer, Client, Clock, Database, Document, Mail, Options, Tenant, until};

/// Which database the program runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A `civicdesk serve` in a directory of its own, on a database of its own. It ends with this value.
pub struct Program {
    process: Option<Child>,
    site: Arc<Site>,
    clock: Option<Clock>,
    options: Options,
    database: Option<Database>,
    directory: TempDir,
}

/// Where the program answers now; a restart moves it.
#[derive(Default)]
pub(super) struct Site {
    ready: Mutex<Value>,
    document: OnceLock<Document>,
}

impl Program {
    pub fn start(engine: Engine) -> Self {
        Self::start_with(engine, Options::default())
    }

    pub fn start_with(engine: Engine, options: Options) -> Self {
        let directory = tempfile::Builder::new().prefix("civicdesk-test.").tempdir().expect("a temporary directory");
        let database = (engine == Engine::Postgres).then(Database::create);
        let urls = match &database {
            Some(database) => [("url", database.app_url()), ("owner_url", database.owner_url())],
            None => {
                [("url", format!("sqlite:{}", directory.path().join("data").display())), ("owner_url", String::new())]
            }
        };
        let clock = options.instant().map(|now| Clock::new(directory.path().join("clock"), now));
        let options = options.complete(directory.path(), urls);
        fs::write(directory.path().join("civicdesk.toml"), options.toml()).expect("the settings are written");
        let site = Arc::new(Site::default());
        let mut program = Self { process: None, site, clock, options, database, directory };
        program.migrate();
        program.run();
        program
    }

    /// Several programs create the same roles in one PostgreSQL server, and there the first of two at once fails.
    fn migrate(&self) {
        let lock = File::create(env::temp_dir().join("civicdesk-test-migrate.lock")).expect("a lock file");
        if self.database.is_some() {
            lock.lock().expect("the lock");
        }
        self.output(&["migrate"]).unwrap_or_else(|e| panic!("migrate: {e}"));
    }

    fn spawn(&self) -> Child {
        fs::remove_file(self.run_file()).ok();
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).expect("a log file");
        let mut command = self.command(&["serve"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        command.spawn().expect("civicdesk starts")
    }

    fn run(&mut self) {
        let run_file = self.run_file();
        let mut process = self.spawn();
        let ready = until("the program writes where it listens", || {
            if let Some(status) = process.try_wait().expect("a process to ask") {
                panic!("civicdesk serve ended at once with {status}:\n{}", self.log());
            }
            serde_json::from_str(&fs::read_to_string(&run_file).ok()?).ok()
        });
        self.process = Some(process);
        self.site.is_at(ready);
        let readyz = self.client(None).request("GET", "/readyz");
        until("/readyz answers 200", || readyz.clone().send_unjudged().ok().filter(|a: &Answer| a.status == 200));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.options.named_binary().map_or_else(civicdesk, started_by);
        command.arg("--config").arg(self.directory.path().join("civicdesk.toml"));
        if let Some(clock) = &self.clock {
            command.arg("--test-clock").arg(clock.file());
        }
        command.args(arguments).current_dir(self.directory.path()).envs(self.options.variables());
        command
    }

    fn output(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.command(arguments).stdin(Stdio::null()).output().expect("civicdesk starts");
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// Runs one command of the command line and gives its JSON.
    pub fn cli(&self, arguments: &[&str]) -> Value {
        let printed = self.output(&[arguments, &["--json"]].concat()).unwrap_or_else(|e| panic!("{arguments:?}: {e}"));
        serde_json::from_slice(&printed)
            .unwrap_or_else(|e| panic!("{arguments:?} printed no JSON ({e}):\n{}", String::from_utf8_lossy(&printed)))
    }

    /// Runs one command that must fail, and gives what it says to the person at the terminal.
    pub fn cli_refused(&self, arguments: &[&str]) -> String {
        match self.output(arguments) {
            Ok(printed) => panic!("{arguments:?} should have failed:\n{}", String::from_utf8_lossy(&printed)),
            Err(complaint) => complaint,
        }
    }

    /// A new agency with an administrator's key.
    pub fn tenant(&self, slug: &str) -> Tenant {
        Tenant::create(self, slug)
    }

    /// Where it answers, for a browser.
    pub fn base_url(&self) -> String {
        self.site.base_url()
    }

    /// A caller with this credential, or a stranger.
    pub fn client(&self, bearer: Option<&str>) -> Client {
        Client::new(Arc::clone(&self.site), bearer.map(str::to_owned))
    }

    pub fn lmtp(&self) -> Mail {
        Mail::lmtp(&self.site.member("lmtp"))
    }

    pub fn smtp(&self) -> Mail {
        Mail::smtp(&self.site.member("smtp"))
    }

    pub fn clock(&self) -> &Clock {
        self.clock.as_ref().expect("a program started with Options::clock")
    }

    pub fn engine(&self) -> Engine {
        if self.database.is_some() { Engine::Postgres } else { Engine::Sqlite }
    }

    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("a program on PostgreSQL")
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Everything the program has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn run_file(&self) -> PathBuf {
        self.directory.path().join("serve.json")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("program.log")
    }

    /// SIGKILL: nothing is finished, nothing is flushed.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a process to kill");
            process.wait().expect("a process to reap");
        }
    }

    /// Starts a program that is not running and kills it so soon after, ready or not.
    pub fn start_and_kill9(&mut self, after: Duration) {
        self.process = Some(self.spawn());
        std::thread::sleep(after);
        self.kill9();
    }

    /// SIGTERM, and the status with which the program ends once it has finished what it accepted.
    pub fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("a running program");
        let sent = Command::new("kill").arg(process.id().to_string()).status().expect("kill runs");
        assert!(sent.success(), "the program was gone before it was asked to stop:\n{}", self.log());
        until("the program ends after SIGTERM", || process.try_wait().expect("a process to ask"))
    }

    /// Starts the program again on the same directory and database, after `kill9` or `stop`, or stopping it first.
    pub fn restart(&mut self) {
        if self.process.is_some() {
            self.stop();
        }
        self.run();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            eprintln!("the program's last words:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

impl Site {
    pub(super) fn is_at(&self, ready: Value) {
        *self.ready.lock().expect("an address") = ready;
    }

    pub(super) fn base_url(&self) -> String {
        self.member("base_url")
    }

    pub(super) fn member(&self, name: &str) -> String {
        let ready = self.ready.lock().expect("an address");
        ready[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {ready}")).to_owned()
    }

    pub(super) fn document(self: &Arc<Self>) -> &Document {
        self.document.get_or_init(|| {
            let answer = Client::new(Arc::clone(self), None).request("GET", "/openapi.json").send_unjudged();
            Document::new(answer.expect("/openapi.json answers").expecting(200).json())
        })
    }
}

/// The program, about to be started. It takes settings from the environment; those of the tests are not meant for it.
pub(super) fn civicdesk() -> Command {
    started_by(&binary())
}

fn started_by(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name == "DATABASE_URL" || name.as_encoded_bytes().starts_with(b"CIVICDESK_") {
            command.env_remove(name);
        }
    }
    command
}

/// The program that cargo built beside the tests, unless `CIVICDESK_BIN` names another.
fn binary() -> PathBuf {
    if let Some(named) = env::var_os("CIVICDESK_BIN") {
        return named.into();
    }
    // Tests stand in target/PROFILE/deps, campaigns in target/PROFILE.
    let own = env::current_exe().expect("a program knows its own file");
    let built = own.ancestors().skip(1).take(2).map(|folder| folder.join("civicdesk")).find(|built| built.exists());
    built.unwrap_or_else(|| {
        panic!("no civicdesk beside {}: run `cargo build` first, or test with --workspace", own.display())
    })
}
