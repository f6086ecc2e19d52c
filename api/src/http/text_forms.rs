//! What the texts of bodies and queries may be, written into the document: U+0000 stands in none, some have a narrower form.

use serde_json::Value;

use crate::{
    cases::fields::{OUTCOMES, PRIORITIES, STATUSES},
    channels::setup::CASE_POLICIES,
    people::phones,
};

/// A text without U+0000.
const ANY: &str = r"^[^\u0000]*$";
/// One that also holds more than spaces.
const NOT_BLANK: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// Narrows every text of a query or a body. The schemas of bodies are those that refuse unknown fields.
pub fn write(document: &mut Value) {
    for (_, path) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        path.as_object_mut().into_iter().flatten().for_each(|(_, operation)| query(operation));
    }
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    for (body, schema) in schemas.iter_mut().filter(|(_, schema)| schema["additionalProperties"] == false) {
        for (name, field) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            narrow(body, name, field);
            if let Some(items) = field.get_mut("items") {
                narrow(body, name, items);
            }
        }
    }
}

/// The texts that an operation takes after the question mark.
fn query(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
    for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if let Some(schema) = parameter.get_mut("schema") {
            narrow(&id, &name, schema);
        }
        if let Some(items) = parameter.pointer_mut("/schema/items") {
            narrow(&id, &name, items);
        }
    }
}

fn narrow(of: &str, name: &str, schema: &mut Value) {
    let Some(said) = schema.as_object_mut() else { return };
    let is_text = match said.get("type") {
        Some(Value::Array(types)) => types.iter().any(|t| t == "string"),
        kind => kind.is_some_and(|t| t == "string"),
    };
    let is_free = ["pattern", "enum", "const"].iter().all(|narrower| !said.contains_key(*narrower));
    let secret = said.get("format").is_some_and(|format| format == "password");
    if !is_text || !is_free || (said.contains_key("format") && !secret) {
        return;
    }
    let blank = secret || said.get("minLength").is_none();
    let general = || if blank { ANY } else { NOT_BLANK }.to_owned();
    said.insert("pattern".into(), form(of, name).unwrap_or_else(general).into());
}

/// The form of what has a narrower one, by the body or the operation that it belongs to.
fn form(of: &str, name: &str) -> Option<String> {
    let one_of = |words: &[&str]| Some(format!("^({})$", words.join("|")));
    match (of, name) {
        ("ChangeCase", "status") => one_of(&STATUSES),
        ("NewIdentity" | "NewProof" | "Sender", "kind") => one_of(&["email", "phone", "handle", "account"]),
        ("TellVisitor", "say") => one_of(&["your_turn", "ready_to_collect"]),
        ("search", "kind") => one_of(&["case", "message", "contact"]),
        // A list with a filter that nothing fits is empty, not refused.
        ("list_cases" | "list_contacts", _) => None,
        (_, "priority") => one_of(&PRIORITIES),
        (_, "outcome") => one_of(&OUTCOMES),
        (_, "case_policy") => one_of(&CASE_POLICIES),
        (_, "phone_country") => one_of(&phones::countries()),
        (_, "slug") => Some("^[a-z][a-z0-9]*(-[a-z0-9]+)*$".into()),
        (_, "reference_prefix") => Some("^[A-Z0-9]{2,6}$".into()),
        (_, "locale") => Some("^[A-Za-z0-9-]{2,35}$".into()),
        (_, "language") => Some("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$".into()),
        (_, "tags") => Some(r"^[^\s\u0000]([^\u0000]{0,58}[^\s\u0000])?$".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_says_what_its_texts_may_be_and_an_answer_stays_as_it_is() {
        let text = json!({ "type": ["string", "null"] });
        let fields = json!({ "priority": text, "text": { "type": "string", "minLength": 1 }, "more": text,
            "password": { "type": "string", "format": "password", "minLength": 15 },
            "at": { "type": "string", "format": "date-time" }, "words": { "type": "array", "items": text } });
        let mut document = json!({ "components": { "schemas": {
            "Body": { "additionalProperties": false, "properties": fields }, "View": { "properties": fields } } } });
        write(&mut document);
        let schemas = &document["components"]["schemas"];
        let pattern = |field: &str| schemas["Body"]["properties"][field]["pattern"].as_str();
        assert_eq!(pattern("priority"), Some("^(low|normal|high|urgent)$"));
        assert_eq!((pattern("text"), pattern("more")), (Some(NOT_BLANK), Some(ANY)));
        assert_eq!((pattern("password"), pattern("at")), (Some(ANY), None));
        assert_eq!(schemas["Body"]["properties"]["words"]["items"]["pattern"], ANY);
        assert_eq!(schemas["View"]["properties"], fields);
    }
}
