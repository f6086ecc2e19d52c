//! The document's schemas as a judge of bodies, made strict: a member that the document does not name is a fault.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

const BASE: &str = "urn:civicdesk:openapi";

/// Judges bodies by the schemas of one document, each compiled once.
pub struct Schemas {
    registry: Registry<'static>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    pub fn new(document: &Value) -> Self {
        let mut strict = document.clone();
        close_all(&mut strict);
        let prepared = Registry::new().draft(Draft::Draft202012).add(BASE, strict).and_then(|r| r.prepare());
        Self { registry: prepared.expect("the document's references hold"), compiled: Mutex::default() }
    }

    /// Every way in which a body differs from the schema at this JSON pointer of the document.
    pub fn faults(&self, pointer: &str, body: &Value) -> Vec<String> {
        let validator = self.validator(pointer);
        validator.iter_errors(body).map(|e| format!("at `{}`: {e}", e.instance_path())).collect()
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().expect("no schema failed to compile before");
        let compile = || {
            // A path's parameters stand in braces, which a reference may not hold as they are.
            let fragment = pointer.replace('%', "%25").replace('{', "%7B").replace('}', "%7D");
            let schema = json!({ "$ref": format!("{BASE}#{fragment}") });
            let options = jsonschema::options().with_draft(Draft::Draft202012).with_registry(&self.registry);
            let built = options.should_validate_formats(true).build(&schema);
            Arc::new(built.unwrap_or_else(|e| panic!("the schema at {pointer} does not compile: {e}")))
        };
        Arc::clone(compiled.entry(pointer.to_owned()).or_insert_with(compile))
    }
}

/// Closes every object schema to members it does not name, except where it is one part of a larger object.
fn close_all(document: &mut Value) {
    let mut parts = BTreeSet::new();
    collect_parts(document, &mut parts);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in schemas {
            close(schema, parts.contains(&format!("#/components/schemas/{name}")));
        }
    }
    if let Some(paths) = document.get_mut("paths") {
        close_bodies(paths);
    }
}

/// The schemas that others take in by `allOf`.
fn collect_parts(value: &Value, parts: &mut BTreeSet<String>) {
    for part in value.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        parts.extend(part.get("$ref").and_then(Value::as_str).map(str::to_owned));
    }
    match value {
        Value::Object(members) => members.values().for_each(|v| collect_parts(v, parts)),
        Value::Array(items) => items.iter().for_each(|v| collect_parts(v, parts)),
        _ => {}
    }
}

/// Closes the schemas that stand in the paths themselves.
fn close_bodies(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, v)| if name == "schema" { close(v, false) } else { close_bodies(v) })
        }
        Value::Array(items) => items.iter_mut().for_each(close_bodies),
        _ => {}
    }
}

fn close(schema: &mut Value, is_part: bool) {
    let Some(members) = schema.as_object_mut() else { return };
    let names_members = members.contains_key("properties") || members.contains_key("allOf");
    for (keyword, below) in members.iter_mut() {
        match keyword.as_str() {
            "properties" | "$defs" => below.as_object_mut().into_iter().flatten().for_each(|(_, s)| close(s, false)),
            "items" | "additionalProperties" => close(below, false),
            "prefixItems" => below.as_array_mut().into_iter().flatten().for_each(|s| close(s, false)),
            "allOf" => below.as_array_mut().into_iter().flatten().for_each(|s| close(s, true)),
            "oneOf" | "anyOf" => {
                below.as_array_mut().into_iter().flatten().for_each(|s| close(s, is_part || names_members));
            }
            _ => {}
        }
    }
    if names_members && !is_part && !members.contains_key("additionalProperties") {
        members.entry("unevaluatedProperties").or_insert(Value::Bool(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(schema: Value, body: Value) -> usize {
        let base = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string", "format": "uuid" } } });
        let plain = json!({ "type": "object", "properties": { "at": { "type": "string", "format": "date-time" } } });
        let document = json!({ "components": { "schemas": { "Base": base, "Plain": plain, "Tested": schema } } });
        Schemas::new(&document).faults("/components/schemas/Tested", &body).len()
    }

    #[test]
    fn a_member_that_the_document_does_not_name_is_a_fault_at_any_depth() {
        let list = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Plain" } });
        assert_eq!(faults(list.clone(), json!([{ "at": "2026-11-22T11:00:00Z" }])), 0);
        assert_eq!(faults(list.clone(), json!([{ "at": "2026-11-22T11:00:00Z", "secret": 1 }])), 1);
        assert_eq!(faults(list, json!([{ "at": "yesterday" }])), 1);
    }

    #[test]
    fn an_object_made_of_parts_is_closed_as_a_whole() {
        let whole = json!({ "allOf": [
            { "$ref": "#/components/schemas/Base" },
            { "type": "object", "properties": { "kind": { "enum": ["a"] } } },
        ] });
        let id = "0198a5f2-0000-7000-8000-000000000000";
        assert_eq!(faults(whole.clone(), json!({ "id": id, "kind": "a" })), 0);
        assert_eq!(faults(whole.clone(), json!({ "id": id, "kind": "a", "more": 1 })), 1);
        assert_eq!(faults(whole, json!({ "kind": "a" })), 1);
    }

    #[test]
    fn one_of_several_shapes_is_closed_with_what_stands_beside_it() {
        let either = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "oneOf": [
            { "type": "object", "required": ["a"], "properties": { "a": { "type": "null" } } },
            { "type": "object", "required": ["b"], "properties": { "b": { "type": "null" } } },
        ] });
        assert_eq!(faults(either.clone(), json!({ "n": 1, "a": null })), 0);
        assert_eq!(faults(either, json!({ "n": 1, "a": null, "c": null })), 1);
    }

    #[test]
    fn what_the_document_leaves_open_stays_open() {
        let open = json!({ "type": "object", "properties": {}, "additionalProperties": { "type": "string" } });
        assert_eq!(faults(open, json!({ "anything": "goes" })), 0);
        assert_eq!(faults(json!({ "type": "object" }), json!({ "anything": 1 })), 0);
    }
}
