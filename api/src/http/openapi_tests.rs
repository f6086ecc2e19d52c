//! The document is complete, and the committed files are what the program prints.

use super::*;

/// Whether an example stands anywhere in a schema, references followed.
fn has_example(document: &Value, value: &Value, depth: usize) -> bool {
    let value = resolve(document, value);
    let inner = |v: &Value| depth > 0 && has_example(document, v, depth - 1);
    match value {
        Value::Object(object) => {
            object.contains_key("example") || object.contains_key("examples") || object.values().any(inner)
        }
        Value::Array(values) => values.iter().any(inner),
        _ => false,
    }
}

#[test]
fn every_operation_says_what_it_is_with_an_example_and_its_errors() {
    let document = document();
    let mut ids = Vec::new();
    for (path, method, operation) in operations(document) {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && !ids.contains(&id), "{name}: operationId `{id}` is missing or stands twice");
        ids.push(id);
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        assert!(TAGS.iter().any(|(known, _)| *known == tag), "{name}: tag `{tag}` is not in TAGS");
        assert!(operation["summary"].as_str().is_some_and(|s| s.ends_with('.')), "{name}: no summary sentence");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("400") && responses.contains_key("default"), "{name}: no errors");
        for (status, response) in responses {
            let media = response["content"].as_object();
            let schemas = media.into_iter().flatten().map(|(_, content)| &content["schema"]);
            let schemas: Vec<_> = schemas.collect();
            assert!(
                schemas.iter().all(|s| s["$ref"].is_string() || s["type"] == "string"),
                "{name} {status}: an unnamed schema"
            );
            if status.starts_with('2') && !schemas.is_empty() {
                let shown = schemas.iter().any(|s| has_example(document, s, 6));
                assert!(shown, "{name} {status}: no example; give one field of the view `#[schema(example = …)]`");
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: parameter {} says nothing", parameter["name"]);
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_no_schema_is_left_over() {
    let document = document();
    let text = document.to_string();
    for name in schemas(document).unwrap().keys() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is used nowhere");
    }
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\"$ref\":\"#") {
        rest = &rest[at + 9..];
        let pointer = &rest[..rest.find('"').unwrap()];
        assert!(document.pointer(pointer).is_some(), "#{pointer} leads nowhere");
    }
}

#[test]
fn the_committed_documents_are_what_the_program_prints() {
    for (name, document) in [("openapi.json", document()), ("openapi-3.0.json", document_30())] {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/").to_owned() + name;
        if std::env::var_os("PRINT_OPENAPI").is_some() {
            std::fs::write(&file, print(document)).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == print(document),
            "openapi/{name} is old: run PRINT_OPENAPI=1 cargo test -p civicdesk openapi"
        );
    }
}

#[test]
fn the_older_document_holds_no_word_that_3_0_does_not_know() {
    let text = document_30().to_string();
    for word in ["\"null\"", "\"const\":", "\"propertyNames\":", "\"webhooks\":", "\"$schema\":"] {
        assert!(!text.contains(word), "{word}");
    }
}
