//! What the demo's agencies offer on their pages: how they are reached, and forms for what citizens ask most.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    acting::Acting,
    cases::{
        form::FormField,
        topics::{self, Wanted},
    },
    channels::{
        builtin::desk::WEB,
        setup::{self, NewChannel},
    },
    fail::Fail,
    installation::Installation,
    store::{
        Tx,
        tenants::{self, ContactDetails},
    },
};

/// Opens the form of an agency on its pages, with two topics.
pub async fn make(on: &Installation, tenant: Uuid, by: &Acting) -> Result<(), Fail> {
    let form = NewChannel {
        connector: WEB.to_owned(),
        name: Some("Web form".to_owned()),
        address: None,
        settings: json!({}),
        case_policy: None,
        fallback_channel_id: None,
    };
    setup::create(&on.app.store, &on.opener, tenant, by, form).await?;
    let (by, wanted) = (by.clone(), wanted()?);
    let write = move |tx: &mut Tx| {
        tenants::set_contact(tx, &contact())?;
        wanted.iter().try_for_each(|wanted| topics::create(tx, &by, wanted).map(drop))
    };
    on.app.store.tenant(tenant).write(write).await
}

fn contact() -> ContactDetails {
    ContactDetails {
        phone: Some("+1 555 010 0100".to_owned()),
        email: None,
        hours: Some("Monday to Friday, 9:00 to 17:00".to_owned()),
        address: Some("1 Main Street".to_owned()),
        emergency: Some("Call 911.".to_owned()),
    }
}

fn wanted() -> Result<Vec<Wanted>, Fail> {
    let lamp = json!([
        { "key": "place", "label": "Where is the lamp?", "kind": "address", "required": true, "hint": "Street and number, or the nearest crossing" },
        { "key": "state", "label": "What is wrong with it?", "kind": "choice", "required": true, "choices": [
            { "key": "out", "label": "It is out" }, { "key": "flickers", "label": "It flickers" },
            { "key": "broken", "label": "It is broken or leans" } ] },
        { "key": "pole", "label": "Number on the pole", "kind": "text", "hint": "Four digits on a yellow plate" },
        { "key": "since", "label": "Since when?", "kind": "date" },
        { "key": "danger", "label": "Is anybody in danger?", "kind": "yes_no", "required": true }
    ]);
    let waste = json!([
        { "key": "things", "label": "What shall we collect?", "kind": "long_text", "required": true, "hint": "For example: a sofa and two chairs" },
        { "key": "pieces", "label": "How many pieces?", "kind": "number", "required": true },
        { "key": "place", "label": "Where do we collect it?", "kind": "address", "required": true }
    ]);
    Ok(vec![
        topic("Street lighting", "A lamp in a street or park that is out, flickers or is broken.", lamp)?,
        topic("Bulky waste", "Furniture and other large things that do not fit into a bin.", waste)?,
    ])
}

fn topic(name: &str, about: &str, fields: Value) -> Result<Wanted, Fail> {
    let fields: Vec<FormField> = serde_json::from_value(fields).map_err(|e| Fail::Broken(e.to_string()))?;
    Ok(Wanted { name: name.to_owned(), description: Some(about.to_owned()), fields, team_id: None })
}
