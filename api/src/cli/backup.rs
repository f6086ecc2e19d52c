//! `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Answer, Context, Order, Stop, reach};
use crate::{
    backup::{self, Error, MaybeSent},
    fail::Fail,
    installation::Installation,
    store::Time,
};

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Backup {
    /// A folder that is new or empty.
    folder: PathBuf,
    /// Put the master key in as well. Whoever has such a backup can open every secret in it.
    #[arg(long)]
    with_keys: bool,
}

impl Backup {
    /// The server may work in another directory.
    pub fn prepare(self) -> Result<Self, String> {
        let folder = std::path::absolute(&self.folder).map_err(|e| format!("{}: {e}", self.folder.display()))?;
        Ok(Self { folder, ..self })
    }

    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let shown = self.folder.display().to_string();
        let made = backup::make(&on.app.store, &on.settings, on.app.now(), self.folder, self.with_keys).await;
        let manifest = made.map_err(told)?;
        let bytes: u64 = manifest.files.values().map(|f| f.bytes).sum();
        let key = match (self.with_keys, on.settings.master_key_file()) {
            (false, Some(file)) => format!("\nThe master key is not in it: keep {} in another place.", file.display()),
            _ => String::new(),
        };
        let text = format!(
            "{shown} holds {} tenants in {} files, {bytes} bytes.{key}",
            manifest.tenants.len(),
            manifest.files.len()
        );
        let tenants: Vec<&str> = manifest.tenants.iter().map(|t| t.slug.as_str()).collect();
        let data = json!({
            "folder": shown, "files": manifest.files.len(), "bytes": bytes, "tenants": tenants,
            "with_keys": manifest.with_keys, "engine": manifest.engine,
        });
        Ok(Answer::new(text, data))
    }
}

#[derive(Clone, Debug, Args)]
pub struct Restore {
    /// The folder that `backup` wrote.
    folder: PathBuf,
    /// Only this tenant, into an installation that does not have it.
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

/// One tenant out of a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreTenant {
    folder: PathBuf,
    tenant: String,
}

impl RestoreTenant {
    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let app = &on.app;
        let restored = backup::one_tenant(&app.store, &on.settings, &self.folder, &self.tenant, app.time()).await;
        Ok(answer(&[self.tenant.as_str()], &restored.map_err(told)?, &format!(" --tenant {}", self.tenant)))
    }
}

/// Restores in this process; one tenant, in the server that holds the data.
pub fn restore(context: Context, restore: Restore) -> Result<Answer, Stop> {
    let folder =
        std::path::absolute(&restore.folder).map_err(|e| Stop::Usage(format!("{}: {e}", restore.folder.display())))?;
    if let Some(tenant) = restore.tenant {
        return reach::run(context, Order::RestoreTenant(RestoreTenant { folder, tenant }));
    }
    let runtime = Runtime::new().map_err(|e| Stop::Failed(e.to_string()))?;
    let now = Time::new(context.clock.now());
    let restored = runtime.block_on(backup::everything(&folder, &context.settings, now));
    let (manifest, maybe) = restored.map_err(|e| Stop::Failed(e.to_string()))?;
    let tenants: Vec<&str> = manifest.tenants.iter().map(|t| t.slug.as_str()).collect();
    let mut answer = answer(&tenants, &maybe, "");
    if let Some(key) = context.settings.master_key_file().filter(|file| !file.exists()) {
        answer.text.push_str(&format!("\nPut the master key back before you start: {}", key.display()));
    }
    Ok(answer)
}

fn answer(tenants: &[&str], maybe: &[MaybeSent], resume: &str) -> Answer {
    let mut text = format!("back: {}\n", tenants.join(", "));
    if !maybe.is_empty() {
        text.push_str("These messages may have been sent after the backup was made; they would be sent again:\n");
    }
    for m in maybe {
        text.push_str(&format!("  {}  {}  {} since {}\n", m.tenant, m.message, m.state, m.since));
    }
    text.push_str(&format!("Outgoing work is paused: `civicdesk outgoing resume{resume}` lets it go."));
    let maybe: Vec<Value> = maybe.iter().map(|m| json!(m)).collect();
    Answer::new(text, json!({ "tenants": tenants, "outgoing": "paused", "may_have_been_sent": maybe }))
}

fn told(e: Error) -> Fail {
    match e {
        Error::Store(e) => e.into(),
        e => Fail::conflict("backup", e.to_string()),
    }
}
