//! `/v1/channels/{id}/simulate`: a message from outside without any provider, for those who test what they build.

use std::sync::Arc;

use actix_web::{post, web::Path};
use civicdesk_contract::{Automatic, Capabilities, Envelope, ExternalId, IdentityKind, Party, RawItem, Visibility};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Body,
    channels::row_of,
    door::Door,
    inbound::ItemView,
    wire::{Answer, Reply},
};
use crate::{
    auth::needs,
    cases::{
        accept,
        plain::{self, Plain},
    },
    fail::{Fail, Field},
    ids,
    people::addresses,
    store::{inbound, inbound::Item},
};

/// Who writes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// `email`, `phone`, `handle` or `account`; the first that the network knows where it is left out.
    #[schema(value_type = Option<String>, example = "email")]
    kind: Option<IdentityKind>,
    #[schema(example = "maria@example.org")]
    address: String,
    #[schema(example = "Maria Gomez")]
    name: Option<String>,
}

/// A file that comes with it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulatedFile {
    #[schema(example = "lamp.jpg")]
    name: String,
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// In base64.
    #[schema(example = "/9j/4A==")]
    content: String,
}

/// A message from outside.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulatedMessage {
    from: Sender,
    #[serde(default)]
    #[schema(example = "The streetlight on Elm Street is out.")]
    text: String,
    subject: Option<String>,
    html: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    attachments: Vec<SimulatedFile>,
    /// The network's id of it. The same id again is the same message, and changes nothing.
    message_id: Option<String>,
    /// Ids of the messages that it answers, nearest first: their `network_id`.
    #[serde(default)]
    in_reply_to: Vec<String>,
    /// The network's own name of the conversation.
    thread: Option<String>,
    /// Written where anyone can read it.
    #[serde(default)]
    public: bool,
    /// A machine wrote it, and may not be answered by one.
    #[serde(default)]
    automatic: bool,
}

/// Brings a message in as if a citizen had sent it. Needs a test key.
///
/// It goes through the same ledger and the same filing as any other. No letter answers it, and it is marked in the
/// ledger. Files may measure a megabyte together.
#[utoipa::path(tag = "channels", operation_id = "simulate_message", params(("id" = String, Path, description = "The channel.")),
    request_body = SimulatedMessage, responses((status = 202, description = "The item of the ledger; it is filed soon.", body = ItemView)))]
#[post("/channels/{id}/simulate")]
pub async fn simulate(
    door: Door<needs::InboundManage>,
    path: Path<String>,
    body: Body<SimulatedMessage, 2_097_152>,
) -> Answer {
    let row = row_of(&door, path).await?;
    let app = door.app();
    let kinds = app.opener.kinds();
    let can = kinds(&row.connector).unwrap_or_else(Capabilities::none);
    let plain = plain(body.0, &can)?;
    // Without an id of its own each is another message, however alike two are.
    let own = plain.message_id.clone().unwrap_or_else(|| ids::MESSAGE.show(app.ids.next()));
    let id = ExternalId(format!("simulated-{own}"));
    let envelope = Envelope { received_at: Some(app.now()), ..Envelope::default() };
    let item = RawItem { id, place: None, envelope, raw: plain.to_bytes() };
    let rows = accept::prepare(&app.intake, door.tenant(), row.id.0, vec![item]).await?;
    let rows: Arc<Vec<Item>> = Arc::new(rows.into_iter().map(|row| Item { simulated: true, ..row }).collect());
    door.write(move |tx, who| {
        if !who.test {
            let how =
                "only a test key brings messages in: make one with `mode` `test`, and keep live keys for citizens";
            return Err(Fail::conflict("live-key", how));
        }
        accept::accept(tx, &who.acting, row.id, &rows, None)?;
        let external = rows.first().map(|row| row.external_id.clone()).unwrap_or_default();
        let item = inbound::by_external_id(tx, row.id, &external)?;
        let view = ItemView::of(&item);
        Reply::accepted(format!("/v1/inbound/{}", view.id), &view)
    })
    .await
}

/// The message in our own form, where it is one that the channel's network could bring.
fn plain(new: SimulatedMessage, can: &Capabilities) -> Result<Plain, Fail> {
    let mut wrong: Vec<Field> = Vec::new();
    let mut no = |pointer: &str, detail: String| wrong.push(Field { pointer: pointer.to_owned(), detail });
    let known: Vec<&str> = can.identities.iter().map(|kind| kind.as_str()).collect();
    let kind = new.from.kind.or(can.identities.first().copied()).unwrap_or(IdentityKind::Account);
    if !known.contains(&kind.as_str()) {
        no("/from/kind", format!("must be one of {}: this network names people so", known.join(", ")));
    }
    if addresses::normal(kind, &new.from.address).is_none() {
        no("/from/address", format!("is no {} address", kind.as_str()));
    }
    let texts = [Some(&new.text), new.subject.as_ref(), new.html.as_ref()];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        no("/text", "must not contain U+0000".to_owned());
    }
    if new.public && can.visibility == Visibility::Private {
        no("/public", "nothing on this channel is public".to_owned());
    }
    let file = |f: SimulatedFile| plain::File { name: f.name, content_type: f.content_type, content: f.content };
    let attachments: Vec<plain::File> = new.attachments.into_iter().map(file).collect();
    for (n, file) in attachments.iter().enumerate() {
        if plain::bytes(file).is_none() {
            no(&format!("/attachments/{n}/content"), "must be base64".to_owned());
        }
    }
    if !wrong.is_empty() {
        return Err(Fail::Invalid(wrong));
    }
    Ok(Plain {
        message_id: new.message_id,
        from: Some(Party { kind, address: new.from.address, name: new.from.name }),
        subject: new.subject,
        text: new.text,
        html: new.html,
        attachments,
        in_reply_to: new.in_reply_to,
        thread: new.thread,
        automatic: if new.automatic { Automatic::Reply } else { Automatic::No },
        public: new.public,
        ..Plain::default()
    })
}
