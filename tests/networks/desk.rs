//! A program that the fake providers can reach, and that reaches them; and a channel on it with its provider.

use civicdesk_providers::{
    HookCall,
    calls::{client, deliver, storm, try_deliver},
};
use serde_json::{Value, json};

use super::Network;
use crate::{
    campaigns::books::all,
    harness::{Client, Engine, Options, Program, Tenant, block_on},
};

/// The address that providers were told; it is in the signatures.
pub const PUBLIC: &str = "https://desk.riverton.example";

pub fn options() -> Options {
    Options::default()
        .set("server", "public_url", PUBLIC)
        .set("network", "allow_private", json!(["127.0.0.0/8", "::1/128"]))
        .set("limits", "requests_per_minute", 1_000_000)
        .set("log", "level", "warn")
}

pub fn desk(engine: Engine) -> Program {
    Program::start_with(engine, options())
}

/// A channel of an agency, and its provider at the other end.
pub struct Line {
    pub network: Network,
    /// The channel's id.
    pub channel: String,
    /// Its address as the provider knows it.
    pub hook: String,
    agency: Client,
}

impl Line {
    pub fn open(agency: &Tenant, name: &'static str) -> Self {
        let network = Network::start(name);
        let made = json!({ "connector": network.connector(), "name": name, "settings": network.settings() });
        let made = agency.post("/v1/channels", made).expecting(201).json();
        let text = |member: &str| made[member].as_str().unwrap_or_else(|| panic!("no `{member}` in {made}")).to_owned();
        Self { network, channel: text("id"), hook: text("hook_url"), agency: (**agency).clone() }
    }

    /// Where the hook is at this moment, behind the public address.
    pub fn address(&self) -> String {
        let path = self.hook.strip_prefix(PUBLIC).expect("a hook at the public address");
        self.agency.address(path)
    }

    /// The provider calls. Gives status and body.
    pub fn deliver(&self, call: &HookCall) -> (u16, Vec<u8>) {
        block_on(deliver(&client(), &self.address(), call))
    }

    /// As `deliver`, to a program that may die meanwhile or hang up.
    pub fn try_deliver(&self, call: &HookCall) -> Option<(u16, Vec<u8>)> {
        block_on(try_deliver(&client(), &self.address(), call)).ok()
    }

    /// Fails the test unless the call is taken.
    #[track_caller]
    pub fn takes(&self, call: &HookCall) {
        let (status, body) = self.deliver(call);
        assert!((200..300).contains(&status), "{}: {status} {}", self.network.name, String::from_utf8_lossy(&body));
    }

    /// Every call so often, mixed, on so many connections; gives the statuses that came.
    pub fn storm(&self, calls: &[HookCall], times: usize, connections: usize) -> Vec<u16> {
        block_on(storm(&self.address(), calls, times, connections, 7)).into_keys().collect()
    }

    /// What the ledger holds of it.
    pub fn items(&self) -> Vec<Value> {
        all(&self.agency, &format!("/v1/inbound?channel_id={}", self.channel))
    }

    pub fn health(&self) -> Value {
        self.agency.get(&format!("/v1/channels/{}", self.channel)).expecting(200).json()["health"].clone()
    }
}
