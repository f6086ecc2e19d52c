//! The forms of JSON that go between a bridge and us.

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::{
    Automatic, Envelope, Error, ExternalId, IdentityKind, Inbound, InboundAttachment, Outbound, Party, RawItem, Result,
    ThreadHints,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

pub const ID: &str = "bridge";

/// A message from outside, as a bridge writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    id: String,
    from: Option<Party>,
    #[serde(default)]
    to: Vec<Party>,
    subject: Option<String>,
    text: String,
    #[serde(default)]
    in_reply_to: Vec<String>,
    thread: Option<String>,
    sent_at: Option<Timestamp>,
    #[serde(default)]
    attachments: Vec<File>,
    #[serde(default)]
    automatic: Automatic,
    #[serde(default)]
    public: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    content_type: String,
    base64: String,
}

/// A message's name: two bridges may number alike.
pub fn name(network: &str, own: &str) -> String {
    format!("{ID}:{network}:{own}")
}

/// The bridge's own name of a message, where it is of this network.
pub fn own<'a>(network: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(ID)?.strip_prefix(':')?.strip_prefix(network)?.strip_prefix(':')
}

/// An item as the bridge gave it: `{"id", "message", "received_at"?}`.
pub fn item(network: &str, told: &Value) -> Option<RawItem> {
    let id = told["id"].as_str().filter(|id| !id.is_empty())?.to_owned();
    let received_at = told["received_at"].as_str().and_then(|text| text.parse().ok());
    let envelope = Envelope { from: None, to: vec![network.to_owned()], received_at };
    Some(RawItem { id: ExternalId(id), place: None, envelope, raw: told["message"].to_string().into_bytes() })
}

pub fn read(item: &RawItem) -> Result<Inbound> {
    let message: Message = serde_json::from_slice(&item.raw)
        .map_err(|e| Error::malformed("read", format!("no message of a bridge: {:?}", e.classify())))?;
    let network = item.envelope.to.first().map_or("", String::as_str);
    let files: Option<Vec<InboundAttachment>> = message.attachments.into_iter().map(File::read).collect();
    let attachments = files.ok_or_else(|| Error::malformed("read", "a file that is not base64"))?;
    Ok(Inbound {
        message_id: Some(name(network, &message.id)),
        thread: ThreadHints {
            in_reply_to: message.in_reply_to.iter().map(|own| name(network, own)).collect(),
            key: message.thread.map(|own| name(network, &own)),
            ..ThreadHints::default()
        },
        from: message.from.map(|party| outside(network, party)),
        to: message.to.into_iter().map(|party| outside(network, party)).collect(),
        subject: message.subject,
        sent_at: message.sent_at,
        fresh_text: message.text.clone(),
        text: message.text,
        attachments,
        automatic: message.automatic,
        public: message.public,
        ..Inbound::default()
    })
}

impl File {
    fn read(self) -> Option<InboundAttachment> {
        let bytes = BASE64_STANDARD.decode(self.base64).ok()?;
        Some(InboundAttachment {
            name: self.name,
            content_type: self.content_type,
            bytes,
            content_id: None,
            inline: false,
        })
    }
}

/// The same number is somebody else on another network.
fn outside(network: &str, party: Party) -> Party {
    match party.kind {
        IdentityKind::Account => Party { address: format!("{network}:{}", party.address), ..party },
        _ => party,
    }
}

fn inside(network: &str, party: &Party) -> Value {
    let own = party.address.strip_prefix(network).and_then(|rest| rest.strip_prefix(':'));
    let address = own.filter(|_| party.kind == IdentityKind::Account).unwrap_or(&party.address);
    json!({ "kind": party.kind, "address": address, "name": party.name })
}

/// An answer as the bridge gets it.
pub fn answer(network: &str, message: &Outbound) -> Value {
    let all = |parties: &[Party]| -> Vec<Value> { parties.iter().map(|party| inside(network, party)).collect() };
    let files = message.attachments.iter().map(|file| {
        json!({ "name": file.name, "content_type": file.content_type, "base64": BASE64_STANDARD.encode(&file.bytes) })
    });
    json!({
        "key": message.key, "to": all(&message.to), "cc": all(&message.cc), "from_name": message.from_name,
        "subject": message.subject, "text": message.text, "attachments": files.collect::<Vec<_>>(),
        "in_reply_to": message.in_reply_to.as_deref().and_then(|name| own(network, name)),
        "automatic": message.automatic, "public": message.public,
        "written_at": message.written_at.to_string(),
    })
}
