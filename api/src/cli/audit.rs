//! `audit`: proof that a tenant's log is as it was written.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, tenant};
use crate::{
    audit::{checkpoint::Checkpoint, verdict},
    fail::Fail,
    installation::Installation,
    store::audit_seals,
};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audit {
    /// Print the newest seal over a tenant's log, signed: keep it where nobody of this installation can change it.
    Checkpoint(Whose),
    /// Read a tenant's whole log again and compare it with its seals, and with checkpoints that were kept.
    Verify(Verify),
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Whose {
    #[arg(value_name = "TENANT")]
    tenant: String,
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Verify {
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// A checkpoint that was kept, as it was printed; may be repeated.
    #[arg(long, value_name = "TEXT")]
    checkpoint: Vec<String>,
}

impl Audit {
    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        match self {
            Self::Checkpoint(whose) => checkpoint(on, &whose.tenant).await,
            Self::Verify(verify) => self::verify(on, &verify).await,
        }
    }
}

async fn checkpoint(on: &Installation, slug: &str) -> Result<Answer, Fail> {
    let tenant = tenant::find(on, slug).await?;
    let seal = on.app.store.tenant(tenant.id.0).read(audit_seals::last).await?.ok_or(Fail::NotFound("seal"))?;
    let checkpoint = Checkpoint::of(&seal);
    let text = checkpoint.sign(&on.app.master)?;
    Ok(Answer::new(text.clone(), json!({ "checkpoint": text, "says": checkpoint })))
}

async fn verify(on: &Installation, asked: &Verify) -> Result<Answer, Fail> {
    let tenant = tenant::find(on, &asked.tenant).await?.id.0;
    let mut kept = Vec::new();
    for text in &asked.checkpoint {
        match Checkpoint::read(text.trim(), &on.app.master, tenant)? {
            Ok(checkpoint) => kept.push(checkpoint),
            Err(why) => return Err(Fail::field("/checkpoint", format!("a checkpoint {why}"))),
        }
    }
    let found = verdict::judge(&on.app.store.tenant(tenant), kept).await?;
    let mut text = format!(
        "{}{}: {} lines under {} seals, {} not sealed yet, {} checkpoints",
        if found.faults.is_empty() { "ok    " } else { "FAIL  " },
        asked.tenant,
        found.sealed_lines,
        found.seals,
        found.unsealed_lines,
        found.checkpoints,
    );
    for fault in &found.faults {
        text += &format!("\n      {fault}");
    }
    Ok(Answer { failed: !found.faults.is_empty(), ..Answer::new(text, json!(found)) })
}
