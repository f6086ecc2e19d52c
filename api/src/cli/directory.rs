//! `directory`: where a tenant's accounts are held.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, tenant};
use crate::{fail::Fail, installation::Installation};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directory {
    /// Look whether the directory answers that holds a tenant's accounts. Nobody's account is touched.
    Check(Whose),
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Whose {
    #[arg(value_name = "TENANT")]
    tenant: String,
}

impl Directory {
    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let Self::Check(Whose { tenant: slug }) = self;
        let tenant = tenant::find(on, &slug).await?;
        let said = on.app.recovery.directories.look(tenant.id.0).await?;
        let (works, detail) = match said {
            Ok(detail) => (true, detail),
            Err(down) => (false, down.0),
        };
        let word = if works { "ok    " } else { "FAIL  " };
        let data = json!({ "tenant": slug, "works": works, "detail": detail });
        Ok(Answer { failed: !works, ..Answer::new(format!("{word}{slug}: {detail}"), data) })
    }
}
