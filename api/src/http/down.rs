//! The document in the words of OpenAPI 3.0.3: nullable for null types, one example for many, no webhooks.

use serde_json::{Map, Value, json};

use super::openapi::resolve;

/// Says the same in 3.0.3.
pub fn convert(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(root) = document.as_object_mut() {
        root.remove("webhooks");
        root.remove("jsonSchemaDialect");
    }
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut) {
        license.remove("identifier");
        license.insert("url".into(), json!("https://spdx.org/licenses/"));
    }
    let newer = document.clone();
    walk(&newer, &mut document);
    document["openapi"] = json!("3.0.3");
    document
}

/// Goes through a part of the document; `whole` is the document as it was.
fn walk(whole: &Value, value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|inner| walk(whole, inner)),
        Value::Object(object) => {
            // What an example holds is data, not a schema.
            for (_, inner) in
                object.iter_mut().filter(|(name, _)| !matches!(name.as_str(), "example" | "examples" | "default"))
            {
                walk(whole, inner);
            }
            schema(whole, object);
        }
        _ => {}
    }
}

fn schema(whole: &Value, object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get("type") {
        let left: Vec<Value> = types.iter().filter(|t| *t != "null").cloned().collect();
        if left.len() < types.len() {
            object.insert("nullable".into(), json!(true));
        }
        match left.first() {
            Some(only) if left.len() == 1 => object.insert("type".into(), only.clone()),
            _ => object.remove("type"),
        };
    }
    for many in ["oneOf", "anyOf"] {
        let Some(Value::Array(choices)) = object.get_mut(many) else { continue };
        let is_null = |choice: &Value| choice["type"] == "null";
        let kind = choices.iter().find(|c| !is_null(c)).and_then(|c| resolve(whole, c).get("type"));
        let kind = kind.cloned().unwrap_or_else(|| json!("object"));
        for choice in choices.iter_mut().filter(|c| is_null(c)) {
            // Null alone: without a type beside it `nullable` says nothing.
            *choice = json!({ "type": kind, "nullable": true, "enum": [null] });
        }
    }
    if let Some(only) = object.remove("const") {
        object.insert("enum".into(), json!([only]));
    }
    if let Some(Value::Array(examples)) = object.get("examples")
        && let Some(first) = examples.first().cloned()
    {
        object.remove("examples");
        object.insert("example".into(), first);
    }
    for (name, plain) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(limit) = object.get(name).filter(|l| l.is_number()).cloned() {
            object.insert(plain.into(), limit);
            object.insert(name.into(), json!(true));
        }
    }
    object.remove("propertyNames");
    // Beside a reference nothing else may stand.
    if object.len() > 1 && object.get("$ref").is_some_and(Value::is_string) {
        let reference = object.remove("$ref").unwrap_or_default();
        object.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_0_cannot_say_is_said_otherwise() {
        let newer = json!({ "openapi": "3.1.0", "webhooks": {}, "info": { "license": { "name": "x", "identifier": "y" } },
            "a": { "type": ["string", "null"], "examples": ["x", "y"] },
            "b": { "oneOf": [{ "type": "null" }, { "$ref": "#/c" }] },
            "c": { "type": "string", "const": "x", "exclusiveMinimum": 0 },
            "d": { "$ref": "#/c", "description": "said beside it" },
            "e": { "example": { "type": ["kept", "null"] } } });
        let older = convert(&newer);
        assert_eq!(
            older,
            json!({ "openapi": "3.0.3", "info": { "license": { "name": "x", "url": "https://spdx.org/licenses/" } },
            "a": { "type": "string", "nullable": true, "example": "x" },
            "b": { "oneOf": [{ "type": "string", "nullable": true, "enum": [null] }, { "$ref": "#/c" }] },
            "c": { "type": "string", "enum": ["x"], "minimum": 0, "exclusiveMinimum": true },
            "d": { "allOf": [{ "$ref": "#/c" }], "description": "said beside it" },
            "e": { "example": { "type": ["kept", "null"] } } })
        );
    }
}
