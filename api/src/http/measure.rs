//! `/v1/channels/{id}/measure`: what a text costs, shown before it is sent.

use actix_web::{post, web::Path};
use civicdesk_contract::{Capabilities, Measure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body,
    channels::row_of,
    door::Door,
    wire::{Answer, Reply},
};
use crate::{auth::needs, fail::Fail};

/// A text that is being written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    #[schema(example = "Your passport lies ready. Bring the old one.", max_length = 200_000)]
    text: String,
}

/// How a channel's network would carry and bill a text.
#[derive(Debug, Serialize, ToSchema)]
pub struct Measured {
    /// The alphabet that the network will choose, such as `GSM-7`; null where it does not bill by the part.
    #[schema(example = "GSM-7")]
    pub encoding: Option<String>,
    /// Places that the text takes: of that alphabet, or else in `text_unit`.
    #[schema(example = 44)]
    pub units: usize,
    /// Messages that the carrier bills; null where it does not bill by the part.
    #[schema(example = 1)]
    pub parts: Option<usize>,
    /// Places that are left before one part more is billed, or else before the text is too long; null where there is no
    /// such border.
    #[schema(example = 116)]
    pub left: Option<usize>,
    /// The longest text that the channel carries, in `text_unit`; null where its network names no limit.
    #[schema(example = 1600)]
    pub max_text: Option<usize>,
    /// What the network counts when it limits a text: `characters`, `utf16` or `bytes`.
    #[schema(example = "utf16")]
    pub text_unit: String,
    /// It would be refused: shorten it, or send it by another channel.
    pub too_long: bool,
}

impl Measured {
    fn of(can: &Capabilities, price: Option<&Measure>, text: &str) -> Self {
        let length = can.text_unit.count(text);
        Self {
            encoding: price.map(|price| price.encoding.to_owned()),
            units: price.map_or(length, |price| price.units),
            parts: price.map(|price| price.parts),
            left: price.map(|price| price.left).or_else(|| Some(can.max_text?.saturating_sub(length))),
            max_text: can.max_text,
            text_unit: can.text_unit.as_str().to_owned(),
            too_long: can.max_text.is_some_and(|most| length > most),
        }
    }
}

/// Says what a text would cost on a channel. Sends nothing, and keeps nothing.
///
/// Quick enough to be asked while somebody writes. On a channel that does not bill by the part `encoding` and `parts` are
/// null, and the rest still says whether the text fits. A channel that sends nothing is refused with `sends-nothing`.
#[utoipa::path(tag = "channels", operation_id = "measure_text", params(("id" = String, Path, description = "The channel.")),
    request_body = Draft, responses((status = 200, description = "What it would cost.", body = Measured)))]
#[post("/channels/{id}/measure")]
pub async fn measure(door: Door<needs::MessagesSend>, path: Path<String>, body: Body<Draft, 2_097_152>) -> Answer {
    let row = row_of(&door, path).await?;
    let opener = &door.app().opener;
    let sends = opener.kinds()(&row.connector).filter(|can| can.send);
    let nothing =
        || Fail::conflict("sends-nothing", "this channel sends nothing: measure on the one that will send it");
    let can = sends.ok_or_else(nothing)?;
    Ok(Reply::ok(&Measured::of(&can, opener.price(&row, &body.text).as_ref(), &body.text))?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{TestApp, nothing, over_both};
    use crate::ids;

    over_both!(what_a_text_costs_is_shown_before_it_is_sent, |desk| {
        let agency = desk.agency("riverton").await;
        let texts = desk.texts(&agency, "mobile").await;
        let path = format!("/v1/channels/{texts}/measure");
        let ask = async |text: &str| {
            let told = desk.post(&path, &agency.key, json!({ "text": text })).await;
            assert_eq!(told.status, 200, "{:?}", told.body);
            told.body
        };
        let plain = ask(&"a".repeat(161)).await;
        assert_eq!(
            plain,
            json!({ "encoding": "characters", "units": 161, "parts": 2, "left": 159, "max_text": 1600,
                "text_unit": "utf16", "too_long": false })
        );
        assert_eq!(ask("").await["parts"], 0);
        let long = ask(&"a".repeat(1601)).await;
        assert_eq!((&long["too_long"], &long["parts"]), (&json!(true), &json!(11)));

        let case =
            desk.post("/v1/cases", &agency.key, json!({ "subject": "Lamp", "contact": { "phone": "+15550109999" } }));
        let answer = format!("/v1/cases/{}/messages", case.await.body["id"].as_str().unwrap());
        let refused = desk.post(&answer, &agency.key, json!({ "text": "a".repeat(1601), "channel_id": texts })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/text")));
    });

    over_both!(a_channel_that_bills_no_parts_says_how_much_room_is_left, |desk| {
        let agency = desk.agency("riverton").await;
        desk.network.mailbox("help", "s");
        let new = json!({ "connector": "memory", "settings": { "network": "help", "secret": "s" } });
        let made = desk.post("/v1/channels", &agency.key, new).await;
        let path = format!("{}/measure", made.header("location"));
        let told = desk.post(&path, &agency.key, json!({ "text": "Ready 👍" })).await.body;
        assert_eq!((&told["parts"], &told["units"], &told["left"]), (&json!(null), &json!(7), &json!(null)));
        let phone = desk.post("/v1/channels", &agency.key, json!({ "connector": "phone", "name": "Desk" })).await;
        let refused =
            desk.post(&format!("{}/measure", phone.header("location")), &agency.key, json!({ "text": "a" })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("sends-nothing")));
        let nowhere = format!("/v1/channels/{}/measure", nothing(ids::CHANNEL));
        assert_eq!(desk.post(&nowhere, &agency.key, json!({ "text": "a" })).await.status, 404);
        let reader = desk.key(agency.id, &["channels:read"]).await;
        assert_eq!(desk.post(&path, &reader, json!({ "text": "a" })).await.status, 403);
    });
}
