//! `outgoing`: holds back what would leave, or lets it go.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Answer, tenant};
use crate::{fail::Fail, installation::Installation, outgoing};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outgoing {
    /// Hold every message back. What is being sent at this moment is finished.
    Pause(Whose),
    /// Let messages go again.
    Resume(Whose),
    /// Say whether messages leave.
    Status(Whose),
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Whose {
    /// One tenant's messages only.
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

impl Outgoing {
    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let store = &on.app.store;
        let (Self::Pause(whose) | Self::Resume(whose) | Self::Status(whose)) = &self;
        let tenant: Option<Uuid> = match &whose.tenant {
            Some(slug) => Some(tenant::find(on, slug).await?.id.0),
            None => None,
        };
        match self {
            Self::Pause(_) => outgoing::pause(store, tenant, on.app.time()).await?,
            Self::Resume(_) => outgoing::resume(store, tenant).await?,
            Self::Status(_) => {}
        }
        let read = store.control_read(move |c| Ok((outgoing::is_set(c, None)?, outgoing::is_set(c, tenant)?)));
        let (all, own) = read.await?;
        let state = if all || own { "paused" } else { "flowing" };
        let text = match (all, own, tenant) {
            (false, false, _) => "messages leave".to_owned(),
            (true, _, None) => "messages are held back: `civicdesk outgoing resume` lets them go".to_owned(),
            (true, false, Some(_)) => "messages are held back, as those of all tenants are".to_owned(),
            (_, true, _) => "this tenant's messages are held back".to_owned(),
        };
        Ok(Answer::new(
            text,
            json!({ "outgoing": state, "installation_paused": all, "tenant_paused": tenant.map(|_| own) }),
        ))
    }
}
