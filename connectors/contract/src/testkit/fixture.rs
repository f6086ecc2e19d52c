//! What a connector's author supplies: the connector, settings for it, and a fake provider that the kit can command.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use super::tools;
use crate::{Connector, HookCall, InboundAttachment, OutboundAttachment, Party, Sent, Tools};

/// A connector under test and its fake provider.
///
/// Methods without a default are needed by every connector; the others are needed for what it declares, and panic with
/// the name of the capability that asks for them. Where `templates_only` is declared, the fake provider must hold the
/// kit's citizen to be in an open conversation.
#[async_trait]
pub trait Fixture: Send + Sync {
    fn connector(&self) -> Arc<dyn Connector>;

    /// Settings that open a working channel on the fake provider.
    fn settings(&self) -> Value;

    /// Settings that cannot be right (a missing field, a port of 99999): at least one.
    fn bad_settings(&self) -> Vec<Value>;

    /// Settings of the right form whose password or token the fake provider refuses. `None` only where there is no
    /// secret.
    fn wrong_credentials(&self) -> Option<Value>;

    /// The secret texts in `settings()`, each at least eight characters long.
    fn secrets(&self) -> Vec<String>;

    /// `format!("{:?}")` of the connector's own settings type, read from `settings()`.
    fn settings_debug(&self) -> String;

    /// Whether messages of this network have a subject.
    fn has_subjects(&self) -> bool;

    fn tools(&self) -> Tools {
        tools()
    }

    /// Who the kit's citizen is, where the network's names have a form of their own (a number, a phone number).
    fn citizen(&self) -> Option<String> {
        None
    }

    /// The id of a message that can be answered, as `Inbound::message_id` gives it.
    fn answered(&self) -> String {
        "planted-0@kit.invalid".to_owned()
    }

    /// The longest text that this account takes, where it is not declared because each account has its own limit.
    fn longest(&self) -> Option<usize> {
        None
    }

    /// What a file of this network may be: its name and its type. Networks without file names give `None`.
    fn file_kind(&self) -> (Option<&'static str>, &'static str) {
        (Some("Plan Straße.pdf"), "application/pdf")
    }

    /// How long news may take from the fake provider to the end of `wait`.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// `poll`, `session`: the provider gets this message, as if a citizen had just written it.
    async fn plant(&self, _message: &Planted) {
        panic!("a connector that declares `poll` or `session` needs Fixture::plant");
    }

    /// `send`: what the provider was given, oldest first.
    async fn sent(&self) -> Vec<Delivered> {
        panic!("a connector that declares `send` needs Fixture::sent");
    }

    /// `send`: the provider takes the next message and breaks off before it answers.
    async fn lose_next_reply(&self) {
        panic!("a connector that declares `send` needs Fixture::lose_next_reply");
    }

    /// `poll`, `session`, `send`: the provider refuses every connection until `come_up`.
    async fn go_down(&self) {
        panic!("a connector that declares `poll`, `session` or `send` needs Fixture::go_down");
    }

    async fn come_up(&self) {
        panic!("a connector that declares `poll`, `session` or `send` needs Fixture::come_up");
    }

    /// `hooks`: the provider's call that brings this message, rightly signed.
    async fn hook(&self, _message: &Planted) -> HookCall {
        panic!("a connector that declares `hooks` needs Fixture::hook");
    }

    /// `spoken`: the provider's call by which the kit's citizen asks how a case stands, rightly signed. What the citizen says
    /// in a planted message, the fake provider records as the bytes of its text.
    async fn question(&self) -> HookCall {
        panic!("a connector that declares `spoken` needs Fixture::question");
    }

    /// `hooks`: where the signature lies, and what it covers.
    fn signature(&self) -> Signature {
        panic!("a connector that declares `hooks` needs Fixture::signature");
    }

    /// `hooks`: forgeries that only this provider's scheme knows, made from a valid call: an old timestamp, another
    /// address, a key of somebody else. The kit itself flips, cuts and removes bytes.
    fn forgeries(&self, _call: &HookCall) -> Vec<HookCall> {
        Vec::new()
    }

    /// `hooks` with `receipts`: the provider's call that says that this message was delivered, or read where the network
    /// tells no more.
    async fn receipt(&self, _sent: &Sent) -> HookCall {
        panic!("a connector that declares `hooks` and `receipts` needs Fixture::receipt");
    }
}

/// What a citizen wrote, for the fake provider to carry.
#[derive(Clone, Debug)]
pub struct Planted {
    /// Never the same in one run; for networks where the writer's program names the message.
    pub id: String,
    pub from: Party,
    pub subject: Option<String>,
    pub text: String,
    /// Only where `html` is declared.
    pub html: Option<String>,
    /// Only where `attachments` is declared.
    pub attachments: Vec<InboundAttachment>,
    /// The id of an earlier planted message that this one answers; only where `threads` is declared.
    pub answers: Option<String>,
}

/// What the fake provider was given to deliver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivered {
    pub to: Vec<String>,
    /// `None` where the network has no subjects.
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub attachments: Vec<OutboundAttachment>,
    /// The id of the message it answers, as it was given in `Outbound::in_reply_to`.
    pub answers: Option<String>,
}

/// Where a provider's signature lies.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The header's name in lower case.
    pub header: &'static str,
    /// Whether the body is signed too. Where it is not, a stolen header forges anything; say so in the connector.
    pub covers_body: bool,
}
