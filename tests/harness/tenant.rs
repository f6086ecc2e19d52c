//! One agency on the program under test, with a key that may do everything in it.

use std::ops::Deref;

use serde_json::{Value, json};

use super::{Client, Program, imap_settings, server};

/// An agency and its administrator's client; a tenant is used as a client.
pub struct Tenant {
    pub slug: String,
    pub id: String,
    pub key: String,
    api: Client,
}

impl Tenant {
    pub(super) fn create(program: &Program, slug: &str) -> Self {
        let tenant = program.cli(&["tenant", "create", "--slug", slug, "--name", &format!("City of {slug}")]);
        let key = text(&program.cli(&["key", "create", "--tenant", slug, "--role", "admin"]), "api_key");
        let api = program.client(Some(&key));
        Self { slug: slug.into(), id: text(&tenant, "id"), key, api }
    }

    /// Opens an LMTP channel at this address and gives the channel's id.
    pub fn channel(&self, program: &Program, address: &str) -> String {
        let arguments = ["channel", "add", "--tenant", &self.slug, "--connector", "lmtp", "--address", address];
        text(&program.cli(&arguments), "id")
    }

    /// Connects the mailbox of a user on the real Dovecot. Nothing can be sent from it.
    pub fn mailbox_channel(&self, user: &str) {
        let settings = json!({ "imap": imap_settings(user), "ca_file": server("DOVECOT_CA") });
        let channel = json!({ "connector": "email", "address": user, "settings": settings });
        self.post("/v1/channels", channel).expecting(201);
    }
}

impl Deref for Tenant {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.api
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no text `{member}` in {value}")).to_owned()
}
