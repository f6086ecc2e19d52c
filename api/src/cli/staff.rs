//! `staff`: adds the people who work for a tenant; afterwards they manage themselves.

use std::io::Read;

use civicdesk_contract::Secret;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, tenant};
use crate::{
    auth::{
        Role,
        staff::{self, NewStaff},
    },
    fail::Fail,
    ids,
    installation::Installation,
};

#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Staff {
    /// Add a person. Without `--password-stdin` a password is made and shown, this once.
    Create(Create),
}

#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Create {
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    #[arg(long)]
    email: String,
    #[arg(long)]
    name: String,
    /// owner, admin, supervisor, agent or auditor.
    #[arg(long)]
    role: String,
    /// Read the password from standard input.
    #[arg(long)]
    #[serde(skip)]
    password_stdin: bool,
    #[arg(skip)]
    password: Option<String>,
}

impl Staff {
    pub fn prepare(self) -> Result<Self, String> {
        let Self::Create(mut create) = self;
        if create.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|e| format!("standard input: {e}"))?;
            create.password = Some(text.trim_end_matches(['\r', '\n']).to_owned());
        }
        Ok(Self::Create(create))
    }

    pub async fn run(self, on: &Installation) -> Result<Answer, Fail> {
        let Self::Create(create) = self;
        let tenant = tenant::find(on, &create.tenant).await?;
        let role = Role::read(&create.role)
            .ok_or_else(|| Fail::field("/role", "must be owner, admin, supervisor, agent or auditor"))?;
        let new = NewStaff {
            email: create.email,
            name: create.name,
            role,
            password: create.password.map(Secret::new),
            invited: false,
        };
        let (row, made) = staff::create(&on.app, tenant.id.0, new).await?;
        let id = ids::STAFF.show(row.id.0);
        let password = made.as_ref().map(Secret::expose);
        let text = match password {
            Some(password) => {
                format!("{id}: {} signs in with the password {password}\nIt is shown this once.", row.email)
            }
            None => format!("{id}: {} can sign in", row.email),
        };
        let data = json!({
            "id": id, "tenant": create.tenant, "email": row.email, "name": row.name, "role": row.role,
            "password": password,
        });
        Ok(Answer::new(text, data))
    }
}
