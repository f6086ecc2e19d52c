//! The command line: what each command does, in a running server where one holds the data, and here where none does.

mod audit;
mod backup;
mod channel;
mod connectors;
mod demo;
mod directory;
mod doctor;
mod key;
mod migrate;
mod openapi;
mod order;
mod outgoing;
mod reach;
mod serve;
mod staff;
mod tenant;

use std::{ffi::OsString, path::PathBuf, process::ExitCode, sync::Arc};

use civicdesk_contract::{Clock, Connector};
use clap::{Args, Parser, Subcommand};

pub use order::{Answer, Order, execute, words};

use crate::{
    clock, log,
    settings::{DEFAULT, Settings, Wrong},
};

/// One case record for every channel, for walled-off agencies.
#[derive(Debug, Parser)]
#[command(name = "civicdesk", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Options {
    /// The settings file; `civicdesk settings` prints one with every setting explained.
    #[arg(long, global = true, value_name = "FILE", env = "CIVICDESK_CONFIG")]
    config: Option<PathBuf>,
    /// Print what came out as JSON, for machines.
    #[arg(long, global = true)]
    json: bool,
    /// Take the time from this file (RFC 3339) instead of the machine's clock.
    #[cfg(feature = "test-hooks")]
    #[arg(long, global = true, value_name = "FILE")]
    test_clock: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve two made-up agencies with two weeks of mail: no set-up, everything in one directory.
    Demo(demo::Demo),
    /// Serve until SIGTERM or Ctrl-C.
    Serve,
    /// Bring the database up to this program.
    Migrate,
    /// Bring a backup back, with outgoing work paused.
    Restore(backup::Restore),
    /// List the connectors of this program and what each can do.
    Connectors,
    /// Write the OpenAPI documents, or compare them with what lies there.
    Openapi(openapi::Openapi),
    /// Print the settings file with every setting, its default and its explanation.
    Settings,
    #[command(flatten)]
    Order(Order),
}

/// What every command works with.
pub struct Context {
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub connectors: Vec<Arc<dyn Connector>>,
}

/// Why a command ended without doing what was asked; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The command or the settings cannot be right: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It was tried and did not work: exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl From<Wrong> for Stop {
    fn from(e: Wrong) -> Self {
        Self::Usage(e.to_string())
    }
}

impl From<crate::store::Error> for Stop {
    fn from(e: crate::store::Error) -> Self {
        Self::Failed(e.to_string())
    }
}

/// Runs one command of the command line.
pub fn run(connectors: Vec<Arc<dyn Connector>>, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(e) => e.exit(),
    };
    match run_command(cli.command, &cli.options, connectors) {
        Ok(answer) => {
            answer.print(cli.options.json);
            if answer.failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
        }
        Err(stop) => {
            eprintln!("civicdesk: {stop}");
            ExitCode::from(if matches!(stop, Stop::Usage(_)) { 2 } else { 1 })
        }
    }
}

fn run_command(command: Command, options: &Options, connectors: Vec<Arc<dyn Connector>>) -> Result<Answer, Stop> {
    match command {
        Command::Settings => Ok(Answer::text(DEFAULT)),
        Command::Connectors => Ok(connectors::run(&connectors)),
        Command::Openapi(openapi) => openapi.run(),
        Command::Demo(demo) => demo.run(the_clock(options)?, connectors),
        Command::Serve => serve::run(context(options, connectors)?),
        Command::Migrate => migrate::run(&context(options, connectors)?),
        Command::Restore(restore) => backup::restore(context(options, connectors)?, restore),
        Command::Order(order) => reach::run(context(options, connectors)?, order),
    }
}

fn context(options: &Options, connectors: Vec<Arc<dyn Connector>>) -> Result<Context, Stop> {
    let clock = the_clock(options)?;
    let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let settings = Settings::load(options.config.as_deref(), environment)?;
    log::start(&settings.log)?;
    Ok(Context { settings, clock, connectors })
}

#[cfg(not(feature = "test-hooks"))]
fn the_clock(_: &Options) -> Result<Arc<dyn Clock>, Stop> {
    Ok(clock::system())
}

#[cfg(feature = "test-hooks")]
fn the_clock(options: &Options) -> Result<Arc<dyn Clock>, Stop> {
    match &options.test_clock {
        Some(file) => Ok(Arc::new(clock::FileClock::open(file).map_err(Stop::Usage)?)),
        None => Ok(clock::system()),
    }
}
