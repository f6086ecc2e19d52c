//! `/v1/connectors`: the kinds of network that this program speaks.

use actix_web::get;
use civicdesk_contract::{About, Capabilities, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Params,
    door::Door,
    page::List,
    wire::{Answer, Reply},
};
use crate::auth::needs;

/// One kind of network.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorView {
    #[schema(example = "email")]
    pub id: String,
    #[schema(example = "Email")]
    pub name: String,
    pub capabilities: CapabilitiesView,
    /// The JSON Schema of a channel's settings; what is `writeOnly` is never shown again.
    #[schema(value_type = Object, example = json!({ "type": "object", "properties": { "address": { "type": "string" } } }))]
    pub settings_schema: serde_json::Value,
}

/// What channels of a kind can do. Whatever is not declared here is refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct CapabilitiesView {
    /// Messages are fetched.
    pub poll: bool,
    /// The network calls us.
    pub hooks: bool,
    /// A line is kept open.
    pub session: bool,
    pub send: bool,
    /// What may have gone out can be sent again without harm.
    pub idempotent_send: bool,
    pub html: bool,
    pub attachments: bool,
    pub threads: bool,
    /// The network reports delivery.
    pub receipts: bool,
    /// People speak: what they say comes as a recording, and calls are answered in turns.
    pub spoken: bool,
    /// Outside an open conversation only approved templates may be sent.
    pub templates_only: bool,
    /// `private`, `public` or `both`.
    #[schema(example = "private")]
    pub visibility: String,
    /// The longest text of one message, in `text_unit`; null where there is no limit, or each account has its own.
    pub max_text: Option<usize>,
    /// What the network counts: `characters`, `utf16` (code units) or `bytes` (of UTF-8).
    #[schema(example = "characters")]
    pub text_unit: String,
    /// `email`, `phone`, `handle` or `account`.
    #[schema(example = json!(["email"]))]
    pub identities: Vec<String>,
}

impl CapabilitiesView {
    /// Taken apart whole, so that none can be left out.
    fn of(can: &Capabilities) -> Self {
        let &Capabilities {
            poll,
            hooks,
            session,
            send,
            idempotent_send,
            html,
            attachments,
            threads,
            receipts,
            spoken,
            templates_only,
            visibility,
            max_text,
            text_unit,
            ref identities,
        } = can;
        let visibility = match visibility {
            Visibility::Private => "private",
            Visibility::Public => "public",
            Visibility::Both => "both",
        };
        Self {
            poll,
            hooks,
            session,
            send,
            idempotent_send,
            html,
            attachments,
            threads,
            receipts,
            spoken,
            templates_only,
            visibility: visibility.to_owned(),
            max_text,
            text_unit: text_unit.as_str().to_owned(),
            identities: identities.iter().map(|kind| kind.as_str().to_owned()).collect(),
        }
    }
}

impl ConnectorView {
    fn of(about: &About) -> Self {
        Self {
            id: about.id.to_owned(),
            name: about.name.to_owned(),
            capabilities: CapabilitiesView::of(&about.capabilities),
            settings_schema: about.settings_schema.clone(),
        }
    }
}

/// A part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListConnectors {
    /// 1 to 100; 25 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the kinds of network that this program speaks.
#[utoipa::path(tag = "channels", operation_id = "list_connectors", params(ListConnectors),
    responses((status = 200, description = "A page of connectors.", body = List<ConnectorView>)))]
#[get("/connectors")]
pub async fn list(door: Door<needs::ChannelsRead>, query: Params<ListConnectors>) -> Answer {
    let page = door.page::<String>(query.limit, query.cursor.as_deref())?;
    let mut all: Vec<About> = door.app().opener.registry().table().cloned().collect();
    all.sort_by_key(|about| about.id);
    if let Some(after) = &page.after {
        all.retain(|about| about.id > after.as_str());
    }
    door.read(move |_, _| Reply::ok(&page.list(all, |about| about.id.to_owned(), |about| ConnectorView::of(&about))))
        .await
}
