//! How a channel is changed, and what of its settings may be shown.

use serde_json::{Map, Value};

use super::{
    open::Opener,
    setup::{self, is_pushed, route_of},
};
use crate::{
    fail::Fail,
    store::{Store, Time, Uid, channels::Channel, routes::Route},
};

/// What is to be different. What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub name: Option<String>,
    pub address: Option<String>,
    /// Merged into the settings (RFC 7396): what is left out stays, passwords among it; null takes away.
    pub settings: Option<Value>,
    pub case_policy: Option<String>,
    /// `Some(None)` takes the fallback away.
    pub fallback_channel_id: Option<Option<Uid>>,
}

/// A change that can be made: the row as it will be, the route to add before, the route to take away after.
#[derive(Clone, Debug)]
pub struct Changed {
    pub row: Channel,
    pub add: Option<Route>,
    pub remove: Option<Route>,
}

/// Says what is wrong with a change, or how it is to be written.
pub async fn prepare(
    store: &Store,
    opener: &Opener,
    was: &Channel,
    wanted: Wanted,
    now: Time,
) -> Result<Changed, Fail> {
    let mut row = Channel { updated_at: now, ..was.clone() };
    if let Some(name) = wanted.name {
        row.name = setup::checked_name(&name)?;
    }
    if let Some(policy) = wanted.case_policy {
        let (about, _) = opener.registry().find(&was.connector).ok_or_else(no_connector)?;
        row.case_policy = setup::policy(Some(&policy), about)?;
    }
    if let Some(fallback) = wanted.fallback_channel_id {
        row.fallback_channel_id = fallback;
    }
    if wanted.settings.is_some() || wanted.address.is_some() {
        let (about, _) = opener.registry().find(&was.connector).ok_or_else(no_connector)?;
        let mut settings = opener.unseal(was)?;
        merge(&mut settings, wanted.settings.unwrap_or_default());
        let own = settings.get("address").and_then(Value::as_str).map(str::to_owned);
        if let (Some(address), Some(_)) = (&wanted.address, &own) {
            settings["address"] = Value::String(address.clone());
        }
        let address = wanted.address.or(own).or_else(|| was.address.clone());
        let (settings, address) = setup::settings_and_address(about, settings, address)?;
        opener.try_open(about.id, settings.clone()).map_err(|e| Fail::field("/settings", e.detail))?;
        row.sealed = opener.seal(was.tenant_id.0, was.id, &settings)?;
        row.address = address;
    }
    let moved = is_pushed(&was.connector) && row.address != was.address;
    let route = |of: &Channel| of.address.clone().filter(|_| moved).map(|address| route_of(of, address));
    let (add, remove) = (route(&row), route(was));
    if let Some(route) = &add {
        setup::is_free(store, route).await?;
    }
    Ok(Changed { row, add, remove })
}

fn no_connector() -> Fail {
    Fail::conflict("no-connector", "this program has no connector for the channel any more")
}

/// RFC 7396: objects are merged, null takes away, everything else replaces.
fn merge(into: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else { return };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Some(object) = into.as_object_mut() else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                object.remove(&name);
            }
            Value::Object(_) => merge(object.entry(name).or_insert_with(|| Value::Object(Map::new())), value),
            value => {
                object.insert(name, value);
            }
        }
    }
}

/// The settings without what the connector's schema marks as `writeOnly`, and without what the schema does not know.
pub fn shown(opener: &Opener, row: &Channel) -> Result<Value, Fail> {
    let Some((about, _)) = opener.registry().find(&row.connector) else { return Ok(Value::Object(Map::new())) };
    let settings = opener.unseal(row)?;
    let open = open_part(&settings, &about.settings_schema, &about.settings_schema).filter(Value::is_object);
    Ok(open.unwrap_or_else(|| Value::Object(Map::new())))
}

/// What of a value a schema shows; none where it is secret or unknown.
fn open_part(value: &Value, schema: &Value, root: &Value) -> Option<Value> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return open_part(value, root.pointer(reference.strip_prefix('#')?)?, root);
    }
    if schema.get("writeOnly") == Some(&Value::Bool(true)) {
        return None;
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(choices) = schema.get(choice).and_then(Value::as_array) {
            // A choice that hides hides for all: which of them was meant is not ours to guess.
            let parts: Vec<Value> = choices
                .iter()
                .filter(|c| fits(value, c, root))
                .map(|c| open_part(value, c, root))
                .collect::<Option<_>>()?;
            return parts.into_iter().next();
        }
    }
    let Value::Object(object) = value else { return Some(value.clone()) };
    let properties = schema.get("properties")?;
    let open =
        object.iter().filter_map(|(name, value)| Some((name.clone(), open_part(value, properties.get(name)?, root)?)));
    Some(Value::Object(open.collect()))
}

/// Whether a choice is one for values of this kind.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.is_some_and(|target| fits(value, target, root));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match schema.get("type") {
        Some(Value::String(one)) => one == kind || (one == "integer" && kind == "number"),
        Some(Value::Array(many)) => many.iter().any(|one| one == kind),
        _ => kind != "null",
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, schema_for};
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Settings {
        address: String,
        smtp: Option<Server>,
        token: Option<civicdesk_contract::Secret>,
        after: After,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Server {
        host: String,
        password: Option<civicdesk_contract::Secret>,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum After {
        Leave,
        Move { folder: String },
    }

    #[test]
    fn no_secret_is_shown_wherever_it_lies_and_nothing_that_the_schema_does_not_know() {
        let schema = schema_for!(Settings).to_value();
        let settings = json!({ "address": "a@x", "smtp": { "host": "mx", "password": "hunter2" }, "token": "hunter2",
            "after": { "move": { "folder": "Done" } }, "left_from_older": "hunter2" });
        let shown = open_part(&settings, &schema, &schema).unwrap();
        assert_eq!(
            shown,
            json!({ "address": "a@x", "smtp": { "host": "mx" }, "after": { "move": { "folder": "Done" } } })
        );
        let leave = json!({ "address": "a@x", "smtp": null, "after": "leave" });
        assert_eq!(open_part(&leave, &schema, &schema).unwrap(), leave);
    }

    #[test]
    fn what_a_change_leaves_out_stays() {
        let mut settings = json!({ "address": "a@x", "smtp": { "host": "mx", "password": "hunter2" }, "name": "A" });
        merge(&mut settings, json!({ "smtp": { "host": "mx2" }, "name": null, "oauth": { "client_id": "c" } }));
        assert_eq!(
            settings,
            json!({ "address": "a@x", "smtp": { "host": "mx2", "password": "hunter2" }, "oauth": { "client_id": "c" } })
        );
    }
}
