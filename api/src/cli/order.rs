//! The commands that work on an installation's data, wherever they run.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{audit, backup, channel, directory, doctor, key, outgoing, staff, tenant};
use crate::{fail::Fail, installation::Installation};

/// One command, as it is typed and as it travels to a running server.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Create, list, suspend and resume tenants.
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Connect accounts on the networks, list them, and prove that they work.
    #[command(subcommand)]
    Channel(channel::Channel),
    /// See how the directory is that holds a tenant's accounts.
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Prove that a tenant's log is as it was written.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Make API keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Add people who work for a tenant.
    #[command(subcommand)]
    Staff(staff::Staff),
    /// Hold back what would leave, or let it go.
    #[command(subcommand)]
    Outgoing(outgoing::Outgoing),
    /// Look at everything that can go wrong, and say what to do.
    Doctor,
    /// Back up databases and blobs into a new folder; the program may run meanwhile.
    Backup(backup::Backup),
    /// Restore one tenant; typed as `restore --tenant`.
    #[command(skip)]
    RestoreTenant(backup::RestoreTenant),
}

impl Order {
    /// What only the person at the terminal has: files, standard input, a path's beginning.
    pub fn prepare(self) -> Result<Self, String> {
        Ok(match self {
            Self::Channel(channel) => Self::Channel(channel.prepare()?),
            Self::Staff(staff) => Self::Staff(staff.prepare()?),
            Self::Backup(backup) => Self::Backup(backup.prepare()?),
            order => order,
        })
    }
}

/// Does what a command asks.
pub async fn execute(on: &Installation, order: Order) -> Result<Answer, Fail> {
    match order {
        Order::Tenant(tenant) => tenant.run(on).await,
        Order::Channel(channel) => channel.run(on).await,
        Order::Directory(directory) => directory.run(on).await,
        Order::Audit(audit) => audit.run(on).await,
        Order::Key(key) => key.run(on).await,
        Order::Staff(staff) => staff.run(on).await,
        Order::Outgoing(outgoing) => outgoing.run(on).await,
        Order::Doctor => Ok(doctor::run(on).await),
        Order::Backup(backup) => backup.run(on).await,
        Order::RestoreTenant(restore) => restore.run(on).await,
    }
}

/// What a command has to say: a text for people, the same as JSON for machines.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    pub text: String,
    pub data: Value,
    /// It was done, and what came out is bad news: exit code 1.
    pub failed: bool,
}

impl Answer {
    pub fn new(text: impl Into<String>, data: Value) -> Self {
        Self { text: text.into(), data, failed: false }
    }

    /// What only people read.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(text, Value::Null)
    }

    /// Rows as columns for people, with a heading.
    pub fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]], data: Value) -> Self {
        let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).chain([heading[i].len()]).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(width);
        let line = |cells: [&str; N]| {
            let padded: Vec<String> = cells.iter().zip(widths).map(|(c, w)| format!("{c:w$}")).collect();
            padded.join("  ").trim_end().to_owned()
        };
        let heading = line(heading.map(|h| h).map(str::trim));
        let rows = rows.iter().map(|r| line(r.each_ref().map(String::as_str)));
        Self::new(std::iter::once(heading).chain(rows).collect::<Vec<_>>().join("\n"), data)
    }

    pub fn print(&self, json: bool) {
        if json && !self.data.is_null() {
            println!("{}", self.data);
        } else if !self.text.is_empty() {
            println!("{}", self.text.trim_end());
        }
    }
}

/// A refusal in the words of the command line.
pub fn words(fail: &Fail) -> String {
    match fail {
        Fail::Invalid(fields) => {
            let words = fields
                .iter()
                .map(|f| format!("--{} {}", f.pointer.trim_start_matches('/').replace('_', "-"), f.detail));
            words.collect::<Vec<_>>().join("\n")
        }
        Fail::Conflict { detail, .. } => detail.clone(),
        Fail::Broken(text) => text.clone(),
        fail => fail.to_string(),
    }
}
